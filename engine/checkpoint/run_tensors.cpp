// SPDX-License-Identifier: Apache-2.0
#include "engine/checkpoint/run_tensors.h"

#include <cstring>
#include <span>

#include "engine/checkpoint/stored_matrix.h"
#include "engine/error.h"

namespace salient {
namespace {

void pack_row(std::span<const std::uint8_t> codes, unsigned bits, std::span<std::uint8_t> packed) {
  unsigned held = 0;
  unsigned held_bits = 0;
  std::size_t next = 0;
  for (const std::uint8_t code : codes) {
    held |= static_cast<unsigned>(code) << held_bits;
    held_bits += bits;
    while (held_bits >= 8) {
      packed[next++] = static_cast<std::uint8_t>(held & 0xFFU);
      held >>= 8U;
      held_bits -= 8;
    }
  }
  if (held_bits > 0) packed[next] = static_cast<std::uint8_t>(held & 0xFFU);
}

void unpack_row(std::span<const std::uint8_t> packed, unsigned bits,
                std::span<std::uint8_t> codes) {
  const unsigned mask = (1U << bits) - 1U;
  unsigned held = 0;
  unsigned held_bits = 0;
  std::size_t next = 0;
  for (std::uint8_t& code : codes) {
    if (held_bits < bits) {
      held |= static_cast<unsigned>(packed[next++]) << held_bits;
      held_bits += 8;
    }
    code = static_cast<std::uint8_t>(held & mask);
    held >>= bits;
    held_bits -= bits;
  }
}

template <class T>
std::vector<T> values_of(const Tensor& tensor) {
  const auto values = tensor.as<T>();
  return {values.begin(), values.end()};
}

}  // namespace

RunTensors to_run(const QuantizedMatrix& matrix) {
  const std::int64_t out = matrix.out_features;
  const std::int64_t groups = matrix.num_groups();
  const std::int64_t row_bytes = run_row_bytes(matrix.in_features, matrix.scheme.bits);
  RunTensors tensors{Tensor(DType::U8, {out, row_bytes}), Tensor(DType::F16, {out, groups}),
                     Tensor(DType::U8, {out, groups})};
  const std::span<const std::uint8_t> codes(matrix.codes);
  const auto packed = tensors.codes.as<std::uint8_t>();
  const auto in = static_cast<std::size_t>(matrix.in_features);
  const auto bytes = static_cast<std::size_t>(row_bytes);
  for (std::size_t o = 0; o < static_cast<std::size_t>(out); ++o) {
    pack_row(codes.subspan(o * in, in), static_cast<unsigned>(matrix.scheme.bits),
             packed.subspan(o * bytes, bytes));
  }
  std::memcpy(tensors.steps.data(), matrix.steps.data(), tensors.steps.bytes());
  std::memcpy(tensors.zero_points.data(), matrix.zero_points.data(), tensors.zero_points.bytes());
  return tensors;
}

QuantizedMatrix from_run(std::string_view linear, const RunTensors& tensors,
                         const QuantScheme& scheme, std::int64_t in_features) {
  check_dtype(linear, "codes", tensors.codes, DType::U8);
  check_dtype(linear, "steps", tensors.steps, DType::F16);
  check_dtype(linear, "zero_points", tensors.zero_points, DType::U8);
  QuantizedMatrix matrix;
  matrix.scheme = scheme;
  matrix.in_features = in_features;
  matrix.out_features = tensors.codes.shape().empty() ? 0 : tensors.codes.dim(0);
  const std::int64_t row_bytes = run_row_bytes(in_features, scheme.bits);
  check_shape(linear, "codes", tensors.codes, {matrix.out_features, row_bytes});
  check_shape(linear, "steps", tensors.steps, {matrix.out_features, matrix.num_groups()});
  check_shape(linear, "zero_points", tensors.zero_points,
              {matrix.out_features, matrix.num_groups()});

  const auto in = static_cast<std::size_t>(in_features);
  const auto bytes = static_cast<std::size_t>(row_bytes);
  const auto packed = tensors.codes.as<std::uint8_t>();
  matrix.codes.resize(static_cast<std::size_t>(matrix.out_features) * in);
  const std::span<std::uint8_t> codes(matrix.codes);
  for (std::size_t o = 0; o < static_cast<std::size_t>(matrix.out_features); ++o) {
    unpack_row(packed.subspan(o * bytes, bytes), static_cast<unsigned>(scheme.bits),
               codes.subspan(o * in, in));
  }
  matrix.steps = values_of<std::uint16_t>(tensors.steps);
  matrix.zero_points = values_of<std::uint8_t>(tensors.zero_points);
  check_steps(linear, matrix);
  return matrix;
}

}  // namespace salient
