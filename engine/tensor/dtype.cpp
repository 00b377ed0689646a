// SPDX-License-Identifier: Apache-2.0
#include "engine/tensor/dtype.h"

namespace salient {

std::string_view name_of(DType dtype) {
  switch (dtype) {
    case DType::F64:
      return "float64";
    case DType::F32:
      return "float32";
    case DType::F16:
      return "float16";
    case DType::BF16:
      return "bfloat16";
    case DType::I32:
      return "int32";
    case DType::U8:
      return "uint8";
  }
  return "unknown";
}

}  // namespace salient
