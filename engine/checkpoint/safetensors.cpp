// SPDX-License-Identifier: Apache-2.0
#include "engine/checkpoint/safetensors.h"

#include <algorithm>
#include <array>
#include <limits>
#include <numeric>

#include "engine/checkpoint/bounded_json.h"
#include "engine/checkpoint/checked.h"
#include "engine/checkpoint/foreign_text.h"
#include "engine/checkpoint/limits.h"
#include "engine/checkpoint/sha256.h"
#include "engine/error.h"

namespace salient {
namespace {

constexpr std::uint64_t kLengthBytes = 8;

[[noreturn]] void refuse(const std::string& file, const std::string& sentence) {
  throw Error(ErrorKind::BadInput, file + ": " + sentence);
}

std::string tensor_words(const SafetensorsTensor& tensor) {
  return "tensor " + in_quotes(tensor.name);
}

/// Fills the list while the JSON goes by; no tree is built, a header may have a hundred megabytes.
class HeaderEvents : public JsonEvents {
 public:
  HeaderEvents(const std::string& file, std::vector<SafetensorsTensor>& tensors)
      : JsonEvents(file), tensors_(tensors) {}

  bool start_object(std::size_t /*size*/) override {
    if (place_ == Place::Start) return move_to(Place::Names);
    if (place_ == Place::Entry && name_ == "__metadata__") return move_to(Place::Metadata);
    if (place_ == Place::Entry) return open_tensor();
    return unexpected("an object");
  }
  bool key(std::string& value) override {
    if (value.size() > limits::kNameBytes) {
      refuse("name " + in_quotes(value) + " has " + std::to_string(value.size()) +
             " bytes, at most " + std::to_string(limits::kNameBytes) + " are allowed");
    }
    if (place_ == Place::Names) {
      name_ = std::move(value);
      if (name_ == "__metadata__" && has_metadata_) refuse("__metadata__ comes twice");
      return move_to(Place::Entry);
    }
    if (place_ == Place::Fields) return start_field(value);
    return true;
  }
  bool string(std::string& value) override {
    if (place_ == Place::Metadata) return true;
    if (place_ != Place::Type) return unexpected("a string");
    tensors_.back().type = find_safetensors_type(value);
    if (tensors_.back().type == nullptr) refuse(where() + " " + in_quotes(value) + " is not known");
    return move_to(Place::Fields);
  }
  bool start_array(std::size_t /*size*/) override {
    if (place_ == Place::Shape) return move_to(Place::Dimensions);
    if (place_ == Place::Range) return move_to(Place::Offsets);
    return unexpected(place_ == Place::Start ? "an array instead of an object" : "an array");
  }
  bool number_unsigned(std::uint64_t value) override {
    if (place_ == Place::Dimensions) return add_dimension(value);
    if (place_ == Place::Offsets && offsets_ < 2) {
      (offsets_++ == 0 ? tensors_.back().begin : tensors_.back().end) = value;
      return true;
    }
    return unexpected("a number");
  }
  bool end_array() override {
    if (place_ == Place::Offsets && offsets_ != 2) refuse(where() + " needs two numbers");
    return move_to(Place::Fields);
  }
  bool end_object() override {
    if (place_ == Place::Names) return move_to(Place::End);
    if (place_ == Place::Metadata) has_metadata_ = true;
    if (place_ == Place::Fields && fields_ != kAllFields) {
      refuse("tensor " + in_quotes(name_) +
             ": needs dtype, shape and data_offsets, one is missing");
    }
    return move_to(Place::Names);
  }

 protected:
  std::string where() const override {
    if (place_ == Place::Start || place_ == Place::Names || place_ == Place::End) return {};
    if (name_ == "__metadata__") return name_;
    return "tensor " + in_quotes(name_) + (field_.empty() ? "" : ": " + std::string(field_));
  }

 private:
  enum class Place {
    Start,
    Names,
    Entry,
    Metadata,
    Fields,
    Type,
    Shape,
    Dimensions,
    Range,
    Offsets,
    End
  };
  static constexpr unsigned kAllFields = 7;

  bool move_to(Place place) {
    place_ = place;
    return true;
  }
  bool open_tensor() {
    if (tensors_.size() == limits::kTensors) {
      refuse("has more than " + std::to_string(limits::kTensors) + " tensors");
    }
    tensors_.push_back({name_, nullptr, {}, 0, 0});
    fields_ = 0;
    offsets_ = 0;
    field_ = {};
    return move_to(Place::Fields);
  }
  bool start_field(const std::string& key) {
    struct Field {
      std::string_view name;
      unsigned bit;
      Place place;
    };
    static constexpr std::array<Field, 3> kFields = {
        {{"dtype", 1, Place::Type}, {"shape", 2, Place::Shape}, {"data_offsets", 4, Place::Range}}};
    const auto field =
        std::find_if(kFields.begin(), kFields.end(), [&](const Field& f) { return f.name == key; });
    if (field == kFields.end())
      refuse("tensor " + in_quotes(name_) + ": key " + in_quotes(key) + " is not known");
    if ((fields_ & field->bit) != 0)
      refuse("tensor " + in_quotes(name_) + ": key " + in_quotes(key) + " comes twice");
    fields_ |= field->bit;
    field_ = field->name;
    return move_to(field->place);
  }
  bool add_dimension(std::uint64_t value) {
    Shape& shape = tensors_.back().shape;
    if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
      refuse(where() + " too large: a dimension of " + std::to_string(value));
    }
    if (shape.size() == limits::kRank) {
      refuse(where() + " has more than " + std::to_string(limits::kRank) + " dimensions");
    }
    shape.push_back(static_cast<std::int64_t>(value));
    return true;
  }

  std::vector<SafetensorsTensor>& tensors_;
  Place place_ = Place::Start;
  std::string name_;
  std::string_view field_;
  unsigned fields_ = 0;
  int offsets_ = 0;
  bool has_metadata_ = false;
};

/// Bytes that shape and dtype ask for.
std::uint64_t wanted_bytes(const SafetensorsTensor& tensor, const std::string& file) {
  std::optional<std::uint64_t> bits = 1;
  for (const std::int64_t dim : tensor.shape) {
    bits = checked::multiply(*bits, static_cast<std::uint64_t>(dim));
    if (!bits) break;
  }
  if (bits) bits = checked::multiply(*bits, tensor.type->block_bits);
  if (!bits) {
    refuse(file, tensor_words(tensor) + ": shape " + to_string(tensor.shape) + " too large");
  }
  if (*bits % 8 != 0) {
    refuse(file, tensor_words(tensor) + ": " + to_string(tensor.shape) + " of " +
                     std::string(tensor.type->name) + " does not end on a whole byte");
  }
  return *bits / 8;
}

void check_size(const SafetensorsTensor& tensor, const std::string& file) {
  if (tensor.begin > tensor.end) {
    refuse(file, tensor_words(tensor) + ": data_offsets begin at " + std::to_string(tensor.begin) +
                     ", after their end " + std::to_string(tensor.end));
  }
  const std::uint64_t wanted = wanted_bytes(tensor, file);
  if (wanted == tensor.bytes()) return;
  refuse(file, tensor_words(tensor) + ": " + to_string(tensor.shape) + " of " +
                   std::string(tensor.type->name) + " needs " + std::to_string(wanted) +
                   " bytes, data_offsets give " + std::to_string(tensor.bytes()));
}

/// Ranges in order, each beginning where the last one ended, the last one at the end of the file.
void check_tiling(const std::vector<SafetensorsTensor>& tensors, std::uint64_t data_bytes,
                  const std::string& file) {
  std::vector<const SafetensorsTensor*> order;
  order.reserve(tensors.size());
  for (const SafetensorsTensor& tensor : tensors) order.push_back(&tensor);
  std::sort(order.begin(), order.end(), [](const auto* a, const auto* b) {
    return std::pair(a->begin, a->end) < std::pair(b->begin, b->end);
  });
  const SafetensorsTensor* before = nullptr;
  std::uint64_t covered = 0;
  for (const SafetensorsTensor* tensor : order) {
    if (tensor->begin < covered) {
      refuse(file,
             "tensors " + in_quotes(before->name) + " and " + in_quotes(tensor->name) + " overlap");
    }
    if (tensor->begin > covered) {
      refuse(file, tensor_words(*tensor) + ": " + std::to_string(tensor->begin - covered) +
                       " bytes before it belong to no tensor");
    }
    covered = tensor->end;
    before = tensor;
  }
  if (covered > data_bytes) {
    refuse(file, tensor_words(*before) + ": data ends at byte " + std::to_string(covered) +
                     ", the file is short by " + std::to_string(covered - data_bytes) +
                     " bytes; download it again");
  }
  if (covered < data_bytes) {
    refuse(file, std::to_string(data_bytes - covered) + " bytes after the last tensor");
  }
}

void sort_by_name(std::vector<SafetensorsTensor>& tensors, const std::string& file) {
  std::sort(tensors.begin(), tensors.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  const auto twin =
      std::adjacent_find(tensors.begin(), tensors.end(),
                         [](const auto& a, const auto& b) { return a.name == b.name; });
  if (twin != tensors.end()) refuse(file, tensor_words(*twin) + " comes twice");
}

std::uint64_t header_length(const ByteSource& source) {
  if (source.size() == 0) refuse(source.name(), "empty file");
  const std::string kind = foreign_kind(source);
  if (!kind.empty()) refuse(source.name(), kind);
  if (source.size() < kLengthBytes) {
    refuse(source.name(), "has " + std::to_string(source.size()) + " bytes, a header needs 8");
  }
  std::array<std::byte, kLengthBytes> bytes{};
  source.read(0, bytes);
  std::uint64_t length = 0;
  for (std::size_t i = kLengthBytes; i-- > 0;) {
    length = (length << 8U) | std::to_integer<std::uint64_t>(bytes[i]);
  }
  const std::string words = "header of " + std::to_string(length) + " bytes";
  if (length > limits::kSafetensorsHeaderBytes) {
    refuse(source.name(), words + " announced, at most " +
                              std::to_string(limits::kSafetensorsHeaderBytes) + " are allowed");
  }
  if (!checked::range_fits(kLengthBytes, length, source.size())) {
    refuse(source.name(), words + " announced, the file ends after " +
                              std::to_string(source.size() - kLengthBytes));
  }
  if (length < 2) refuse(source.name(), words + " cannot hold JSON");
  return length;
}

}  // namespace

std::vector<SafetensorsTensor> parse_safetensors_header(std::string_view json,
                                                        std::uint64_t data_bytes,
                                                        const std::string& file_name) {
  std::vector<SafetensorsTensor> tensors;
  HeaderEvents events(file_name, tensors);
  parse_json_events(json, events);
  for (const SafetensorsTensor& tensor : tensors) check_size(tensor, file_name);
  sort_by_name(tensors, file_name);
  check_tiling(tensors, data_bytes, file_name);
  return tensors;
}

SafetensorsHeader read_safetensors_header(const ByteSource& source) {
  const std::uint64_t length = header_length(source);
  std::string json(static_cast<std::size_t>(length), '\0');
  source.read(kLengthBytes, std::as_writable_bytes(std::span(json)));
  SafetensorsHeader header;
  header.data_start = kLengthBytes + length;
  header.sha256 = sha256_hex(json);
  header.tensors = parse_safetensors_header(json, source.size() - header.data_start, source.name());
  return header;
}

}  // namespace salient
