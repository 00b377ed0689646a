// SPDX-License-Identifier: Apache-2.0
#include "engine/checkpoint/awq_tensors.h"

#include <bit>
#include <span>
#include <stdexcept>
#include <string>

#include "engine/checkpoint/foreign_text.h"
#include "engine/checkpoint/stored_matrix.h"
#include "engine/error.h"

namespace salient {
namespace {

constexpr std::size_t kPerWord = kAwqOutputsPerWord;

/// words [columns, rows/8] from values [rows, columns], each below 16.
void pack_words(std::span<const std::uint8_t> values, std::size_t rows, std::size_t columns,
                std::span<std::int32_t> words) {
  const std::size_t row_words = rows / kPerWord;
  for (std::size_t c = 0; c < row_words; ++c) {
    for (std::size_t k = 0; k < columns; ++k) {
      std::uint32_t word = 0;
      for (std::size_t i = 0; i < kPerWord; ++i) {
        const std::size_t row = c * kPerWord + static_cast<std::size_t>(kAwqOrder[i]);
        word |= static_cast<std::uint32_t>(values[row * columns + k]) << (4 * i);
      }
      words[k * row_words + c] = std::bit_cast<std::int32_t>(word);
    }
  }
}

/// values [rows, columns] from words [columns, rows/8].
void unpack_words(std::span<const std::int32_t> words, std::size_t rows, std::size_t columns,
                  std::span<std::uint8_t> values) {
  const std::size_t row_words = rows / kPerWord;
  for (std::size_t c = 0; c < row_words; ++c) {
    for (std::size_t k = 0; k < columns; ++k) {
      const auto word = std::bit_cast<std::uint32_t>(words[k * row_words + c]);
      for (std::size_t i = 0; i < kPerWord; ++i) {
        const std::size_t row = c * kPerWord + static_cast<std::size_t>(kAwqOrder[i]);
        values[row * columns + k] = static_cast<std::uint8_t>((word >> (4 * i)) & 15U);
      }
    }
  }
}

/// out [columns, rows] from in [rows, columns].
void transpose(std::span<const std::uint16_t> in, std::size_t rows, std::size_t columns,
               std::span<std::uint16_t> out) {
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t c = 0; c < columns; ++c) out[c * rows + r] = in[r * columns + c];
  }
}

}  // namespace

AwqTensors to_awq(const QuantizedMatrix& matrix) {
  if (matrix.scheme.bits != 4 || matrix.out_features % kAwqOutputsPerWord != 0) {
    throw std::logic_error("to_awq: 4 bits and out_features in multiples of 8 only");
  }
  const std::int64_t in = matrix.in_features;
  const std::int64_t out = matrix.out_features;
  const std::int64_t groups = matrix.num_groups();
  const std::int64_t words = out / kAwqOutputsPerWord;
  AwqTensors tensors{Tensor(DType::I32, {in, words}), Tensor(DType::I32, {groups, words}),
                     Tensor(DType::F16, {groups, out})};
  const auto rows = static_cast<std::size_t>(out);
  pack_words(matrix.codes, rows, static_cast<std::size_t>(in), tensors.qweight.as<std::int32_t>());
  pack_words(matrix.zero_points, rows, static_cast<std::size_t>(groups),
             tensors.qzeros.as<std::int32_t>());
  transpose(matrix.steps, rows, static_cast<std::size_t>(groups),
            tensors.scales.as<std::uint16_t>());
  return tensors;
}

QuantizedMatrix from_awq(std::string_view linear, const AwqTensors& tensors,
                         const QuantScheme& scheme) {
  check_dtype(linear, "qweight", tensors.qweight, DType::I32);
  check_dtype(linear, "qzeros", tensors.qzeros, DType::I32);
  check_dtype(linear, "scales", tensors.scales, DType::F16);
  QuantizedMatrix matrix;
  matrix.scheme = scheme;
  const Shape& shape = tensors.qweight.shape();
  if (shape.size() != 2) {
    throw Error(ErrorKind::BadInput, escaped(linear) + ".qweight has shape " + to_string(shape) +
                                         ", [in, out/8] expected");
  }
  matrix.in_features = shape[0];
  matrix.out_features = shape[1] * kAwqOutputsPerWord;
  const std::int64_t groups = matrix.num_groups();
  check_shape(linear, "qzeros", tensors.qzeros, {groups, shape[1]});
  check_shape(linear, "scales", tensors.scales, {groups, matrix.out_features});

  const auto rows = static_cast<std::size_t>(matrix.out_features);
  const auto columns = static_cast<std::size_t>(matrix.in_features);
  const auto row_groups = static_cast<std::size_t>(groups);
  matrix.codes.resize(rows * columns);
  matrix.zero_points.resize(rows * row_groups);
  matrix.steps.resize(rows * row_groups);
  unpack_words(tensors.qweight.as<std::int32_t>(), rows, columns, matrix.codes);
  unpack_words(tensors.qzeros.as<std::int32_t>(), rows, row_groups, matrix.zero_points);
  transpose(tensors.scales.as<std::uint16_t>(), row_groups, rows, matrix.steps);
  check_steps(linear, matrix);
  return matrix;
}

}  // namespace salient
