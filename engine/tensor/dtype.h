// SPDX-License-Identifier: Apache-2.0
#pragma once

// The element types that a `Tensor` in memory can hold. What a file stores (block-quantized GGUF
// types, FP8) is the reader's business (`engine/checkpoint`) and is decoded into one of these.

#include <cstddef>
#include <string_view>

namespace salient {

enum class DType { F64, F32, F16, BF16, I32, U8 };

constexpr std::size_t size_of(DType dtype) {
  switch (dtype) {
    case DType::F64:
      return 8;
    case DType::F32:
    case DType::I32:
      return 4;
    case DType::F16:
    case DType::BF16:
      return 2;
    case DType::U8:
      return 1;
  }
  return 0;
}

/// "float64", "float32", "float16", "bfloat16", "int32", "uint8".
std::string_view name_of(DType dtype);

}  // namespace salient
