// SPDX-License-Identifier: Apache-2.0
#include "engine/checkpoint/stored_matrix.h"

#include <string>

#include "engine/checkpoint/foreign_text.h"
#include "engine/error.h"

namespace salient {
namespace {

std::string part_name(std::string_view linear, std::string_view part) {
  return escaped(linear) + "." + std::string(part);
}

/// Float16 bits of a finite number above 0.
constexpr bool is_step(std::uint16_t bits) {
  return bits > 0 && bits < 0x7C00U;
}

}  // namespace

void check_dtype(std::string_view linear, std::string_view part, const Tensor& tensor,
                 DType dtype) {
  if (tensor.dtype() == dtype) return;
  throw Error(ErrorKind::BadInput, part_name(linear, part) + " is " +
                                       std::string(name_of(tensor.dtype())) + ", " +
                                       std::string(name_of(dtype)) + " expected");
}

void check_shape(std::string_view linear, std::string_view part, const Tensor& tensor,
                 const Shape& expected) {
  if (tensor.shape() == expected) return;
  throw Error(ErrorKind::BadInput, part_name(linear, part) + " has shape " +
                                       to_string(tensor.shape()) + ", " + to_string(expected) +
                                       " expected");
}

void check_steps(std::string_view linear, const QuantizedMatrix& matrix) {
  const auto groups = static_cast<std::size_t>(matrix.num_groups());
  for (std::size_t i = 0; i < matrix.steps.size(); ++i) {
    const bool step_fits = is_step(matrix.steps[i]);
    if (step_fits && matrix.zero_points[i] < matrix.scheme.levels()) continue;
    const std::string place = escaped(linear) + ", row " + std::to_string(i / groups) + ", group " +
                              std::to_string(i % groups) + ": ";
    throw Error(ErrorKind::BadInput,
                step_fits ? place + "zero point " + std::to_string(matrix.zero_points[i]) +
                                " with " + std::to_string(matrix.scheme.levels()) + " levels"
                          : place + "the step is not a finite number above 0");
  }
}

}  // namespace salient
