// SPDX-License-Identifier: Apache-2.0
#pragma once

// The operations a device must offer. The grain is one fused stage of a decoder block, so that
// decode is few launches; the statistics and the search of quantization are stages too. CpuBackend
// is the specification and the oracle of every other backend.
//
// Activations are float32 [tokens, features], dense. Sums run in an order that depends neither on
// the number of tokens in a call nor on the number of threads: the same row gives the same bits.
// Thread: one caller at a time; calls block. Shapes that do not fit are std::logic_error.

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "engine/backend/linear.h"
#include "engine/tensor/quantized_matrix.h"
#include "engine/tensor/tensor.h"

namespace salient {

struct DeviceInfo {
  std::string name;     ///< "CPU"
  std::string details;  ///< "AVX-512, 2 threads"
  int threads = 1;
  std::int64_t total_memory = 0;  ///< bytes
  std::int64_t free_memory = 0;   ///< bytes
};

enum class GatedActivation { Silu };

/// How packed linears take their activations: Exact keeps float32, Int8 rounds them per group to 8
/// bits for speed (the error is measured and shown wherever it is on).
enum class ActivationPrecision { Exact, Int8 };

struct RmsNorm {
  const Tensor& weight;  ///< [features] F32
  float eps;
};

/// A linear of a stage and where its result goes.
struct LinearTarget {
  const Linear& linear;
  Tensor& output;  ///< [tokens, out_features] F32
};

/// Keys and values of one block, for one sequence.
struct KvLayer {
  Tensor keys;    ///< [num_kv_heads, capacity, head_dim] F32, after rotation
  Tensor values;  ///< [num_kv_heads, capacity, head_dim] F32
};

struct AttentionShape {
  std::int64_t num_heads = 0;
  std::int64_t num_kv_heads = 0;
  std::int64_t head_dim = 0;
  /// [head_dim / 2], radians per position; rotate-half pairs (i, i + head_dim / 2).
  std::span<const float> inverse_frequencies;
};

/// One candidate of the scale search or the final grid: everything rounding needs.
struct RoundingProblem {
  const Tensor& weight;                   ///< [out_features, in_features] F32
  std::span<const float> channel_scales;  ///< [in_features] s, or empty for s = 1
  const Tensor* clip = nullptr;           ///< [out_features, num_groups] F32 max |w·s|, or none
  QuantScheme scheme;
};

class Backend {
 public:
  virtual ~Backend() = default;

  virtual DeviceInfo device() const = 0;
  /// Bytes per second of a plain read over a buffer of `bytes`, measured now.
  virtual double measure_read_bandwidth(std::int64_t bytes) = 0;

  virtual void set_activation_precision(ActivationPrecision precision) = 0;
  virtual PackedLinear pack(const QuantizedMatrix& matrix, Tensor bias) = 0;

  // Decoder stages.

  /// x = table[ids]; table [vocab, hidden] F32, F16, BF16.
  virtual void embed(const Tensor& table, std::span<const std::int32_t> ids, Tensor& x) = 0;
  /// Like `embed`, from a packed table (a quantized head that is also the embedding).
  virtual void embed_packed(const PackedLinear& table, std::span<const std::int32_t> ids,
                            Tensor& x) = 0;
  /// h = norm(x); every target = linear(h). `normed` receives h when not null.
  virtual void norm_linears(const RmsNorm& norm, const Tensor& x,
                            std::span<const LinearTarget> targets, Tensor* normed) = 0;
  /// Rotates q [tokens, num_heads·head_dim] and k [tokens, num_kv_heads·head_dim] at positions
  /// position…position+tokens-1, appends k and v to the cache there, and writes causal
  /// grouped-query attention over everything cached to `out` [tokens, num_heads·head_dim].
  virtual void attention(const AttentionShape& shape, Tensor& q, Tensor& k, const Tensor& v,
                         std::int64_t position, KvLayer& cache, Tensor& out) = 0;
  /// x += linear(input).
  virtual void linear_residual(const Linear& linear, const Tensor& input, Tensor& x) = 0;
  /// h = norm(x); hidden = act(gate(h)) * up(h), [tokens, intermediate]. `normed` as above.
  virtual void norm_gate_up(const RmsNorm& norm, const Tensor& x, const Linear& gate,
                            const Linear& up, GatedActivation activation, Tensor& hidden,
                            Tensor* normed) = 0;
  /// output = linear(input), nothing fused.
  virtual void linear(const Linear& linear, const Tensor& input, Tensor& output) = 0;

  // Statistics of calibration.

  /// gram [n, n] F32, lower triangle, += xᵀ x for x [tokens, n].
  virtual void accumulate_gram(const Tensor& x, Tensor& gram) = 0;
  /// Per channel: sum |x| (float64) and max |x|, both [n].
  virtual void accumulate_magnitude(const Tensor& x, std::span<double> sum,
                                    std::span<float> max) = 0;

  // The search.

  /// error = Q(W·diag(s))·diag(s)⁻¹ − W, [out_features, in_features] F32.
  virtual void rounding_error(const RoundingProblem& problem, Tensor& error) = 0;
  /// row_losses[o] = e_o G e_oᵀ; gram holds the lower triangle of G.
  virtual void quadratic_form(const Tensor& error, const Tensor& gram,
                              std::span<double> row_losses) = 0;
  /// Best max |w| per row and group among 1.00, 0.95 … 0.55 of the group's own, scored on the
  /// diagonal blocks of the Gram matrix of the folded input. clip [out_features, num_groups] F32.
  virtual void clip_search(const Tensor& weight, const Tensor& gram, const QuantScheme& scheme,
                           Tensor& clip) = 0;
  /// The codes of W·diag(s), clipped. Steps are float16 before codes are chosen.
  virtual QuantizedMatrix quantize(const RoundingProblem& problem) = 0;
};

/// `threads` 0: one per physical core of this process's affinity.
std::unique_ptr<Backend> make_cpu_backend(int threads = 0);

}  // namespace salient
