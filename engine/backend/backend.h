// SPDX-License-Identifier: Apache-2.0
#pragma once

// The operations a device must offer. The grain is one fused stage of a decoder block, so that
// decode is few launches; the statistics and the search of quantization are stages too. CpuBackend
// is the specification and the oracle of every other backend.
//
// Tensors of a call are in the device's memory (`allocate`, `upload`); spans are the host's.
// Activations are float32 [tokens, features], dense. On the CPU sums run in an order that depends
// neither on the number of tokens in a call nor on the number of threads: the same row gives the
// same bits. Thread: one caller at a time; a call that returns numbers to the host blocks. Shapes
// that do not fit are std::logic_error; memory that runs out is Error(Resources).

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/backend/linear.h"
#include "engine/backend/sampling.h"
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

enum class Activation { Silu, Relu, GeluErf, GeluTanh };

enum class NormKind { Rms, Layer };

/// How packed linears take their activations: Exact keeps float32, Int8 rounds them per group to 8
/// bits for speed (the error is measured and shown wherever it is on).
enum class ActivationPrecision { Exact, Int8 };

struct Norm {
  const Tensor& weight;  ///< [features] F32
  float eps;
  NormKind kind = NormKind::Rms;
  const Tensor* bias = nullptr;  ///< [features] F32, or none
};

/// y = x · value; y = clamp(x, ±value); y = value · tanh(x / value).
enum class Pointwise { Scale, Clamp, SoftCap };

/// What some models need beyond the stages that every device has.
enum class ExtraStage {
  LayerNorm,         ///< Norm::kind Layer, or a bias
  OtherActivations,  ///< anything but silu(gate) · up
  OtherAttention,    ///< AttentionShape beyond plain rotary positions over everything cached
  LearnedPositions,  ///< add_positions
  BetweenStages,     ///< normalize, add_to, pointwise
};
std::string_view name_of(ExtraStage stage);

/// A linear of a stage and where its result goes.
struct LinearTarget {
  const Linear& linear;
  Tensor& output;  ///< [tokens, out_features] F32
};

/// Keys and values of one block, for one sequence, in the dtype of the backend that made them.
struct KvLayer {
  Tensor keys;    ///< [num_kv_heads, capacity, head_dim], after rotation
  Tensor values;  ///< [num_kv_heads, capacity, head_dim]
};

/// Where the tokens of a call stand in their sequence. The index is in the device's memory, so that
/// one recorded step serves every token.
struct CachePosition {
  const Tensor& first;  ///< I32 [1], position of the call's first token
  std::int64_t limit;   ///< at least first + tokens; decides how the work is split
};

/// What a decode step reads and leaves for the next one.
struct DecodeState {
  Tensor token;     ///< I32 [1] the id to be read
  Tensor position;  ///< I32 [1] where it stands
  Tensor picked;    ///< I32 [n] ring of picked ids: the i-th pick is at i % n
  Tensor count;     ///< I32 [1] picks so far
  Tensor draws;     ///< I32 [2] draws of the seed so far, the low word first; for sampling
  /// I32 [ceil(vocab / 4)], a byte for every id, 1 where it was read or picked; empty: no penalty.
  Tensor seen;
};

/// Stages recorded once and run again with the same tensors; a device may replay them as one piece.
class Program {
 public:
  virtual ~Program() = default;
  virtual void run() = 0;
};

/// What ALiBi adds to the score of a key.
enum class AlibiForm {
  Distance,         ///< -slope · distance
  RoundedPosition,  ///< Falcon's: bfloat16(bfloat16(slope) · position), scaled like the scores
};

struct AttentionShape {
  std::int64_t num_heads = 0;
  std::int64_t num_kv_heads = 0;
  std::int64_t head_dim = 0;
  /// [rotated / 2], radians per position; the first `rotated` of a head's numbers turn in pairs
  /// (i, i + rotated / 2). Empty: nothing turns.
  std::span<const float> inverse_frequencies;
  float rotary_magnitude = 1;                ///< cosines and sines are multiplied by it
  float score_scale = 0;                     ///< of q·k; 0: 1 / sqrt(head_dim)
  float score_cap = 0;                       ///< scores become cap · tanh(score / cap); 0: no cap
  std::int64_t window = 0;                   ///< the last so many positions are seen; 0: all
  std::span<const float> alibi_slopes = {};  ///< [num_heads], or none
  AlibiForm alibi_form = AlibiForm::Distance;
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
  /// The same of a plain copy inside such a buffer, read and written bytes counted.
  virtual double measure_copy_bandwidth(std::int64_t bytes) = 0;

  // Memory. The bodies here are those of a device whose memory is the host's.

  /// Uninitialised.
  virtual Tensor allocate(DType dtype, Shape shape);
  virtual Tensor allocate_zeros(DType dtype, Shape shape);
  /// The same numbers in the device's memory; the handle itself where that is where they are.
  virtual Tensor upload(const Tensor& tensor);
  /// A dense weight that linears will multiply by, in a dtype that they take.
  virtual Tensor upload_weight(const Tensor& weight) { return upload(weight); }
  /// The same numbers in the host's memory; waits for the stages before.
  virtual Tensor download(const Tensor& tensor);
  /// A tensor of its own with the same numbers.
  virtual Tensor copy(const Tensor& tensor);
  /// Overwrites the first values of an I32 tensor.
  virtual void write(std::span<const std::int32_t> values, Tensor& tensor);
  virtual KvLayer make_kv_layer(std::int64_t num_kv_heads, std::int64_t capacity,
                                std::int64_t head_dim);
  /// Calls `stages` to record them. Tensors of the backend that they take must outlive the program;
  /// those that they make for themselves are kept by it.
  virtual std::unique_ptr<Program> record(std::function<void()> stages);

  /// Prompt tokens that are best pushed through at once: enough for the matrix kernels, few enough
  /// that a stop answers well under 200 ms on a small model.
  virtual std::int64_t prompt_chunk() const { return 128; }
  virtual void set_activation_precision(ActivationPrecision precision) = 0;
  virtual PackedLinear pack(const QuantizedMatrix& matrix, Tensor bias) = 0;

  // Decoder stages.

  /// x = table[ids]; table [vocab, hidden] F32, F16, BF16; ids I32 [tokens], each below vocab.
  virtual void embed(const Tensor& table, const Tensor& ids, Tensor& x) = 0;
  /// Like `embed`, from a packed table (a quantized head that is also the embedding).
  virtual void embed_packed(const PackedLinear& table, const Tensor& ids, Tensor& x) = 0;
  /// h = norm(x); every target = linear(h). `normed` receives h when not null.
  virtual void norm_linears(const Norm& norm, const Tensor& x,
                            std::span<const LinearTarget> targets, Tensor* normed) = 0;
  /// Rotates q [tokens, num_heads·head_dim] and k [tokens, num_kv_heads·head_dim] at the tokens'
  /// positions, writes k and v into the cache there, and causal grouped-query attention over
  /// everything cached to `out` [tokens, num_heads·head_dim]. q and k may be left rotated or not.
  virtual void attention(const AttentionShape& shape, Tensor& q, Tensor& k, const Tensor& v,
                         const CachePosition& position, KvLayer& cache, Tensor& out) = 0;
  /// x += linear(input).
  virtual void linear_residual(const Linear& linear, const Tensor& input, Tensor& x) = 0;
  /// h = norm(x); hidden = act(gate(h)) * up(h), [tokens, intermediate]. `normed` as above.
  virtual void norm_gate_up(const Norm& norm, const Tensor& x, const Linear& gate, const Linear& up,
                            Activation activation, Tensor& hidden, Tensor* normed) = 0;
  /// output = linear(input), nothing fused.
  virtual void linear(const Linear& linear, const Tensor& input, Tensor& output) = 0;
  /// token = the lowest id of the largest of `logits` [1, vocab], which is also appended to
  /// `picked`; position += 1.
  virtual void pick_greedy(const Tensor& logits, DecodeState& state);
  /// The same with the pick that the options make of `logits`, `draws` and `seen`; draws += 1
  /// unless greedy, and the token is seen from now on.
  virtual void pick_sampled(const Tensor& logits, const SamplingOptions& options,
                            DecodeState& state);

  // Stages of some models only. The bodies here are those of a device whose memory is the host's; a
  // device of its own memory says what it offers.

  virtual bool offers(ExtraStage stage) const;
  /// out = norm(x), which may be x, for x [rows, features].
  virtual void normalize(const Norm& norm, const Tensor& x, Tensor& out);
  /// x = act(x).
  virtual void activate(Activation activation, Tensor& x);
  /// x = act(x) · factor.
  virtual void activate(Activation activation, const Tensor& factor, Tensor& x);
  /// x += y.
  virtual void add_to(const Tensor& y, Tensor& x);
  virtual void pointwise(Pointwise operation, float value, Tensor& x);
  /// x[t] += table[first + offset + t]; table [positions, hidden] F32.
  virtual void add_positions(const Tensor& table, const CachePosition& position,
                             std::int64_t offset, Tensor& x);

  // Statistics of calibration.

  /// gram [n, n] F32, lower triangle, += xᵀ x for x [tokens, n].
  virtual void accumulate_gram(const Tensor& x, Tensor& gram) = 0;
  /// Per channel: sum [n] F64 += Σ |x|, max [n] F32 = max(max, |x|).
  virtual void accumulate_magnitude(const Tensor& x, Tensor& sum, Tensor& max) = 0;

  /// The diagonal of a Gram matrix [n, n] F32.
  virtual std::vector<float> diagonal(const Tensor& gram);

  // Folding: new tensors, the arguments are left as they are.

  /// W·diag(column_scales), its rows divided by `row_divisors`; either may be empty.
  virtual Tensor fold(const Tensor& weight, std::span<const float> column_scales,
                      std::span<const float> row_divisors);
  /// D⁻¹ G D⁻¹ with D = diag(scales), lower triangle.
  virtual Tensor fold_gram(const Tensor& gram, std::span<const float> scales);
  /// a + b, F32.
  virtual Tensor add(const Tensor& a, const Tensor& b);
  /// Σ (a - b)², F32 of one shape.
  virtual double squared_distance(const Tensor& a, const Tensor& b);
  /// The largest |w| of every group, [out_features, num_groups] F32.
  virtual Tensor group_peaks(const Tensor& weight, const QuantScheme& scheme);
  /// The largest |w| of every column, [in_features].
  virtual std::vector<float> column_peaks(const Tensor& weight);
  /// Δ′/Δ of every group, [out_features, num_groups] F64: the step of rounding W·diag(s) over that
  /// of rounding W, both exact (before float16).
  virtual Tensor step_ratios(const Tensor& weight, std::span<const double> channel_scales,
                             const QuantScheme& scheme);
  /// Rows [rows.size(), in_features] of `weight`, in the order asked.
  virtual Tensor gather_rows(const Tensor& weight, std::span<const std::int32_t> rows);

  // The search.

  /// error = Q(W·diag(s))·diag(s)⁻¹ − W, [out_features, in_features] F32.
  virtual void rounding_error(const RoundingProblem& problem, Tensor& error) = 0;
  /// tr(E G Eᵀ) of `rounding_error`; gram holds the lower triangle of G. What compares candidates
  /// of one linear may be less exact than `quadratic_form`.
  virtual double rounding_loss(const RoundingProblem& problem, const Tensor& gram);
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

/// The linear in the backend's memory; a packed one is there already.
Linear upload(Backend& backend, const Linear& linear);

/// `threads` 0: one per physical core of this process's affinity.
std::unique_ptr<Backend> make_cpu_backend(int threads = 0);

/// A device that the CUDA backend can use.
struct CudaDevice {
  int index = 0;
  std::string name;    ///< "NVIDIA H200"
  int capability = 0;  ///< 90 for 9.0
  std::int64_t total_memory = 0;
};
std::vector<CudaDevice> cuda_devices();
/// Why there is no usable CUDA device, in one sentence; empty when there is one.
std::string cuda_problem();
/// `memory_limit` bytes of the device's memory at most; 0: no limit. Throws Error(Unsupported)
/// where the device cannot be used.
std::unique_ptr<Backend> make_cuda_backend(int device = 0, std::int64_t memory_limit = 0);

}  // namespace salient
