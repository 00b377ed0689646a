// SPDX-License-Identifier: Apache-2.0
#include "engine/checkpoint/stored_grid.h"

#include <utility>

#include "kernels/half.h"

namespace salient {
namespace {

/// Those that `validate` allows.
bool is_group_of_ours(std::int64_t size) {
  return size == QuantScheme::kWholeRow || size == 32 || size == 64 || size == 128;
}

}  // namespace

StoredGrid grid_of(QuantizedMatrix matrix) {
  StoredGrid grid{matrix.scheme,
                  matrix.out_features,
                  matrix.in_features,
                  std::move(matrix.codes),
                  {},
                  std::move(matrix.zero_points),
                  {}};
  grid.steps.reserve(matrix.steps.size());
  for (const std::uint16_t step : matrix.steps) grid.steps.push_back(f16_to_f32(step));
  return grid;
}

std::optional<QuantizedMatrix> as_codes(StoredGrid grid) {
  if (!grid.group_of_input.empty() || !is_group_of_ours(grid.scheme.group_size)) {
    return std::nullopt;
  }
  QuantizedMatrix matrix{
      grid.scheme, grid.out_features,          grid.in_features, std::move(grid.codes),
      {},          std::move(grid.zero_points)};
  matrix.steps.reserve(grid.steps.size());
  for (const float step : grid.steps) {
    const std::uint16_t bits = f32_to_f16(step);
    if (!(step > 0) || f16_to_f32(bits) != step) return std::nullopt;
    matrix.steps.push_back(bits);
  }
  return matrix;
}

Tensor dequantized(const StoredGrid& grid) {
  Tensor result(DType::F32, {grid.out_features, grid.in_features});
  const auto rows = static_cast<std::size_t>(grid.out_features);
  const auto columns = static_cast<std::size_t>(grid.in_features);
  const auto groups = static_cast<std::size_t>(grid.scheme.num_groups(grid.in_features));
  std::vector<std::size_t> group_of(columns);
  const auto group_size = static_cast<std::size_t>(grid.scheme.group_of(grid.in_features));
  for (std::size_t k = 0; k < columns; ++k) {
    group_of[k] = grid.group_of_input.empty() ? k / group_size
                                              : static_cast<std::size_t>(grid.group_of_input[k]);
  }
  const auto out = result.as<float>();
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t k = 0; k < columns; ++k) {
      const std::size_t group = row * groups + group_of[k];
      const int code = grid.codes[row * columns + k] - grid.zero_points[group];
      out[row * columns + k] = static_cast<float>(code) * grid.steps[group];
    }
  }
  return result;
}

}  // namespace salient
