// SPDX-License-Identifier: Apache-2.0
#pragma once

// Backend on this machine's cores: the specification and the oracle of every other backend. Each
// stage of a decoder block is one run of the thread pool while few tokens are in flight, so that a
// decoded token costs five runs a block.

#include <array>
#include <vector>

#include "engine/backend/backend.h"
#include "kernels/cpu/kernel_table.h"

namespace salient {

class CpuBackend final : public Backend {
 public:
  CpuBackend(int threads, kernels::cpu::Isa isa);

  DeviceInfo device() const override;
  double measure_read_bandwidth(std::int64_t bytes) override;
  double measure_copy_bandwidth(std::int64_t bytes) override;
  void set_activation_precision(ActivationPrecision precision) override;
  PackedLinear pack(const QuantizedMatrix& matrix, Tensor bias) override;

  void embed(const Tensor& table, const Tensor& ids, Tensor& x) override;
  void embed_packed(const PackedLinear& table, const Tensor& ids, Tensor& x) override;
  void norm_linears(const Norm& norm, const Tensor& x, std::span<const LinearTarget> targets,
                    Tensor* normed) override;
  void attention(const AttentionShape& shape, Tensor& q, Tensor& k, const Tensor& v,
                 const CachePosition& position, KvLayer& cache, Tensor& out) override;
  void linear_residual(const Linear& linear, const Tensor& input, Tensor& x) override;
  void norm_gate_up(const Norm& norm, const Tensor& x, const Linear& gate, const Linear& up,
                    Activation activation, Tensor& hidden, Tensor* normed) override;
  void linear(const Linear& linear, const Tensor& input, Tensor& output) override;
  void normalize(const Norm& norm, const Tensor& x, Tensor& out) override;
  void activate(Activation activation, Tensor& x) override;
  void activate(Activation activation, const Tensor& factor, Tensor& x) override;

  void accumulate_gram(const Tensor& x, Tensor& gram) override;
  void accumulate_magnitude(const Tensor& x, Tensor& sum, Tensor& max) override;

  void rounding_error(const RoundingProblem& problem, Tensor& error) override;
  void quadratic_form(const Tensor& error, const Tensor& gram,
                      std::span<double> row_losses) override;
  void clip_search(const Tensor& weight, const Tensor& gram, const QuantScheme& scheme,
                   Tensor& clip) override;
  QuantizedMatrix quantize(const RoundingProblem& problem) override;

 private:
  /// Up to so many tokens every part does for itself what is cheap, instead of waiting for others.
  static constexpr std::int64_t kFewTokens = 8;

  struct LinearCall {
    const Linear* linear;
    float* y;
    kernels::cpu::Store store;
  };
  /// Integers of packed linears' activations, remembered while one stage runs.
  struct Activations {
    kernels::cpu::Scratch memory;
    const float* x = nullptr;
    kernels::cpu::ActivationLayout layout{};
  };

  /// One linear's part of the work inside a run of the pool, few tokens.
  void linear_part(const LinearCall& call, const float* x, std::int64_t tokens, int part);
  /// One linear with as many runs as it needs, many tokens.
  void linear_for_many(const LinearCall& call, const float* x, std::int64_t tokens);
  void linear_in_stage(const LinearCall& call, const Tensor& input);
  void dense_part(const DenseLinear& dense, const LinearCall& call, const float* x,
                  std::int64_t tokens, int part);
  void packed_part(const PackedLinear& packed, const LinearCall& call,
                   const std::uint8_t* activations, std::int64_t tokens, int part);
  kernels::cpu::ActivationLayout layout_of(const PackedLinear& packed) const;
  /// The integers of all tokens, computed by one part for itself.
  const std::uint8_t* activations_for_part(const PackedLinear& packed, const float* x,
                                           std::int64_t tokens, int part);
  /// The same by all parts for all.
  const std::uint8_t* activations_for_all(const PackedLinear& packed, const float* x,
                                          std::int64_t tokens);
  void forget_activations();
  /// norm(x) of every token where part `part` may read it: computed by each part for itself while
  /// few tokens are in flight, which costs less than a barrier.
  const float* normed_for_part(const Norm& norm, const Tensor& x, const float* all, int part);
  /// norm(x) of many tokens, or nullptr when each part computes its own.
  const float* normed_for_all(const Norm& norm, const Tensor& x, Tensor* normed);
  void norm_row(const Norm& norm, const float* x, float* out) const;
  void normalize_rows(const Norm& norm, const float* x, std::int64_t tokens, std::int64_t features,
                      float* out);
  /// hidden = act(hidden) · up on the outputs that this part has just computed.
  void activate_part(const Linear& gate, Activation activation, float* hidden, const float* up,
                     std::int64_t tokens, int part);
  void activate_all(Activation activation, float* x, const float* factor, std::int64_t count);

  kernels::cpu::ThreadPool pool_;
  kernels::cpu::Cpu cpu_;
  ActivationPrecision precision_ = ActivationPrecision::Exact;
  std::vector<Activations> part_activations_;  ///< per part
  Activations activations_;
  std::vector<kernels::cpu::Scratch> norms_;  ///< per part
  kernels::cpu::Scratch normed_;
  kernels::cpu::Scratch ups_;

  /// Cosines and sines of the positions of the last calls: all blocks of a model ask for the same,
  /// or for one of two.
  struct Rotary {
    std::vector<float> frequencies;
    float magnitude = 1;
    std::int64_t position = -1;
    std::int64_t tokens = 0;
    std::vector<float> cos, sin;  ///< [tokens, rotated / 2]
  };
  const Rotary& prepare_rotary(const AttentionShape& shape, std::int64_t position,
                               std::int64_t tokens);
  std::array<Rotary, 2> rotary_;  ///< the newer first
  std::vector<float> position_biases_;
};

}  // namespace salient
