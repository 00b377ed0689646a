// SPDX-License-Identifier: Apache-2.0
// The half of CudaBackend that a forward pass uses.

#include <algorithm>
#include <array>
#include <utility>

#include "engine/backend/cuda_backend.h"
#include "engine/backend/cuda_transfer.h"
#include "engine/backend/expect.h"
#include "kernels/cuda/attention.h"
#include "kernels/cuda/elementwise.h"
#include "kernels/cuda/rms_norm.h"
#include "kernels/cuda/sampler.h"
#include "kernels/cuda/tile_rows.h"

namespace salient {

namespace cuda = kernels::cuda;

namespace {

/// Up to so many tokens a fused launch is faster than dequantizing and calling cuBLAS.
constexpr std::int64_t kFusedTokens = 64;
/// Fewer stages are launched one by one, and so are small ones: a launch starts beside the one
/// before it in less time than a barrier takes (SmolLM2-135M on an H200: 2490 and 1880 tokens/s).
constexpr std::size_t kLeastChain = 4;
constexpr std::int64_t kLeastLinearBytes = 8 << 20;
/// The same as kFusedTokens for a half weight, which needs no dequantizing.
constexpr std::int64_t kFusedDenseTokens = 8;

cuda::Number number_of_tensor(const Tensor& tensor) {
  switch (tensor.dtype()) {
    case DType::F32:
      return cuda::Number::F32;
    case DType::F16:
      return cuda::Number::F16;
    case DType::BF16:
      return cuda::Number::BF16;
    default:
      throw std::logic_error("a dense weight is float32, float16 or bfloat16");
  }
}

kernels::TiledShape tiles_of(const PackedLinear& packed) {
  return {packed.scheme.bits, packed.out_features, packed.in_features,
          packed.scheme.group_of(packed.in_features)};
}

const Tensor& bias_of(const Linear& linear) {
  const auto* dense = std::get_if<DenseLinear>(&linear);
  return dense != nullptr ? dense->bias : std::get<PackedLinear>(linear).bias;
}

cuda::LinearTarget target_of(const Linear& linear, float* output) {
  cuda::LinearTarget target;
  target.output = output;
  const Tensor& bias = bias_of(linear);
  if (!bias.empty()) target.bias = device_data<float>(bias);
  if (const auto* dense = std::get_if<DenseLinear>(&linear)) {
    target.shape = cuda::dense_shape(dense->weight.dim(0), dense->weight.dim(1));
    target.weights = dense->weight.data();
  } else {
    const auto& packed = std::get<PackedLinear>(linear);
    target.shape = tiles_of(packed);
    target.weights = packed.packed.data();
  }
  return target;
}

/// Of the weights, for a linear of the chain on average.
std::int64_t mean_bytes(std::span<const cuda::ChainStage> stages) {
  std::int64_t bytes = 0, count = 0;
  for (const cuda::ChainStage& stage : stages) {
    const auto* linear = std::get_if<cuda::LinearProblem>(&stage);
    if (linear == nullptr) continue;
    ++count;
    for (int i = 0; i < linear->target_count; ++i) bytes += linear->targets[i].shape.bytes();
  }
  return count == 0 ? 0 : bytes / count;
}

bool alike(const Linear& a, const Linear& b) {
  const auto* packed_a = std::get_if<PackedLinear>(&a);
  const auto* packed_b = std::get_if<PackedLinear>(&b);
  if (packed_a == nullptr || packed_b == nullptr) return packed_a == packed_b;
  return packed_a->scheme == packed_b->scheme;
}

}  // namespace

struct CudaBackend::StageInput {
  CudaBackend& backend;
  const float* x;
  std::int64_t tokens;
  std::int64_t features;
  const Norm* norm;  ///< applied to x first, or nullptr
  Tensor floats, halves;

  /// Normed, float32.
  const float* as_float() {
    if (norm == nullptr) return x;
    if (floats.empty()) {
      floats = backend.allocate(DType::F32, {tokens, features});
      cuda::rms_norm(x, device_data<float>(norm->weight), tokens, features, norm->eps,
                     device_data<float>(floats), nullptr, backend.stream());
    }
    return device_data<float>(floats);
  }
  /// Normed, float16.
  const std::uint16_t* as_half() {
    if (!halves.empty()) return device_data<std::uint16_t>(halves);
    halves = backend.allocate(DType::F16, {tokens, features});
    if (norm != nullptr && floats.empty()) {
      cuda::rms_norm(x, device_data<float>(norm->weight), tokens, features, norm->eps, nullptr,
                     device_data<std::uint16_t>(halves), backend.stream());
    } else {
      cuda::to_half(as_float(), tokens * features, device_data<std::uint16_t>(halves),
                    backend.stream());
    }
    return device_data<std::uint16_t>(halves);
  }
};

bool CudaBackend::fits_fused(std::int64_t tokens, std::span<const Linear* const> linears) const {
  return std::ranges::all_of(linears, [&](const Linear* linear) {
    if (!alike(*linear, *linears.front())) return false;
    const auto* dense = std::get_if<DenseLinear>(linear);
    if (dense == nullptr) return tokens <= kFusedTokens;
    return dense->weight.dtype() == DType::F16 && tokens <= kFusedDenseTokens;
  });
}

void CudaBackend::run_fused(cuda::LinearProblem& problem) {
  std::int64_t outputs = 0;
  for (int i = 0; i < problem.target_count; ++i) outputs += problem.targets[i].shape.out_features;
  problem.workspace_bytes =
      cuda::linear_workspace_bytes(problem.tokens, problem.in_features, outputs);
  Tensor workspace;
  if (problem.workspace_bytes > 0) {
    workspace = scratch(problem.workspace_bytes);
    problem.workspace = workspace.data();
  }
  problem.device = limits_;
  if (problem.tokens == 1) return launch_or_wait(problem);
  cuda::run_linear(problem, stream());
}

void CudaBackend::launch_or_wait(const cuda::ChainStage& stage) {
  if (!memory_->recording()) return launch(stage);
  waiting_.push_back(stage);
}

void CudaBackend::launch(const cuda::ChainStage& stage) {
  if (const auto* linear = std::get_if<cuda::LinearProblem>(&stage)) {
    cuda::run_linear(*linear, stream_.get());
  } else {
    cuda::attention(std::get<cuda::AttentionProblem>(stage), stream_.get(), early());
  }
}

void CudaBackend::launch_waiting() {
  const std::vector<cuda::ChainStage> stages = std::exchange(waiting_, {});
  std::span<const cuda::ChainStage> rest = stages;
  while (!rest.empty()) {
    const std::size_t length = std::max<std::size_t>(cuda::chain_length(rest), 1);
    const auto first = rest.first(length);
    if (length >= kLeastChain && mean_bytes(first) >= kLeastLinearBytes) {
      launch_chain(first);
    } else {
      for (const cuda::ChainStage& stage : first) launch(stage);
    }
    rest = rest.subspan(length);
  }
}

void CudaBackend::launch_chain(std::span<const cuda::ChainStage> stages) {
  const std::vector<std::byte> zeros(cuda::chain_bytes(stages), std::byte{0});
  Tensor memory = kept(zeros);
  const cuda::StageChain chain = cuda::plan_chain(stages, memory.data());
  cuda::check(
      cudaMemcpy(memory.data(), chain.image.data(), chain.image.size(), cudaMemcpyHostToDevice),
      "a copy to the GPU");
  cuda::check(cudaStreamSynchronize(nullptr), "a copy to the GPU");
  cuda::run_chain(chain, memory.data(), stream_.get());
  chains_.push_back(memory);
}

void CudaBackend::add_bias(const Tensor& bias, std::int64_t tokens, float* output) {
  // Rows of a table with one row: the bias for every token.
  const Tensor first = allocate_zeros(DType::I32, {tokens});
  const std::int64_t width = bias.size();
  Tensor rows = allocate(DType::F32, {tokens, width});
  cuda::embedding(bias.data(), cuda::Number::F32, width, device_data<std::int32_t>(first), tokens,
                  device_data<float>(rows), stream());
  cuda::add(output, device_data<float>(rows), tokens * width, stream());
}

void CudaBackend::multiply(const Product& product, StageInput& input) {
  launch_waiting();
  cuda::MatrixProduct call;
  call.out = product.output;
  call.m = input.tokens;
  call.n = out_features(product.linear);
  call.k = input.features;
  call.sum = product.sum;
  Tensor unpacked;
  if (const auto* dense = std::get_if<DenseLinear>(&product.linear)) {
    call.in = number_of_tensor(dense->weight);
    call.w = dense->weight.data();
    if (call.in == cuda::Number::BF16) {
      throw std::logic_error("CUDA linears are float32 or float16; convert bfloat16 at load");
    }
  } else {
    const auto& packed = std::get<PackedLinear>(product.linear);
    unpacked = allocate(DType::F16, {packed.out_features, packed.in_features});
    cuda::dequantize_tiles(tiles_of(packed), device_data<std::uint8_t>(packed.packed),
                           device_data<std::uint16_t>(unpacked), stream());
    call.w = unpacked.data();
  }
  if (call.in == cuda::Number::F32) {
    call.x = input.as_float();
  } else {
    call.x = input.as_half();
  }
  matmul_.product(call);
  if (const Tensor& bias = bias_of(product.linear); !bias.empty()) {
    add_bias(bias, input.tokens, product.output);
  }
}

void CudaBackend::embed(const Tensor& table, const Tensor& ids, Tensor& x) {
  expect_float32("embed", "x", x, {ids.size(), table.dim(1)});
  cuda::embedding(table.data(), number_of_tensor(table), table.dim(1),
                  device_data<std::int32_t>(ids), ids.size(), device_data<float>(x), stream(),
                  early());
}

void CudaBackend::embed_packed(const PackedLinear& table, const Tensor& ids, Tensor& x) {
  expect_float32("embed_packed", "x", x, {ids.size(), table.in_features});
  cuda::gather_tile_rows(tiles_of(table), device_data<std::uint8_t>(table.packed),
                         device_data<std::int32_t>(ids), ids.size(), device_data<float>(x),
                         stream(), early());
}

void CudaBackend::norm_linears(const Norm& norm, const Tensor& x,
                               std::span<const LinearTarget> targets, Tensor* normed) {
  StageInput input{*this, device_data<float>(x), x.dim(0), x.dim(1), &norm, {}, {}};
  if (normed != nullptr) {
    input.floats = *normed;
    cuda::rms_norm(input.x, device_data<float>(norm.weight), input.tokens, input.features, norm.eps,
                   device_data<float>(*normed), nullptr, stream());
  }
  std::array<const Linear*, cuda::LinearProblem::kMostTargets> linears{};
  if (targets.size() > linears.size()) throw std::logic_error("norm_linears: too many targets");
  for (std::size_t i = 0; i < targets.size(); ++i) linears[i] = &targets[i].linear;
  const std::span<const Linear* const> all = std::span(linears).first(targets.size());
  if (!fits_fused(input.tokens, all)) {
    for (const LinearTarget& target : targets) {
      multiply({target.linear, device_data<float>(target.output), cuda::Sum::Replace}, input);
    }
    return;
  }
  cuda::LinearProblem problem;
  problem.x = input.x;
  problem.tokens = input.tokens;
  problem.in_features = input.features;
  problem.norm_weight = device_data<float>(norm.weight);
  problem.norm_epsilon = norm.eps;
  problem.target_count = static_cast<int>(targets.size());
  for (std::size_t i = 0; i < targets.size(); ++i) {
    problem.targets[i] = target_of(targets[i].linear, device_data<float>(targets[i].output));
  }
  run_fused(problem);
}

void CudaBackend::norm_gate_up(const Norm& norm, const Tensor& x, const Linear& gate,
                               const Linear& up, Activation /*activation*/, Tensor& hidden,
                               Tensor* normed) {
  const std::array<const Linear*, 2> linears = {&gate, &up};
  if (normed == nullptr && fits_fused(x.dim(0), linears)) {
    cuda::LinearProblem problem;
    problem.x = device_data<float>(x);
    problem.tokens = x.dim(0);
    problem.in_features = x.dim(1);
    problem.norm_weight = device_data<float>(norm.weight);
    problem.norm_epsilon = norm.eps;
    problem.target_count = 2;
    problem.targets[0] = target_of(gate, device_data<float>(hidden));
    problem.targets[1] = target_of(up, nullptr);
    problem.epilogue = cuda::Epilogue::SiluGate;
    return run_fused(problem);
  }
  Tensor ups = allocate(DType::F32, hidden.shape());
  const std::array<LinearTarget, 2> targets = {LinearTarget{gate, hidden}, LinearTarget{up, ups}};
  norm_linears(norm, x, targets, normed);
  cuda::silu_mul(device_data<float>(hidden), device_data<float>(ups), hidden.size(),
                 device_data<float>(hidden), nullptr, stream());
}

void CudaBackend::linear_residual(const Linear& linear, const Tensor& input, Tensor& x) {
  StageInput stage{*this, device_data<float>(input), input.dim(0), input.dim(1), nullptr, {}, {}};
  const std::array<const Linear*, 1> linears = {&linear};
  if (!fits_fused(stage.tokens, linears)) {
    return multiply({linear, device_data<float>(x), cuda::Sum::Add}, stage);
  }
  cuda::LinearProblem problem;
  problem.x = stage.x;
  problem.tokens = stage.tokens;
  problem.in_features = stage.features;
  problem.targets[0] = target_of(linear, device_data<float>(x));
  problem.epilogue = cuda::Epilogue::AddResidual;
  run_fused(problem);
}

void CudaBackend::linear(const Linear& linear, const Tensor& input, Tensor& output) {
  StageInput stage{*this, device_data<float>(input), input.dim(0), input.dim(1), nullptr, {}, {}};
  const std::array<const Linear*, 1> linears = {&linear};
  if (!fits_fused(stage.tokens, linears)) {
    return multiply({linear, device_data<float>(output), cuda::Sum::Replace}, stage);
  }
  cuda::LinearProblem problem;
  problem.x = stage.x;
  problem.tokens = stage.tokens;
  problem.in_features = stage.features;
  problem.targets[0] = target_of(linear, device_data<float>(output));
  run_fused(problem);
}

const float* CudaBackend::frequencies_of(const AttentionShape& shape) {
  const std::span<const float> wanted = shape.inverse_frequencies;
  if (!std::ranges::equal(wanted, frequencies_)) {
    // Outside the stream, because a recording may be under way; nothing reads the new memory yet.
    if (!memory_->recording()) wait();
    device_frequencies_ = scratch(wanted.size_bytes());
    cuda::check(cudaMemcpy(device_frequencies_.data(), wanted.data(), wanted.size_bytes(),
                           cudaMemcpyHostToDevice),
                "a copy to the GPU");
    cuda::check(cudaStreamSynchronize(nullptr), "a copy to the GPU");
    frequencies_.assign(wanted.begin(), wanted.end());
  }
  return device_data<float>(device_frequencies_);
}

Tensor CudaBackend::zeroed_for_good(std::size_t bytes) {
  return kept(std::vector<std::byte>(bytes, std::byte{0}));
}

Tensor CudaBackend::kept(std::span<const std::byte> bytes) {
  if (!memory_->recording()) wait();
  Tensor memory = Tensor::on_device(DType::U8, {static_cast<std::int64_t>(bytes.size())},
                                    memory_->allocate_apart(bytes.size()));
  cuda::check(cudaMemcpy(memory.data(), bytes.data(), bytes.size(), cudaMemcpyHostToDevice),
              "a copy to the GPU");
  // The legacy stream queues the copy; our stream does not wait for it.
  cuda::check(cudaStreamSynchronize(nullptr), "a copy to the GPU");
  return memory;
}

void* CudaBackend::attention_workspace(const AttentionShape& shape) {
  Tensor& workspace = attention_workspaces_[{shape.num_heads, shape.num_kv_heads, shape.head_dim}];
  if (workspace.empty()) {
    workspace = zeroed_for_good(
        cuda::attention_workspace_bytes({shape.num_heads, shape.num_kv_heads, shape.head_dim}));
  }
  return workspace.data();
}

void CudaBackend::attention(const AttentionShape& shape, Tensor& q, Tensor& k, const Tensor& v,
                            const CachePosition& position, KvLayer& cache, Tensor& out) {
  cuda::AttentionProblem problem;
  problem.shape = {shape.num_heads, shape.num_kv_heads, shape.head_dim};
  problem.tokens = q.dim(0);
  problem.q = device_data<float>(q);
  problem.k = device_data<float>(k);
  problem.v = device_data<float>(v);
  problem.inverse_frequencies = frequencies_of(shape);
  problem.position = device_data<std::int32_t>(position.first);
  problem.keys = device_data<std::uint16_t>(cache.keys);
  problem.values = device_data<std::uint16_t>(cache.values);
  problem.capacity = cache.keys.dim(1);
  problem.cached_bound = std::min(position.limit, problem.capacity);
  problem.out = device_data<float>(out);
  problem.workspace = attention_workspace(shape);
  if (problem.tokens == 1) return launch_or_wait(problem);
  cuda::attention(problem, stream(), early());
}

void CudaBackend::pick_greedy(const Tensor& logits, DecodeState& state) {
  pick(logits, {}, state);
}

void CudaBackend::pick_sampled(const Tensor& logits, const SamplingOptions& options,
                               DecodeState& state) {
  pick(logits,
       {.temperature = static_cast<float>(options.temperature),
        .top_k = options.top_k,
        .top_p = options.top_p,
        .min_p = options.min_p,
        .repetition_penalty = static_cast<float>(options.repetition_penalty),
        .seed = options.seed},
       state);
}

void CudaBackend::pick(const Tensor& logits, const cuda::SamplerOptions& options,
                       DecodeState& state) {
  const std::int64_t vocab = logits.size();
  Tensor& workspace = sampler_workspaces_[vocab];
  if (workspace.empty()) workspace = zeroed_for_good(cuda::sampler_workspace_bytes(vocab));
  if (draws_.empty()) draws_ = zeroed_for_good(sizeof(std::uint64_t));
  const cuda::SamplerState sampler{
      .token = device_data<std::int32_t>(state.token),
      .position = device_data<std::int32_t>(state.position),
      .ring = device_data<std::int32_t>(state.picked),
      .ring_capacity = state.picked.size(),
      .generated = reinterpret_cast<std::uint32_t*>(state.count.data()),
      .draws =
          reinterpret_cast<std::uint64_t*>((state.draws.empty() ? draws_ : state.draws).data()),
      .seen = state.seen.empty() ? nullptr : device_data<std::uint8_t>(state.seen)};
  cuda::sample(device_data<float>(logits), vocab, options, sampler, workspace.data(), stream(),
               early());
}

}  // namespace salient
