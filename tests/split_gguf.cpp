// SPDX-License-Identifier: Apache-2.0
#include "tests/split_gguf.h"

#include <cstdio>

namespace salient::tests {
namespace {

constexpr char kU16 = 2;
constexpr char kI32 = 5;

}  // namespace

std::string gguf_part_name(std::size_t part, std::size_t count) {
  char name[64];
  std::snprintf(name, sizeof(name), "tiny-%05zu-of-%05zu.gguf", part + 1, count);
  return name;
}

GgufEntry split_entry(const std::string& key, std::int64_t value) {
  const bool wide = key == "split.tensors.count";
  std::string bytes(4, '\0');
  bytes[0] = wide ? kI32 : kU16;
  for (int i = 0; i < (wide ? 4 : 2); ++i) bytes += static_cast<char>(value >> (8 * i));
  return {key, bytes};
}

std::vector<TinyGguf> split_gguf(const TinyGguf& gguf, std::size_t count, FirstPart first) {
  std::vector<TinyGguf> parts(count);
  parts[0].metadata = gguf.metadata;
  const std::size_t skipped = first == FirstPart::MetadataOnly ? 1 : 0;
  for (std::size_t i = 0; i < gguf.tensors.size(); ++i) {
    const std::size_t part = skipped + i * (count - skipped) / gguf.tensors.size();
    parts[part].tensors.push_back(gguf.tensors[i]);
  }
  for (std::size_t i = 0; i < count; ++i) {
    parts[i].metadata.push_back(split_entry("split.no", static_cast<std::int64_t>(i)));
    parts[i].metadata.push_back(split_entry("split.count", static_cast<std::int64_t>(count)));
    parts[i].metadata.push_back(
        split_entry("split.tensors.count", static_cast<std::int64_t>(gguf.tensors.size())));
  }
  return parts;
}

void write_gguf_parts(const std::vector<TinyGguf>& parts, const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    write_bytes(folder / gguf_part_name(i, parts.size()), gguf_bytes(parts[i]));
  }
}

}  // namespace salient::tests
