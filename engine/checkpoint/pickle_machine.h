// SPDX-License-Identifier: Apache-2.0
#pragma once

// Reads a pickle as data: the opcodes that torch.save writes build values, a global is a name out
// of a list, and a call is kept as what it says, never made. Every other opcode and every other
// global is refused by name. Memory is bounded by limits.h, nesting by kPickleDepth.

#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace salient {

using PickleRef = std::uint32_t;  ///< index into Pickle::values

enum class PickleKind : std::uint8_t {
  None,
  Boolean,
  Integer,
  Real,
  Text,
  Tuple,
  List,
  Dictionary,  ///< dict and collections.OrderedDict: key, value, key, value, ...
  Global,      ///< `text` is "module.name"
  Call,        ///< items: the global, then its arguments
  Persistent,  ///< items: the id
};

struct PickleValue {
  PickleKind kind = PickleKind::None;
  std::uint8_t depth = 1;    ///< 1 for what holds nothing
  std::int64_t integer = 0;  ///< also of a Boolean; a Real's value is not kept
  std::string_view text;     ///< bytes of the pickle, or a name of the list
  std::vector<PickleRef> items;
};

struct Pickle {
  std::deque<PickleValue> values;
  PickleRef top = 0;
};

/// "collections.OrderedDict" is always known. `pickle` and `globals` must outlive the result.
/// Throws Error(BadInput) naming `file` and the offset.
Pickle read_pickle(std::string_view pickle, std::span<const std::string_view> globals,
                   const std::string& file);

/// "a tuple", for sentences.
std::string_view words_of(PickleKind kind);

}  // namespace salient
