// SPDX-License-Identifier: Apache-2.0
#pragma once

// The inner kernels of one instruction set, as function pointers. The operations of this folder
// (matmul.h, gram.h, …) split work over the pool and call through this table; sources named
// *_avx512.cpp, *_avx2.cpp and *_portable.cpp instantiate it from the templates in *_kernel.h.

#include <cstdint>

#include "kernels/cpu/attention.h"
#include "kernels/cpu/clip_search.h"
#include "kernels/cpu/elementwise.h"
#include "kernels/cpu/isa.h"
#include "kernels/cpu/matmul.h"
#include "kernels/cpu/packed_linear.h"
#include "kernels/cpu/rounding.h"
#include "kernels/cpu/thread_pool.h"

namespace salient::kernels::cpu {

struct KernelTable {
  Isa isa;
  /// Columns of one packed panel: three vectors.
  std::int64_t panel;

  void (*matmul)(const MatmulProblem& problem, int part, int parts, Scratch& scratch);

  /// x [tokens, n], columns first…first+panel-1 -> [tokens, panel], zero beyond n.
  void (*gram_pack)(const float* x, std::int64_t tokens, std::int64_t n, std::int64_t first,
                    float* packed);
  /// gram [n, n] at rows of panel `row` and columns of panel `column` += the product of the two.
  void (*gram_tile)(const float* packed, std::int64_t tokens, std::int64_t n, std::int64_t row,
                    std::int64_t column, float* gram);

  /// See quadratic_form_kernel.h.
  void (*triangle_pack)(const float* gram, std::int64_t stride, std::int64_t n, std::int64_t panel,
                        float* packed);
  void (*quadratic_rows)(const float* error, std::int64_t rows, std::int64_t n, const float* packed,
                         double* losses);

  void (*rounding_error)(const RoundingInput& input, std::int64_t begin, std::int64_t end,
                         float* error);
  void (*round_codes)(const RoundingInput& input, std::int64_t begin, std::int64_t end,
                      const RoundingOutput& output);
  void (*clip_search)(const ClipProblem& problem, std::int64_t begin, std::int64_t end,
                      Scratch& scratch);

  /// out = x / sqrt(mean(x²) + eps) · weight, [features].
  void (*rms_norm)(const float* x, const float* weight, std::int64_t features, float eps,
                   float* out);
  /// out = (x - mean) / sqrt(variance + eps) · weight + bias, [features]; bias may be null.
  void (*layer_norm)(const float* x, const float* weight, const float* bias, std::int64_t features,
                     float eps, float* out);
  /// The two halves of one head, [half] each, turned by cos and sin, [half].
  void (*rotate)(float* first, float* second, const float* cos, const float* sin,
                 std::int64_t half);
  void (*attention)(const AttentionProblem& problem, std::int64_t kv_head, std::int64_t begin,
                    std::int64_t end, Scratch& scratch);
  /// x [in_features] -> one token's bytes.
  void (*quantize_activations)(const float* x, const ActivationLayout& layout, std::uint8_t* out);
  /// Blocks begin…end-1 of 16 rows.
  void (*packed_rows)(const PackedProblem& problem, std::int64_t begin, std::int64_t end);
  /// gate = gate / (1 + exp(-gate)) · up.
  void (*silu_mul)(float* gate, const float* up, std::int64_t count);
  /// x = act(x) · factor; factor may be null.
  void (*activate)(ActivationFunction function, float* x, const float* factor, std::int64_t count);
  void (*add)(float* x, const float* y, std::int64_t count);
  /// table row -> float32.
  void (*convert)(const void* source, Number number, std::int64_t count, float* out);
  /// Columns begin…end-1 of x [tokens, n]: sum += |x|, max = max(max, |x|).
  void (*magnitude)(const float* x, std::int64_t tokens, std::int64_t n, std::int64_t begin,
                    std::int64_t end, double* sum, float* max);
  /// Reads blocks of 256 bytes and returns something that depends on all of them.
  float (*read_blocks)(const float* data, std::int64_t blocks);
  /// Multiplies and adds on registers alone; returns how many operations it did.
  double (*fma_loop)(std::int64_t rounds, float* sink);
};

const KernelTable& portable_table();
#if defined(__x86_64__)
const KernelTable& avx2_table();
const KernelTable& avx512_table();
#endif

/// What every operation needs: the threads and the instruction set.
struct Cpu {
  ThreadPool& pool;
  const KernelTable& table;
};

}  // namespace salient::kernels::cpu
