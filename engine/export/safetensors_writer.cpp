// SPDX-License-Identifier: Apache-2.0
#include "engine/export/safetensors_writer.h"

#include <algorithm>
#include <span>
#include <stdexcept>
#include <tuple>

#include <nlohmann/json.hpp>

namespace salient {
namespace {

constexpr std::uint64_t kLengthBytes = 8;
constexpr std::size_t kAlignment = 8;

std::string_view word_of(DType dtype) {
  switch (dtype) {
    case DType::F64:
      return "F64";
    case DType::F32:
      return "F32";
    case DType::F16:
      return "F16";
    case DType::BF16:
      return "BF16";
    case DType::I32:
      return "I32";
    case DType::U8:
      return "U8";
  }
  return "";
}

std::string little_endian(std::uint64_t value) {
  std::string bytes;
  for (unsigned i = 0; i < kLengthBytes; ++i) {
    bytes.push_back(static_cast<char>((value >> (8 * i)) & 0xFFU));
  }
  return bytes;
}

std::string header_json(const std::vector<TensorSpec>& tensors,
                        const std::map<std::string, std::string>& metadata) {
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  if (!metadata.empty()) json["__metadata__"] = metadata;
  std::uint64_t begin = 0;
  for (const TensorSpec& tensor : tensors) {
    const std::uint64_t end = begin + tensor.bytes();
    const std::string_view word = tensor.word.empty() ? word_of(tensor.dtype) : tensor.word;
    json[tensor.name] = {{"dtype", word}, {"shape", tensor.shape}, {"data_offsets", {begin, end}}};
    begin = end;
  }
  std::string text = json.dump();
  text.append((kAlignment - text.size() % kAlignment) % kAlignment, ' ');
  return text;
}

/// Cuts the tensors, by name, into runs of at most `shard_bytes` each.
std::vector<std::vector<TensorSpec>> cut_into_shards(std::vector<TensorSpec> tensors,
                                                     std::uint64_t shard_bytes) {
  std::ranges::sort(tensors, {}, &TensorSpec::name);
  std::vector<std::vector<TensorSpec>> shards(1);
  std::uint64_t used = 0;
  for (TensorSpec& tensor : tensors) {
    const std::uint64_t bytes = tensor.bytes();
    if (!shards.back().empty() && used + bytes > shard_bytes) {
      shards.emplace_back();
      used = 0;
    }
    used += bytes;
    shards.back().push_back(std::move(tensor));
  }
  return shards;
}

std::string shard_name(std::size_t index, std::size_t count) {
  if (count == 1) return "model.safetensors";
  const auto five_digits = [](std::size_t number) {
    const std::string digits = std::to_string(number);
    return std::string(5 - std::min<std::size_t>(5, digits.size()), '0') + digits;
  };
  return "model-" + five_digits(index + 1) + "-of-" + five_digits(count) + ".safetensors";
}

}  // namespace

SafetensorsLayout::SafetensorsLayout(std::vector<TensorSpec> tensors,
                                     const std::map<std::string, std::string>& metadata)
    : tensors_(std::move(tensors)) {
  std::ranges::sort(tensors_, [](const TensorSpec& a, const TensorSpec& b) {
    return std::tuple(size_of(b.dtype), std::string_view(a.name)) <
           std::tuple(size_of(a.dtype), std::string_view(b.name));
  });
  const std::string json = header_json(tensors_, metadata);
  header_ = little_endian(json.size()) + json;
  file_bytes_ = header_.size();
  for (std::size_t i = 0; i < tensors_.size(); ++i) {
    if (!places_.emplace(tensors_[i].name, Place{i, file_bytes_}).second) {
      throw std::logic_error("tensor " + tensors_[i].name + " twice in one file");
    }
    file_bytes_ += tensors_[i].bytes();
  }
}

const SafetensorsLayout::Place& SafetensorsLayout::place(std::string_view name) const {
  const auto found = places_.find(name);
  if (found == places_.end()) throw std::logic_error("no tensor " + std::string(name));
  return found->second;
}

std::uint64_t SafetensorsLayout::offset(std::string_view name) const {
  return place(name).offset;
}

const TensorSpec& SafetensorsLayout::spec(std::string_view name) const {
  return tensors_[place(name).index];
}

struct SafetensorsFolder::Shard {
  Shard(const Folder& folder, std::string file_name, std::vector<TensorSpec> tensors)
      : name(std::move(file_name)),
        layout(std::move(tensors), {{"format", "pt"}}),
        file(folder, name, layout.file_bytes()) {
    file.write_at(0, std::as_bytes(std::span(layout.header())));
  }
  std::string name;
  SafetensorsLayout layout;
  DurableFile file;
};

SafetensorsFolder::SafetensorsFolder(const Folder& folder, std::vector<TensorSpec> tensors,
                                     std::uint64_t shard_bytes)
    : folder_(folder) {
  std::vector<std::vector<TensorSpec>> parts = cut_into_shards(std::move(tensors), shard_bytes);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    shards_.push_back(
        std::make_unique<Shard>(folder, shard_name(i, parts.size()), std::move(parts[i])));
    for (const TensorSpec& tensor : shards_.back()->layout.tensors()) {
      shard_of_.emplace(tensor.name, shards_.back().get());
      written_.emplace(tensor.name, false);
    }
  }
}

SafetensorsFolder::~SafetensorsFolder() = default;

void SafetensorsFolder::write(std::string_view name, const Tensor& tensor,
                              const std::stop_token& stop) {
  const auto found = shard_of_.find(name);
  if (found == shard_of_.end()) throw std::logic_error("no tensor " + std::string(name));
  Shard& shard = *found->second;
  const TensorSpec& spec = shard.layout.spec(name);
  if (tensor.dtype() != spec.dtype || tensor.shape() != spec.shape) {
    throw std::logic_error(std::string(name) + " is not as announced");
  }
  shard.file.write_at(shard.layout.offset(name), std::span(tensor.data(), tensor.bytes()), stop);
  written_.find(name)->second = true;
}

std::string SafetensorsFolder::index_json() const {
  nlohmann::ordered_json index;
  std::uint64_t total = 0;
  nlohmann::ordered_json weight_map = nlohmann::ordered_json::object();
  for (const auto& [name, shard] : shard_of_) {
    total += shard->layout.spec(name).bytes();
    weight_map[name] = shard->name;
  }
  index["metadata"] = {{"total_size", total}};
  index["weight_map"] = weight_map;
  return index.dump(2) + "\n";
}

void SafetensorsFolder::finish() {
  for (const auto& [name, written] : written_) {
    if (!written) throw std::logic_error("tensor " + name + " was never written");
  }
  for (const auto& shard : shards_) shard->file.publish();
  if (shards_.size() > 1) put_file(folder_, "model.safetensors.index.json", index_json());
}

}  // namespace salient
