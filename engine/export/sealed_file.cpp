// SPDX-License-Identifier: Apache-2.0
#include "engine/export/sealed_file.h"

#include <algorithm>
#include <array>

#include "engine/checkpoint/bounded_json.h"
#include "engine/checkpoint/foreign_text.h"
#include "engine/checkpoint/safetensors.h"
#include "engine/checkpoint/sha256.h"
#include "engine/error.h"
#include "engine/export/safetensors_writer.h"

namespace salient {
namespace {

constexpr const char* kMeta = "meta";
/// Sorts behind every other name, so that its bytes are the last of the file.
constexpr const char* kSeal = "~seal";
constexpr std::size_t kChunkBytes = 1 << 20;

std::vector<TensorSpec> specs_of(const std::vector<NamedTensor>& tensors) {
  std::vector<TensorSpec> specs;
  specs.reserve(tensors.size() + 1);
  for (const auto& [name, tensor] : tensors)
    specs.push_back({name, tensor.dtype(), tensor.shape()});
  return specs;
}

Tensor byte_tensor(std::string_view text) {
  Tensor tensor(DType::U8, {static_cast<std::int64_t>(text.size())});
  std::ranges::copy(std::as_bytes(std::span(text)), tensor.data());
  return tensor;
}

std::span<const std::byte> bytes_of(const Tensor& tensor) {
  return {tensor.data(), tensor.bytes()};
}

[[noreturn]] void refuse(const ByteSource& file, const std::string& what) {
  throw Error(ErrorKind::BadInput, file.name() + ": " + what);
}

std::map<std::string, Tensor> tensors_in(const ByteSource& file, const SafetensorsHeader& header) {
  std::map<std::string, Tensor> tensors;
  for (const SafetensorsTensor& stored : header.tensors) {
    if (!stored.type->memory)
      refuse(file, "tensor " + in_quotes(stored.name) + " has a dtype never written");
    Tensor tensor(*stored.type->memory, stored.shape);
    file.read(header.data_start + stored.begin, {tensor.data(), tensor.bytes()});
    tensors.emplace(stored.name, std::move(tensor));
  }
  return tensors;
}

std::string hex_of(std::span<const std::uint8_t> bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const std::uint8_t byte : bytes) {
    text += kDigits[byte >> 4U];
    text += kDigits[byte & 15U];
  }
  return text;
}

/// The digest of everything before the seal, which has to be the end of the file.
std::string digest_before_seal(const ByteSource& file) {
  Sha256 digest;
  std::vector<std::byte> chunk(kChunkBytes);
  const std::uint64_t end = file.size() - Sha256::kDigestBytes;
  for (std::uint64_t at = 0; at < end;) {
    const auto length = static_cast<std::size_t>(std::min<std::uint64_t>(kChunkBytes, end - at));
    const std::span part(chunk.data(), length);
    file.read(at, part);
    digest.update(part);
    at += length;
  }
  return digest.hex_digest();
}

}  // namespace

void put_tensors(const Folder& folder, const std::string& name,
                 const std::vector<NamedTensor>& tensors) {
  const SafetensorsLayout layout(specs_of(tensors), {{"format", "pt"}});
  DurableFile file(folder, name, layout.file_bytes());
  file.write_at(0, std::as_bytes(std::span(layout.header())));
  for (const auto& [tensor_name, tensor] : tensors) {
    file.write_at(layout.offset(tensor_name), bytes_of(tensor));
  }
  file.publish();
}

std::map<std::string, Tensor> read_tensors(const std::filesystem::path& path) {
  const FileSource file(path);
  return tensors_in(file, read_safetensors_header(file));
}

std::string put_sealed(const Folder& folder, const std::string& name,
                       const nlohmann::ordered_json& meta, std::vector<NamedTensor> tensors,
                       const std::stop_token& stop) {
  tensors.emplace_back(kMeta, byte_tensor(meta.dump()));
  std::vector<TensorSpec> specs = specs_of(tensors);
  specs.push_back({kSeal, DType::U8, {Sha256::kDigestBytes}});
  const SafetensorsLayout layout(std::move(specs), {});

  DurableFile file(folder, name, layout.file_bytes());
  Sha256 digest;
  file.write_at(0, std::as_bytes(std::span(layout.header())));
  digest.update(layout.header());
  std::map<std::string_view, const Tensor*> by_name;
  for (const auto& [tensor_name, tensor] : tensors) by_name[tensor_name] = &tensor;
  for (const TensorSpec& spec : layout.tensors()) {
    if (spec.name == kSeal) continue;
    std::span<const std::byte> bytes = bytes_of(*by_name.at(spec.name));
    for (std::uint64_t at = layout.offset(spec.name); !bytes.empty();) {
      const auto piece = bytes.first(std::min(bytes.size(), kChunkBytes));
      file.write_at(at, piece, stop);
      digest.update(piece);
      bytes = bytes.subspan(piece.size());
      at += piece.size();
    }
  }
  const auto seal = digest.digest();
  file.write_at(layout.offset(kSeal), std::as_bytes(std::span(seal)));
  file.publish();
  return hex_of(seal);
}

SealedFile read_sealed(const std::filesystem::path& path, const std::stop_token& stop) {
  const FileSource file(path, Links::Refuse);
  return read_sealed(StoppableSource(file, stop));
}

SealedFile read_sealed(const ByteSource& file) {
  const SafetensorsHeader header = read_safetensors_header(file);
  const auto place = std::ranges::find(header.tensors, kSeal, &SafetensorsTensor::name);
  if (place == header.tensors.end() || place->bytes() != Sha256::kDigestBytes ||
      header.data_start + place->end != file.size()) {
    refuse(file, "has no seal at its end");
  }
  SealedFile sealed;
  sealed.seal = digest_before_seal(file);
  sealed.tensors = tensors_in(file, header);
  const Tensor seal = sealed.tensors.extract(kSeal).mapped();
  if (seal.dtype() != DType::U8 || hex_of(seal.as<std::uint8_t>()) != sealed.seal) {
    refuse(file, "its contents do not match its SHA-256");
  }
  const auto meta = sealed.tensors.extract(kMeta);
  if (!meta || meta.mapped().dtype() != DType::U8) refuse(file, "has no meta tensor");
  const auto text = meta.mapped().as<char>();
  sealed.meta = parse_json({text.data(), text.size()}, file.name());
  return sealed;
}

}  // namespace salient
