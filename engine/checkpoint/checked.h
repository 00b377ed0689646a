// SPDX-License-Identifier: Apache-2.0
#pragma once

// Arithmetic on counts, shapes, offsets and sizes that come from a file. Nothing wraps: a result
// that does not fit is absent. `range_fits` is the one containment rule that every range in a file
// passes before it reaches an allocator, a loop or a read.

#include <concepts>
#include <cstdint>
#include <optional>

namespace salient::checked {

template <std::integral T>
[[nodiscard]] std::optional<T> add(T a, T b) {
  T sum{};
  if (__builtin_add_overflow(a, b, &sum)) return std::nullopt;
  return sum;
}

template <std::integral T>
[[nodiscard]] std::optional<T> multiply(T a, T b) {
  T product{};
  if (__builtin_mul_overflow(a, b, &product)) return std::nullopt;
  return product;
}

/// The next multiple of `alignment`, which is not 0.
[[nodiscard]] inline std::optional<std::uint64_t> align_up(std::uint64_t value,
                                                           std::uint64_t alignment) {
  const std::uint64_t beyond = value % alignment;
  return beyond == 0 ? std::optional(value) : add(value, alignment - beyond);
}

/// Whether [offset, offset + length) lies inside [0, size).
[[nodiscard]] constexpr bool range_fits(std::uint64_t offset, std::uint64_t length,
                                        std::uint64_t size) {
  return offset <= size && length <= size - offset;
}

}  // namespace salient::checked
