// SPDX-License-Identifier: Apache-2.0
#pragma once

// Codes of a tile as half weights (code - zero point) · step: the difference is exact, the product
// rounded once.

#include "kernels/cuda/tile_codes.cuh"

namespace salient::kernels::cuda {

/// Steps and offsets of rows g and g + 8, for one span.
template <int Bits>
class ScaledSpan {
 public:
  __device__ __forceinline__ void load(const std::uint8_t* span, int g) {
    using Scales = CodeScales<Bits>;
    const __half2 steps = *reinterpret_cast<const __half2*>(span + 4 * g);
    step_[0] = __low2half2(steps);
    step_[1] = __high2half2(steps);
    const std::uint32_t zeros = *reinterpret_cast<const std::uint16_t*>(span + 32 + 2 * g);
#pragma unroll
    for (int h = 0; h < 2; ++h) {
      // -(1024 + zero point) in both halves; then 1024 shrinks with the code's scale, exactly.
      const std::uint32_t bits = __byte_perm(zeros, 0xE4E4E4E4U, h == 0 ? 0x4040 : 0x4141);
      const __half2 offset = *reinterpret_cast<const __half2*>(&bits);
      const float scale = h == 0 ? 1.0F : Scales::kUpper;
      first_[h] = __hadd2(offset, __float2half2_rn(1024.0F * (1.0F - scale)));
      second_[h] = __hadd2(offset, __float2half2_rn(1024.0F * (1.0F - scale * Scales::kSecond)));
    }
  }
  /// The weights of 32 columns, rounded once.
  __device__ __forceinline__ CodeOperands operands(const TileCodes<Bits>& codes, int q) const {
    CodeOperands operands = codes.template quarter<kMagic>(q);
    apply(operands.first, first_, 1.0F);
    apply(operands.second, second_, CodeScales<Bits>::kSecond);
    return operands;
  }

 private:
  /// 1024 + code / scale -> (code - zero point) · step.
  __device__ __forceinline__ void apply(Operand& operand, const __half2 (&offset)[2],
                                        float scale) const {
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      const float own = i % 2 == 0 ? scale : scale * CodeScales<Bits>::kUpper;
      const __half2 value = *reinterpret_cast<const __half2*>(&operand.part[i]);
      const __half2 code = __hfma2(value, __float2half2_rn(own), offset[i % 2]);
      operand.part[i] = bits_of(__hmul2(code, step_[i % 2]));
    }
  }

  __half2 step_[2];
  __half2 first_[2];   ///< what takes 1024 and the zero point off a code of `first` …
  __half2 second_[2];  ///< … and of `second`
};

}  // namespace salient::kernels::cuda
