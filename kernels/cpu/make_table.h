// SPDX-License-Identifier: Apache-2.0
#pragma once

// Every template of this folder instantiated for one vector type. Included once per set, by a
// source that is compiled for it.

#include "kernels/cpu/attention_kernel.h"
#include "kernels/cpu/clip_search_kernel.h"
#include "kernels/cpu/elementwise_kernel.h"
#include "kernels/cpu/gram_kernel.h"
#include "kernels/cpu/kernel_table.h"
#include "kernels/cpu/matmul_kernel.h"
#include "kernels/cpu/quadratic_form_kernel.h"
#include "kernels/cpu/quantize_activations_kernel.h"
#include "kernels/cpu/rounding_kernel.h"

namespace salient::kernels::cpu {

template <class S>
constexpr KernelTable make_table(Isa isa, decltype(KernelTable::packed_rows) packed) {
  return {.isa = isa,
          .panel = Tile<S>::kCols,
          .matmul = matmul_part<S>,
          .gram_pack = gram_pack<S>,
          .gram_tile = gram_tile<S>,
          .triangle_pack = triangle_pack<S>,
          .quadratic_rows = quadratic_rows<S>,
          .rounding_error = rounding_error_rows<S>,
          .round_codes = round_codes_rows<S>,
          .clip_search = clip_search_rows<S>,
          .rms_norm = rms_norm_kernel<S>,
          .layer_norm = layer_norm_kernel<S>,
          .rotate = rotate_kernel<S>,
          .attention = attention_kernel<S>,
          .quantize_activations = quantize_activations<S>,
          .packed_rows = packed,
          .silu_mul = silu_mul_kernel<S>,
          .activate = activate_kernel<S>,
          .add = add_kernel<S>,
          .convert = convert_kernel<S>,
          .magnitude = magnitude_kernel<S>,
          .read_blocks = read_blocks<S>,
          .fma_loop = fma_loop<S>};
}

}  // namespace salient::kernels::cpu
