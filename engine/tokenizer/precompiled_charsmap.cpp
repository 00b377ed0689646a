// SPDX-License-Identifier: Apache-2.0
#include "engine/tokenizer/precompiled_charsmap.h"

#include <bit>
#include <cstdint>
#include <cstring>
#include <vector>

namespace salient {
namespace {

constexpr std::size_t kUnitBytes = sizeof(std::uint32_t);
constexpr std::uint32_t kLabels = 0xFF;
constexpr std::uint32_t kHasLeaf = 1U << 8U;
constexpr std::uint32_t kIsValue = 1U << 31U;

/// Where the children of a unit lie, relative to it, in darts-clone's packing.
std::uint32_t offset_of(std::uint32_t unit) {
  return (unit >> 10U) << ((unit & (1U << 9U)) >> 6U);
}

std::uint32_t unit_at(std::string_view bytes, std::size_t index) {
  static_assert(std::endian::native == std::endian::little);
  std::uint32_t unit = 0;
  std::memcpy(&unit, bytes.data() + index * kUnitBytes, kUnitBytes);
  return unit;
}

}  // namespace

std::string charsmap_fault(std::string_view charsmap) {
  if (charsmap.empty()) return {};
  if (charsmap.size() <= kUnitBytes) return "the table is cut";
  const std::uint32_t trie_bytes = unit_at(charsmap, 0);
  const std::string_view rest = charsmap.substr(kUnitBytes);
  if (trie_bytes >= rest.size() || trie_bytes % kUnitBytes != 0 || trie_bytes == 0) {
    return "a trie of " + std::to_string(trie_bytes) + " bytes in a table of " +
           std::to_string(charsmap.size());
  }
  const std::string_view trie = rest.substr(0, trie_bytes);
  const std::string_view texts = rest.substr(trie_bytes);
  if (texts.back() != '\0') return "the texts do not end with a zero byte";
  const std::size_t units = trie_bytes / kUnitBytes;
  for (std::size_t i = 0; i < units; ++i) {
    const std::uint32_t unit = unit_at(trie, i);
    if ((unit & kIsValue) != 0) continue;
    const std::size_t children = i ^ offset_of(unit);
    if ((children | kLabels) >= units) {
      return "unit " + std::to_string(i) + " of the trie leads outside of it";
    }
    if ((unit & kHasLeaf) == 0) continue;
    if ((unit_at(trie, children) & ~kIsValue) >= texts.size()) {
      return "unit " + std::to_string(i) + " of the trie leads outside of the texts";
    }
  }
  return {};
}

}  // namespace salient
