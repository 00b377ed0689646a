// SPDX-License-Identifier: Apache-2.0
#pragma once

// The values of one stored tensor: read a piece at a time with pread, decoded, checked for NaN and
// infinity, put into Hugging Face row order and converted. Only that tensor's bytes are touched.

#include <cstdint>

#include "engine/checkpoint/checkpoint.h"
#include "engine/checkpoint/file_source.h"
#include "engine/checkpoint/stored_type.h"

namespace salient {

/// How the rows of a stored matrix map to the Hugging Face order.
struct RowOrder {
  /// Rows of one head when the file holds them interleaved for rotary positions, as llama.cpp's
  /// converter does for q and k: file row 2j + t of a head is row t * head_dim / 2 + j. 0: as is.
  std::int64_t rotary_head_dim = 0;
  /// The tensor is a part of the stored one: `run` of its outputs from `first` on, and again every
  /// `stride`. 0: all of it.
  std::int64_t first = 0, run = 0, stride = 0;
  bool turned = false;  ///< stored [in, out]

  bool is_part() const { return run != 0; }
  bool as_stored() const { return rotary_head_dim == 0 && !is_part() && !turned; }

  /// -1: a row of another part.
  std::int64_t model_row(std::int64_t file_row) const {
    if (is_part()) {
      const std::int64_t from = file_row - first;
      return from < 0 || from % stride >= run ? -1 : from / stride * run + from % stride;
    }
    if (rotary_head_dim == 0) return file_row;
    const std::int64_t within = file_row % rotary_head_dim;
    return file_row - within + (within % 2) * (rotary_head_dim / 2) + within / 2;
  }
  std::int64_t file_row(std::int64_t model_row) const {
    return is_part() ? first + model_row / run * stride + model_row % run : model_row;
  }
};

struct StoredTensor {
  TensorInfo info;
  const StoredType* type = nullptr;
  RowOrder rows;
  /// In elements, for what is not stored row-major without gaps; empty for everything else. No
  /// element is there twice, and the last one lies in the file.
  std::vector<std::int64_t> strides = {};
  float shift = 0;          ///< is added to every number
  Shape stored_shape = {};  ///< of the tensor in the file, where this one is a part of it or turned

  const Shape& shape_in_file() const { return stored_shape.empty() ? info.shape : stored_shape; }
};

/// Throws Error(BadInput) naming tensor, row and column for NaN, infinity, or a value beyond `as`;
/// Error(Unsupported) when the stored type cannot be read as numbers.
Tensor read_tensor(const ByteSource& source, const StoredTensor& tensor, DType as);

/// The codes of a Q8_0 tensor: 8-bit g32 symmetric, exact. Nothing when a step is negative, which
/// our grid cannot say.
std::optional<QuantizedMatrix> read_q8_0_codes(const ByteSource& source,
                                               const StoredTensor& tensor);

}  // namespace salient
