// SPDX-License-Identifier: Apache-2.0
#pragma once

// Backend on one CUDA device: the stages of kernels/cuda on one stream. Products are of halves (or
// TF32 where a weight is float32) with float32 sums; KV caches are float16. Few tokens run fused
// kernels, many dequantize a linear into a scratch and call cuBLAS. Calls return while the device
// works, except those that give numbers to the host.

#include <map>
#include <vector>

#include "engine/backend/backend.h"
#include "engine/backend/cuda_memory.h"
#include "kernels/cuda/matmul.h"
#include "kernels/cuda/packed_linear.h"
#include "kernels/cuda/quadratic_form.h"
#include "kernels/cuda/rounding.h"
#include "kernels/cuda/sampler.h"
#include "kernels/cuda/stage_chain.h"

namespace salient {

/// A stream that is destroyed with its owner.
class CudaStream {
 public:
  explicit CudaStream(int device);
  ~CudaStream();
  CudaStream(const CudaStream&) = delete;
  CudaStream& operator=(const CudaStream&) = delete;
  cudaStream_t get() const { return stream_; }

 private:
  cudaStream_t stream_ = nullptr;
};

class CudaBackend final : public Backend {
 public:
  CudaBackend(int device, std::int64_t memory_limit);
  ~CudaBackend() override;

  DeviceInfo device() const override;
  double measure_read_bandwidth(std::int64_t bytes) override;
  double measure_copy_bandwidth(std::int64_t bytes) override;

  Tensor allocate(DType dtype, Shape shape) override;
  Tensor allocate_zeros(DType dtype, Shape shape) override;
  Tensor upload(const Tensor& tensor) override;
  /// bfloat16 becomes float32, which loses nothing: linears multiply float16 or float32.
  Tensor upload_weight(const Tensor& weight) override;
  Tensor download(const Tensor& tensor) override;
  Tensor copy(const Tensor& tensor) override;
  void write(std::span<const std::int32_t> values, Tensor& tensor) override;
  KvLayer make_kv_layer(std::int64_t num_kv_heads, std::int64_t capacity,
                        std::int64_t head_dim) override;
  std::unique_ptr<Program> record(std::function<void()> stages) override;
  std::int64_t prompt_chunk() const override { return 2048; }
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
  void pick_greedy(const Tensor& logits, DecodeState& state) override;
  void pick_sampled(const Tensor& logits, const SamplingOptions& options,
                    DecodeState& state) override;
  /// The kernels know RMS norms, silu(gate) · up, and plain rotary attention.
  bool offers(ExtraStage /*stage*/) const override { return false; }

  void accumulate_gram(const Tensor& x, Tensor& gram) override;
  void accumulate_magnitude(const Tensor& x, Tensor& sum, Tensor& max) override;
  std::vector<float> diagonal(const Tensor& gram) override;

  Tensor fold(const Tensor& weight, std::span<const float> column_scales,
              std::span<const float> row_divisors) override;
  Tensor fold_gram(const Tensor& gram, std::span<const float> scales) override;
  Tensor add(const Tensor& a, const Tensor& b) override;
  double squared_distance(const Tensor& a, const Tensor& b) override;
  Tensor group_peaks(const Tensor& weight, const QuantScheme& scheme) override;
  std::vector<float> column_peaks(const Tensor& weight) override;
  Tensor step_ratios(const Tensor& weight, std::span<const double> channel_scales,
                     const QuantScheme& scheme) override;
  Tensor gather_rows(const Tensor& weight, std::span<const std::int32_t> rows) override;

  void rounding_error(const RoundingProblem& problem, Tensor& error) override;
  double rounding_loss(const RoundingProblem& problem, const Tensor& gram) override;
  void quadratic_form(const Tensor& error, const Tensor& gram,
                      std::span<double> row_losses) override;
  void clip_search(const Tensor& weight, const Tensor& gram, const QuantScheme& scheme,
                   Tensor& clip) override;
  QuantizedMatrix quantize(const RoundingProblem& problem) override;

 private:
  /// One linear of a stage on many tokens.
  struct Product {
    const Linear& linear;
    float* output;
    kernels::cuda::Sum sum;
  };
  /// The inputs of a stage in the element types that its products need, made on first use.
  struct StageInput;

  /// Whatever is launched goes through here, behind the stages that wait to be a chain.
  cudaStream_t stream() {
    if (!waiting_.empty()) launch_waiting();
    return stream_.get();
  }
  /// A stage of one token: while a recording is under way it waits for those that follow.
  void launch_or_wait(const kernels::cuda::ChainStage& stage);
  void launch(const kernels::cuda::ChainStage& stage);
  void launch_waiting();
  void launch_chain(std::span<const kernels::cuda::ChainStage> stages);
  /// Device memory that lives as long as the tensor.
  Tensor scratch(std::size_t bytes);
  /// Programmatic dependent launch, where the device has it.
  kernels::cuda::Dependency early() const {
    return limits_.capability >= 90 ? kernels::cuda::Dependency::Programmatic
                                    : kernels::cuda::Dependency::Full;
  }
  /// Memory of its own with these bytes, or zeros, written past the stream: also while a recording
  /// is under way.
  Tensor kept(std::span<const std::byte> bytes);
  Tensor zeroed_for_good(std::size_t bytes);
  void wait();

  /// Whether one fused launch takes the stage: few tokens, packed or half weights.
  bool fits_fused(std::int64_t tokens, std::span<const Linear* const> linears) const;
  void run_fused(kernels::cuda::LinearProblem& problem);
  void multiply(const Product& product, StageInput& input);
  void pick(const Tensor& logits, const kernels::cuda::SamplerOptions& options, DecodeState& state);
  void add_bias(const Tensor& bias, std::int64_t tokens, float* output);
  const float* frequencies_of(const AttentionShape& shape);
  void* attention_workspace(const AttentionShape& shape);
  /// For so many rows at once, or as many of them as there is memory for.
  Tensor loss_workspace(std::int64_t in_features, std::int64_t rows,
                        kernels::cuda::Precision precision);
  const kernels::cuda::Correlation& correlation_of(const Tensor& gram);
  kernels::cuda::RoundingInput rounding_input(const RoundingProblem& problem, Tensor& scales);

  int device_;
  std::shared_ptr<CudaMemory> memory_;
  CudaStream stream_;
  kernels::cuda::DeviceLimits limits_;
  Tensor matmul_workspace_;
  kernels::cuda::Matmul matmul_;

  std::vector<kernels::cuda::ChainStage> waiting_;
  std::vector<Tensor> chains_;      ///< device memory of the chains of the recording under way
  std::vector<float> frequencies_;  ///< what `device_frequencies_` holds
  Tensor device_frequencies_;
  std::map<std::vector<std::int64_t>, Tensor> attention_workspaces_;
  std::map<std::int64_t, Tensor> sampler_workspaces_;
  Tensor draws_;
  /// The Gram matrix that the search asked for last, as its kernels want it. Holding the handle
  /// keeps the address from being another matrix's.
  struct {
    Tensor gram;
    Tensor matrix, root, rest;
    kernels::cuda::Correlation correlation;
  } correlated_;
};

}  // namespace salient
