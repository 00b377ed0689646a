// SPDX-License-Identifier: Apache-2.0
#include "engine/checkpoint/gguf_header.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <unordered_set>

#include "engine/checkpoint/checked.h"
#include "engine/checkpoint/foreign_text.h"
#include "engine/checkpoint/limits.h"
#include "engine/error.h"

namespace salient {
namespace {

constexpr std::uint64_t kDefaultAlignment = 32;
constexpr std::uint32_t kOldestVersion = 2;
constexpr std::uint32_t kNewestVersion = 3;
/// Name length, one letter, rank, one dimension, type, offset.
constexpr std::uint64_t kMinTensorBytes = 8 + 1 + 4 + 8 + 4 + 8;

std::string words(const GgufTensorEntry& tensor) {
  return "tensor " + in_quotes(tensor.name);
}

[[noreturn]] void refuse(const std::string& file, const std::string& sentence) {
  throw Error(ErrorKind::BadInput, file + ": " + sentence);
}

void read_magic_and_version(GgufCursor& cursor) {
  if (cursor.remaining() == 0) refuse(cursor.name(), "empty file");
  cursor.need(1, 24, "a GGUF header");
  const std::string magic = cursor.text(4);
  if (magic == "FUGG") refuse(cursor.name(), "big-endian GGUF: convert it to little endian");
  if (magic != "GGUF") refuse(cursor.name(), "does not begin with GGUF");
  const std::uint32_t version = cursor.u32();
  const std::uint32_t swapped = __builtin_bswap32(version);
  if (swapped >= 1 && swapped <= kNewestVersion) {
    refuse(cursor.name(), "big-endian GGUF: convert it to little endian");
  }
  if (version >= kOldestVersion && version <= kNewestVersion) return;
  refuse(cursor.name(), "version " + std::to_string(version) + ", 2 and 3 are known");
}

std::uint64_t read_alignment(const GgufMetadata& metadata) {
  constexpr std::string_view kKey = "general.alignment";
  const GgufValue* found = metadata.find(kKey);
  if (found == nullptr) return kDefaultAlignment;
  if (found->kind != GgufKind::U32) metadata.refuse(kKey, "is not of type u32");
  const std::uint64_t alignment = std::get<std::uint64_t>(found->value);
  if (std::has_single_bit(alignment) && alignment <= limits::kGgufMaxAlignment) return alignment;
  metadata.refuse(kKey, "is " + std::to_string(alignment) + ", a power of two up to " +
                            std::to_string(limits::kGgufMaxAlignment) + " is needed");
}

std::string read_name(GgufCursor& cursor) {
  const std::uint64_t length = cursor.length("a tensor name");
  if (length == 0 || length > limits::kGgufNameBytes) {
    cursor.refuse("a tensor name has " + std::to_string(length) + " bytes, 1 to " +
                  std::to_string(limits::kGgufNameBytes) + " are allowed");
  }
  std::string name = cursor.text(length);
  if (find_invalid_utf8(name)) cursor.refuse("tensor name " + in_quotes(name) + " is not UTF-8");
  return name;
}

Shape read_shape(GgufCursor& cursor, const std::string& name) {
  const std::uint32_t rank = cursor.u32();
  if (rank > limits::kGgufRank) {
    cursor.refuse("tensor " + in_quotes(name) + " has " + std::to_string(rank) +
                  " dimensions, at most " + std::to_string(limits::kGgufRank) + " are allowed");
  }
  Shape shape(rank);
  for (auto dim = shape.rbegin(); dim != shape.rend(); ++dim) {
    const std::uint64_t value = cursor.u64();
    if (value == 0 ||
        value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
      cursor.refuse("tensor " + in_quotes(name) + " has a dimension of " + std::to_string(value));
    }
    *dim = static_cast<std::int64_t>(value);
  }
  return shape;
}

std::uint64_t wanted_bytes(const GgufCursor& cursor, const GgufTensorEntry& tensor) {
  std::optional<std::uint64_t> elements = 1;
  for (const std::int64_t dim : tensor.shape) {
    if (elements) elements = checked::multiply(*elements, static_cast<std::uint64_t>(dim));
  }
  if (!elements) cursor.refuse(words(tensor) + ": shape " + to_string(tensor.shape) + " too large");
  const std::int64_t row = tensor.shape.empty() ? 1 : tensor.shape.back();
  const std::uint64_t block = tensor.type->block_elements;
  if (static_cast<std::uint64_t>(row) % block != 0) {
    cursor.refuse(words(tensor) + ": rows of " + std::to_string(row) + " are not whole blocks of " +
                  std::to_string(block) + " (" + std::string(tensor.type->name) + ")");
  }
  const auto bytes = checked::multiply(*elements / block, tensor.type->block_bytes());
  if (!bytes) cursor.refuse(words(tensor) + ": shape " + to_string(tensor.shape) + " too large");
  return *bytes;
}

/// `offset` is still relative to the data section, whose place is not known yet.
GgufTensorEntry read_tensor_entry(GgufCursor& cursor) {
  GgufTensorEntry tensor;
  tensor.name = read_name(cursor);
  tensor.shape = read_shape(cursor, tensor.name);
  const std::uint32_t type = cursor.u32();
  tensor.type = find_gguf_type(type);
  if (tensor.type == nullptr) {
    cursor.refuse(words(tensor) + ": type " + std::to_string(type) + " is not known");
  }
  tensor.bytes = wanted_bytes(cursor, tensor);
  tensor.offset = cursor.u64();
  return tensor;
}

std::vector<GgufTensorEntry> read_entries(GgufCursor& cursor, std::uint64_t count) {
  cursor.need(count, kMinTensorBytes, std::to_string(count) + " tensors");
  std::vector<GgufTensorEntry> tensors;
  std::unordered_set<std::string> names;
  for (std::uint64_t i = 0; i < count; ++i) {
    tensors.push_back(read_tensor_entry(cursor));
    if (names.insert(tensors.back().name).second) continue;
    cursor.refuse(words(tensors.back()) + " comes twice");
  }
  return tensors;
}

/// Sorts by offset and returns where the data ends, relative to its start.
std::uint64_t check_tiling(std::vector<GgufTensorEntry>& tensors, std::uint64_t alignment,
                           const std::string& file) {
  std::sort(tensors.begin(), tensors.end(),
            [](const auto& a, const auto& b) { return a.offset < b.offset; });
  std::uint64_t covered = 0;
  const GgufTensorEntry* before = nullptr;
  for (const GgufTensorEntry& tensor : tensors) {
    if (tensor.offset % alignment != 0) {
      refuse(file, words(tensor) + ": offset " + std::to_string(tensor.offset) +
                       " is no multiple of the alignment " + std::to_string(alignment));
    }
    const auto expected = checked::align_up(covered, alignment);
    if (before != nullptr && tensor.offset < covered) {
      refuse(file,
             "tensors " + in_quotes(before->name) + " and " + in_quotes(tensor.name) + " overlap");
    }
    if (!expected || tensor.offset != *expected) {
      refuse(file, words(tensor) + ": offset " + std::to_string(tensor.offset) + ", expected " +
                       std::to_string(expected.value_or(covered)) +
                       ": bytes before it belong to no tensor");
    }
    const auto end = checked::add(tensor.offset, tensor.bytes);
    if (!end) refuse(file, words(tensor) + ": ends beyond any file");
    covered = *end;
    before = &tensor;
  }
  return covered;
}

void check_end(const ByteSource& source, std::uint64_t data_start, std::uint64_t data_bytes,
               GgufHeader& header, std::uint64_t alignment) {
  if (header.tensors.empty()) return;
  if (!checked::range_fits(data_start, data_bytes, source.size())) {
    const auto end = checked::add(data_start, data_bytes);
    const std::string missing =
        end ? "short by " + std::to_string(*end - source.size()) + " bytes" : "far too short";
    refuse(source.name(), words(header.tensors.back()) + ": data ends at byte " +
                              (end ? std::to_string(*end) : "beyond 2^64") + ", the file is " +
                              missing + "; download it again");
  }
  const std::uint64_t left = source.size() - data_start - data_bytes;
  header.bytes_behind = left < alignment ? 0 : left;
}

}  // namespace

GgufHeader read_gguf_header(const ByteSource& source) {
  GgufCursor cursor(source);
  read_magic_and_version(cursor);
  const std::uint64_t tensor_count = cursor.u64();
  const std::uint64_t key_count = cursor.u64();
  if (tensor_count > limits::kTensors) {
    refuse(source.name(), std::to_string(tensor_count) + " tensors, at most " +
                              std::to_string(limits::kTensors) + " are allowed");
  }
  GgufHeader header{GgufMetadata(cursor, key_count), {}, 0, 0};
  const std::uint64_t alignment = read_alignment(header.metadata);
  header.tensors = read_entries(cursor, tensor_count);
  const auto data_start = checked::align_up(cursor.offset(), alignment);
  if (!data_start) refuse(source.name(), "the header ends beyond any file");
  header.data_start = *data_start;
  const std::uint64_t data_bytes = check_tiling(header.tensors, alignment, source.name());
  check_end(source, header.data_start, data_bytes, header, alignment);
  for (GgufTensorEntry& tensor : header.tensors) tensor.offset += header.data_start;
  return header;
}

}  // namespace salient
