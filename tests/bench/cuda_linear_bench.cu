// SPDX-License-Identifier: Apache-2.0
// Linears on the GPU beside the read bandwidth of the same run and beside cuBLAS FP16:
// cuda_linear_bench [layer [tokens]|all]. Weights are rotated past L2 (copies of a matrix, or the
// layers of a model), launches are captured in one graph, times are medians over its replays.

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <cublas_v2.h>
#include <cuda_fp16.h>

#include "kernels/cuda/attention.h"
#include "kernels/cuda/elementwise.h"
#include "kernels/cuda/launch.h"
#include "kernels/cuda/packed_linear.h"
#include "kernels/cuda/stage_chain.h"
#include "tests/kernels/device_array.h"

using namespace salient::kernels;
using namespace salient::kernels::cuda;
using salient::tests::DeviceArray;

namespace {

__global__ void read_kernel(const uint4* data, std::int64_t count, std::uint32_t* sink) {
  std::uint32_t sum = 0;
  const std::int64_t stride = static_cast<std::int64_t>(gridDim.x) * blockDim.x;
  std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  for (; i + 3 * stride < count; i += 4 * stride) {
    const uint4 a = data[i];
    const uint4 b = data[i + stride];
    const uint4 c = data[i + 2 * stride];
    const uint4 d = data[i + 3 * stride];
    sum ^= a.x ^ a.y ^ a.z ^ a.w ^ b.x ^ b.y ^ b.z ^ b.w;
    sum ^= c.x ^ c.y ^ c.z ^ c.w ^ d.x ^ d.y ^ d.z ^ d.w;
  }
  if (sum == 0x12345678U) *sink = sum;
}

__device__ std::uint32_t hash(std::uint32_t value) {
  value ^= value >> 16;
  value *= 0x7FEB352DU;
  value ^= value >> 15;
  value *= 0x846CA68BU;
  return value ^ value >> 16;
}

__global__ void random_codes(std::uint8_t* codes, std::int64_t count, int bits,
                             std::uint32_t seed) {
  const std::int64_t stride = static_cast<std::int64_t>(gridDim.x) * blockDim.x;
  std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  for (; i < count; i += stride) {
    codes[i] =
        static_cast<std::uint8_t>(hash(static_cast<std::uint32_t>(i) ^ seed) & ((1U << bits) - 1));
  }
}

__global__ void random_halves(__half* values, std::int64_t count, float scale, std::uint32_t seed) {
  const std::int64_t stride = static_cast<std::int64_t>(gridDim.x) * blockDim.x;
  std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  for (; i < count; i += stride) {
    const std::uint32_t bits = hash(static_cast<std::uint32_t>(i) ^ seed);
    values[i] = __float2half(scale * (static_cast<float>(bits & 0xFFFFU) / 32768.0F - 1.0F));
  }
}

__global__ void random_floats(float* values, std::int64_t count, std::uint32_t seed) {
  const std::int64_t stride = static_cast<std::int64_t>(gridDim.x) * blockDim.x;
  std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  for (; i < count; i += stride) {
    values[i] =
        static_cast<float>(hash(static_cast<std::uint32_t>(i) ^ seed) & 0xFFFFU) / 32768.0F - 1.0F;
  }
}

struct Spread {
  double low;
  double median;
  double high;
};

class Timer {
 public:
  Timer() {
    check(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "stream");
    check(cudaEventCreate(&begin_), "event");
    check(cudaEventCreate(&end_), "event");
  }
  cudaStream_t stream() const { return stream_; }

  /// Microseconds per replay of what `body` launches, 10th, 50th and 90th percentile.
  Spread time(const std::function<void(cudaStream_t)>& body) {
    cudaGraph_t graph = nullptr;
    check(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeThreadLocal), "capture");
    body(stream_);
    check(cudaStreamEndCapture(stream_, &graph), "capture");
    cudaGraphExec_t exec = nullptr;
    check(cudaGraphInstantiate(&exec, graph, 0), "graph");
    std::vector<double> times;
    for (int i = 0; i < 33; ++i) {
      check(cudaEventRecord(begin_, stream_), "event");
      check(cudaGraphLaunch(exec, stream_), "graph");
      check(cudaEventRecord(end_, stream_), "event");
      check(cudaStreamSynchronize(stream_), "graph");
      float milliseconds = 0;
      check(cudaEventElapsedTime(&milliseconds, begin_, end_), "event");
      if (i >= 3) times.push_back(1e3 * static_cast<double>(milliseconds));
    }
    cudaGraphExecDestroy(exec);
    cudaGraphDestroy(graph);
    std::sort(times.begin(), times.end());
    return {times[3], times[15], times[27]};
  }

 private:
  cudaStream_t stream_ = nullptr;
  cudaEvent_t begin_ = nullptr;
  cudaEvent_t end_ = nullptr;
};

double read_bandwidth(Timer& timer) {
  const std::int64_t bytes = 4LL << 30;
  DeviceArray<std::uint8_t> data(static_cast<std::size_t>(bytes));
  DeviceArray<std::uint32_t> sink(1);
  random_codes<<<1024, 256, 0, timer.stream()>>>(data.data(), bytes, 8, 3);
  const Spread spread = timer.time([&](cudaStream_t stream) {
    read_kernel<<<132 * 8, 512, 0, stream>>>(reinterpret_cast<const uint4*>(data.data()),
                                             bytes / 16, sink.data());
  });
  return static_cast<double>(bytes) / spread.median * 1e6;
}

/// One matrix with random content.
struct Matrix {
  TiledShape shape;
  std::unique_ptr<DeviceArray<std::uint8_t>> data;

  Matrix(const TiledShape& its, std::uint32_t seed, cudaStream_t stream) : shape(its) {
    const std::int64_t count = shape.out_features * shape.in_features;
    if (shape.bits == 16) {
      data = std::make_unique<DeviceArray<std::uint8_t>>(static_cast<std::size_t>(2 * count));
      random_halves<<<1024, 256, 0, stream>>>(reinterpret_cast<__half*>(data->data()), count, 0.05F,
                                              seed);
      return;
    }
    const std::int64_t groups = shape.out_features * shape.groups();
    DeviceArray<std::uint8_t> codes(static_cast<std::size_t>(count));
    DeviceArray<std::uint8_t> zeros(static_cast<std::size_t>(groups));
    DeviceArray<std::uint16_t> steps(static_cast<std::size_t>(groups));
    random_codes<<<1024, 256, 0, stream>>>(codes.data(), count, shape.bits, seed);
    random_codes<<<1024, 256, 0, stream>>>(zeros.data(), groups, shape.bits, seed + 1);
    random_halves<<<1024, 256, 0, stream>>>(reinterpret_cast<__half*>(steps.data()), groups, 0.01F,
                                            seed + 2);
    data = std::make_unique<DeviceArray<std::uint8_t>>(static_cast<std::size_t>(shape.bytes()));
    pack_tiles(shape, codes.data(), steps.data(), zeros.data(), data->data(), stream);
    check(cudaStreamSynchronize(stream), "packing");
  }
  double bytes() const { return static_cast<double>(data->size()); }
};

/// Activations, outputs and workspace that every problem of a bench shares.
struct Buffers {
  DeviceArray<float> x{128 * 32768};
  DeviceArray<float> norm{32768};
  DeviceArray<float> first{128 * 32768};
  DeviceArray<float> second{128 * 32768};
  DeviceArray<float> third{128 * 32768};
  DeviceArray<std::uint8_t> workspace{512U << 20U};
  DeviceLimits device = device_limits(0);

  explicit Buffers(cudaStream_t stream) {
    random_floats<<<1024, 256, 0, stream>>>(x.data(), 128 * 32768, 5);
    random_floats<<<64, 256, 0, stream>>>(norm.data(), 32768, 6);
    check(cudaMemset(first.data(), 0, first.size() * sizeof(float)), "outputs");
  }
  LinearProblem problem(const float* input, std::int64_t tokens, std::int64_t in_features) {
    LinearProblem problem;
    problem.x = input;
    problem.tokens = tokens;
    problem.in_features = in_features;
    problem.norm_epsilon = 1e-5F;
    problem.workspace = workspace.data();
    problem.workspace_bytes = workspace.size();
    problem.device = device;
    return problem;
  }
};

std::string kind_of(int bits) {
  std::string kind = "W";
  kind.append(std::to_string(bits));
  return kind.append(" ");
}

struct Bench {
  Timer timer;
  Buffers buffers{timer.stream()};
  double bandwidth = read_bandwidth(timer);
  cublasHandle_t cublas = nullptr;

  Bench() {
    cublasCreate(&cublas);
    cublasSetStream(cublas, timer.stream());
  }

  std::vector<std::unique_ptr<Matrix>> copies(const TiledShape& shape, double least_bytes) {
    std::vector<std::unique_ptr<Matrix>> matrices;
    double bytes = 0;
    while (bytes < least_bytes && matrices.size() < 400) {
      matrices.push_back(std::make_unique<Matrix>(
          shape, static_cast<std::uint32_t>(1000 * matrices.size()), timer.stream()));
      bytes += matrices.back()->bytes();
    }
    return matrices;
  }

  void row(const char* name, const char* kind, std::int64_t tokens, double bytes,
           const Spread& time, double count) const {
    const double rate = bytes * count / time.median * 1e6;
    std::printf("| %s | %s | %lld | %.2f (%.2f … %.2f) | %.0f | %.1f %% |\n", name, kind,
                static_cast<long long>(tokens), time.median / count, time.low / count,
                time.high / count, rate * 1e-9, 100 * rate / bandwidth);
    std::fflush(stdout);
  }

  void linear(const char* name, const TiledShape& shape, const std::vector<std::int64_t>& tokens) {
    const auto matrices = copies(shape, 6e8);
    for (const std::int64_t m : tokens) {
      LinearProblem problem = buffers.problem(buffers.x.data(), m, shape.in_features);
      problem.targets[0] = {shape, matrices[0]->data->data(), nullptr, buffers.first.data()};
      for (const LinearVariant& variant : linear_variants()) {
        if (std::string(variant.name) == "plain" || !variant.supports(problem)) continue;
        const std::string kind = kind_of(shape.bits) + variant.name;
        const Spread time = timer.time([&](cudaStream_t stream) {
          for (const auto& matrix : matrices) {
            problem.targets[0].weights = matrix->data->data();
            variant.launch(problem, stream);
          }
        });
        row(name, kind.c_str(), m, matrices[0]->bytes(), time,
            static_cast<double>(matrices.size()));
      }
    }
  }

  /// What a large batch pays before cuBLAS.
  void dequantize(const char* name, const TiledShape& shape) {
    const auto matrices = copies(shape, 6e8);
    DeviceArray<std::uint16_t> half(
        static_cast<std::size_t>(shape.out_features * shape.in_features));
    const Spread time = timer.time([&](cudaStream_t stream) {
      for (const auto& matrix : matrices) {
        dequantize_tiles(shape, matrix->data->data(), half.data(), stream);
      }
    });
    const double bytes = matrices[0]->bytes() + 2.0 * static_cast<double>(half.size());
    row(name, "W4 to half", 0, bytes, time, static_cast<double>(matrices.size()));
  }

  void cublas_linear(const char* name, std::int64_t in, std::int64_t out,
                     const std::vector<std::int64_t>& tokens) {
    const auto matrices = copies(dense_shape(out, in), 6e8);
    DeviceArray<std::uint16_t> x(static_cast<std::size_t>(128 * in));
    DeviceArray<std::uint16_t> y(static_cast<std::size_t>(128 * out));
    to_half(buffers.x.data(), 128 * in, x.data(), timer.stream());
    const float one = 1;
    const float zero = 0;
    for (const std::int64_t m : tokens) {
      const Spread time = timer.time([&](cudaStream_t) {
        for (const auto& matrix : matrices) {
          cublasGemmEx(cublas, CUBLAS_OP_T, CUBLAS_OP_N, static_cast<int>(out), static_cast<int>(m),
                       static_cast<int>(in), &one, matrix->data->data(), CUDA_R_16F,
                       static_cast<int>(in), x.data(), CUDA_R_16F, static_cast<int>(in), &zero,
                       y.data(), CUDA_R_16F, static_cast<int>(out), CUBLAS_COMPUTE_32F,
                       CUBLAS_GEMM_DEFAULT);
        }
      });
      row(name, "FP16 cuBLAS", m, matrices[0]->bytes(), time, static_cast<double>(matrices.size()));
    }
  }

  void layer(const char* name, std::int64_t hidden, std::int64_t kv, std::int64_t intermediate,
             int bits, std::int64_t group, std::int64_t tokens, int layers,
             std::int64_t depth = 128);
};

/// Activations of the attention between the linears, a cache for every layer.
struct Attentions {
  AttentionShape shape;
  std::int64_t capacity;
  std::int64_t depth;
  DeviceArray<float> frequencies;
  DeviceArray<std::int32_t> position;
  DeviceArray<std::uint8_t> workspace;
  DeviceArray<float> out;
  std::vector<std::unique_ptr<DeviceArray<std::uint16_t>>> caches;

  Attentions(const AttentionShape& its, std::int64_t depth_, int layers, cudaStream_t stream)
      : shape(its),
        capacity(depth_ + 16),
        depth(depth_),
        frequencies(std::vector<float>(static_cast<std::size_t>(its.head_dim / 2), 0.01F)),
        position(std::vector{static_cast<std::int32_t>(depth_ - 1)}),
        workspace(std::vector<std::uint8_t>(attention_workspace_bytes(its))),
        out(static_cast<std::size_t>(its.num_heads * its.head_dim)) {
    const std::int64_t count = its.num_kv_heads * capacity * its.head_dim;
    for (int i = 0; i < 2 * layers; ++i) {
      caches.push_back(
          std::make_unique<DeviceArray<std::uint16_t>>(static_cast<std::size_t>(count)));
      random_halves<<<256, 256, 0, stream>>>(reinterpret_cast<__half*>(caches.back()->data()),
                                             count, 1.0F, static_cast<std::uint32_t>(i));
    }
  }
  AttentionProblem problem(std::size_t layer, const float* q, const float* k, const float* v) {
    return {.shape = shape,
            .tokens = 1,
            .q = q,
            .k = k,
            .v = v,
            .inverse_frequencies = frequencies.data(),
            .position = position.data(),
            .keys = caches[2 * layer]->data(),
            .values = caches[2 * layer + 1]->data(),
            .capacity = capacity,
            .cached_bound = depth,
            .out = out.data(),
            .workspace = workspace.data()};
  }
};

/// Clocks of the five stages of a layer, means over layers; over blocks the mean and the most.
void print_stamps(const std::vector<long long>& stamps, int blocks, int stages) {
  const char* names[] = {"qkv", "attention", "o", "gate/up", "down"};
  const auto at = [&](int block, int stage, int what) {
    return stamps[static_cast<std::size_t>((block * stages + stage) * 4 + what)];
  };
  std::printf("stage: clocks of waiting, staging, products, the rest (most of a block)\n");
  for (int kind = 0; kind < 5; ++kind) {
    double mean[4] = {};
    double most[4] = {};
    int count = 0;
    for (int stage = kind + 5; stage + 1 < stages; stage += 5) {
      ++count;
      long long largest[4] = {};
      for (int block = 0; block < blocks; ++block) {
        // Attention is one number, the last.
        const auto begin = [&](int what) { return at(block, stage, kind == 1 ? 0 : what); };
        const long long times[5] = {begin(0), begin(1), begin(2), begin(3),
                                    at(block, stage + 1, 0)};
        for (int i = 0; i < 4; ++i) {
          const long long time = times[i + 1] - times[i];
          mean[i] += static_cast<double>(time) / blocks;
          largest[i] = std::max(largest[i], time);
        }
      }
      for (int i = 0; i < 4; ++i) most[i] += static_cast<double>(largest[i]);
    }
    std::printf("%-10s", names[kind]);
    for (int i = 0; i < 4; ++i) std::printf(" %6.0f (%6.0f)", mean[i] / count, most[i] / count);
    std::printf("\n");
  }
}

/// The stages of each layer, back to back.
struct LayerWeights {
  Matrix q, k, v, o, gate, up, down;
};

void Bench::layer(const char* name, std::int64_t hidden, std::int64_t kv, std::int64_t intermediate,
                  int bits, std::int64_t group, std::int64_t tokens, int layers,
                  std::int64_t depth) {
  const auto shape = [&](std::int64_t out, std::int64_t in) {
    return bits == 16 ? dense_shape(out, in) : TiledShape{bits, out, in, group};
  };
  std::vector<std::unique_ptr<LayerWeights>> weights;
  for (int i = 0; i < layers; ++i) {
    std::uint32_t seed = static_cast<std::uint32_t>(i) * 7919U;
    const auto matrix = [&](std::int64_t out, std::int64_t in) {
      return Matrix(shape(out, in), seed += 17, timer.stream());
    };
    weights.push_back(std::unique_ptr<LayerWeights>(new LayerWeights{
        matrix(hidden, hidden), matrix(kv, hidden), matrix(kv, hidden), matrix(hidden, hidden),
        matrix(intermediate, hidden), matrix(intermediate, hidden), matrix(hidden, intermediate)}));
  }
  const std::int64_t head_dim = hidden < 2048 ? 64 : 128;
  Attentions attentions({hidden / head_dim, kv / head_dim, head_dim}, depth, layers,
                        timer.stream());
  check(cudaStreamSynchronize(timer.stream()), "filling");
  float* residual = buffers.x.data();
  const auto target = [](const Matrix& matrix, float* output) {
    return LinearTarget{matrix.shape, matrix.data->data(), nullptr, output};
  };
  Dependency dependency = Dependency::Programmatic;
  const auto stages_of = [&](unsigned mask) {
    std::vector<ChainStage> stages;
    for (std::size_t i = 0; i < weights.size(); ++i) {
      const LayerWeights* w = weights[i].get();
      LinearProblem qkv = buffers.problem(residual, tokens, hidden);
      qkv.norm_weight = buffers.norm.data();
      qkv.target_count = 3;
      qkv.targets[0] = target(w->q, buffers.first.data());
      qkv.targets[1] = target(w->k, buffers.second.data());
      qkv.targets[2] = target(w->v, buffers.third.data());
      if (mask & 1U) stages.emplace_back(qkv);
      if (mask & 16U) {
        stages.emplace_back(attentions.problem(i, buffers.first.data(), buffers.second.data(),
                                               buffers.third.data()));
      }
      LinearProblem o = buffers.problem(mask & 16U ? attentions.out.data() : buffers.first.data(),
                                        tokens, hidden);
      o.epilogue = Epilogue::AddResidual;
      o.targets[0] = target(w->o, residual);
      if (mask & 2U) stages.emplace_back(o);
      LinearProblem gate_up = buffers.problem(residual, tokens, hidden);
      gate_up.norm_weight = buffers.norm.data();
      gate_up.target_count = 2;
      gate_up.epilogue = Epilogue::SiluGate;
      gate_up.targets[0] = target(w->gate, buffers.second.data());
      gate_up.targets[1] = target(w->up, nullptr);
      if (mask & 4U) stages.emplace_back(gate_up);
      LinearProblem down = buffers.problem(buffers.second.data(), tokens, intermediate);
      down.epilogue = Epilogue::AddResidual;
      down.targets[0] = target(w->down, residual);
      if (mask & 8U) stages.emplace_back(down);
    }
    return stages;
  };
  const auto run = [&](cudaStream_t stream, unsigned mask) {
    for (const ChainStage& stage : stages_of(mask)) {
      if (const auto* linear = std::get_if<LinearProblem>(&stage)) {
        run_linear(*linear, stream);
      } else {
        attention(std::get<AttentionProblem>(stage), stream, dependency);
      }
    }
  };
  const LayerWeights& w = *weights[0];
  const double bytes[4] = {w.q.bytes() + w.k.bytes() + w.v.bytes(), w.o.bytes(),
                           w.gate.bytes() + w.up.bytes(), w.down.bytes()};
  const char* parts[4] = {"- norm + qkv", "- o + residual", "- norm + gate/up + silu",
                          "- down + residual"};
  const std::string kind = kind_of(bits);
  const double all = bytes[0] + bytes[1] + bytes[2] + bytes[3];
  const Spread time = timer.time([&](cudaStream_t stream) { run(stream, 15); });
  row(name, kind.c_str(), tokens, all, time, layers);
  for (unsigned part = 0; part < 4; ++part) {
    const Spread alone = timer.time([&](cudaStream_t stream) { run(stream, 1U << part); });
    row(parts[part], kind.c_str(), tokens, bytes[part], alone, layers);
  }
  if (tokens > 1) return;
  const double cached = 4.0 * static_cast<double>(depth * kv);
  row("- attention", kind.c_str(), tokens, cached,
      timer.time([&](cudaStream_t stream) { run(stream, 16); }), layers);
  row("- whole layer", kind.c_str(), tokens, all + cached,
      timer.time([&](cudaStream_t stream) { run(stream, 31); }), layers);
  const auto chained = [&](const char* label, unsigned mask, double its_bytes) {
    const std::vector<ChainStage> stages = stages_of(mask);
    DeviceArray<std::uint8_t> memory(chain_bytes(stages));
    if (chain_length(stages) < stages.size()) return;
    StageChain chain = plan_chain(stages, memory.data());
    check(cudaMemcpy(memory.data(), chain.image.data(), chain.image.size(), cudaMemcpyHostToDevice),
          "image");
    check(cudaDeviceSynchronize(), "image");
    row(label, kind.c_str(), tokens, its_bytes,
        timer.time([&](cudaStream_t stream) { run_chain(chain, memory.data(), stream); }), layers);
    // The clocks are of blocks that have a share of every stage.
    if (mask != 31 || hidden < 4096) return;
    DeviceArray<long long> stamps(static_cast<std::size_t>(chain.blocks * chain.stages * 4));
    chain.stamps = stamps.data();
    row("  the same with stamps", kind.c_str(), tokens, its_bytes,
        timer.time([&](cudaStream_t stream) { run_chain(chain, memory.data(), stream); }), layers);
    print_stamps(stamps.host(), chain.blocks, chain.stages);
  };
  chained("- whole layer, one chain", 31, all + cached);
  chained("- linears, one chain", 15, all);
  for (unsigned part = 0; part < 4; ++part) {
    chained((std::string(parts[part]) + ", one chain").c_str(), 1U << part, bytes[part]);
  }
  chained("- qkv + attention + o, one chain", 19, cached + bytes[0] + bytes[1]);
}

}  // namespace

int main(int count, char** arguments) {
  int devices = 0;
  if (cudaGetDeviceCount(&devices) != cudaSuccess || devices == 0) {
    std::fprintf(stderr, "no CUDA device\n");
    return 77;
  }
  const std::string what = count > 1 ? arguments[1] : "all";
  Bench bench;
  std::printf("read bandwidth %.0f GB/s\n\n", bench.bandwidth * 1e-9);
  std::printf(
      "| what | how | tokens | µs (10 … 90 %%) | GB/s | of read |\n|---|---|---|---|---|---|\n");
  if (what == "layer" && count > 2) {
    bench.layer("7B layer", 4096, 4096, 11008, 4, 128, std::stoll(arguments[2]), 12);
    return 0;
  }
  if (what == "step") {
    bench.layer("7B layer", 4096, 4096, 11008, 4, 128, 1, 32);
    bench.layer("7B layer, depth 2048", 4096, 4096, 11008, 4, 128, 1, 32, 2048);
    bench.layer("8B layer", 4096, 1024, 14336, 4, 128, 1, 32);
    bench.layer("8B layer, depth 2048", 4096, 1024, 14336, 4, 128, 1, 32, 2048);
    bench.layer("SmolLM2 layer", 576, 192, 1536, 4, 64, 1, 30);
    return 0;
  }
  bench.layer("7B layer", 4096, 4096, 11008, 4, 128, 1, 12);
  bench.layer("8B layer", 4096, 1024, 14336, 4, 128, 1, 12);
  bench.layer("SmolLM2 layer", 576, 192, 1536, 4, 64, 1, 60);
  bench.layer("7B layer", 4096, 4096, 11008, 16, 128, 1, 6);
  if (what == "layer") return 0;
  bench.layer("7B layer", 4096, 4096, 11008, 2, 128, 1, 16);
  bench.layer("7B layer", 4096, 4096, 11008, 3, 128, 1, 16);
  bench.layer("7B layer", 4096, 4096, 11008, 8, 128, 1, 8);
  const std::vector<std::int64_t> tokens = {1, 4, 16, 64, 128};
  struct Shape {
    const char* name;
    std::int64_t in;
    std::int64_t out;
  };
  const Shape shapes[] = {{"4096 x 12288", 4096, 12288}, {"4096 x 4096", 4096, 4096},
                          {"4096 x 22016", 4096, 22016}, {"11008 x 4096", 11008, 4096},
                          {"4096 x 6144", 4096, 6144},   {"14336 x 4096", 14336, 4096},
                          {"576 x 3072", 576, 3072}};
  for (const Shape& shape : shapes) {
    const std::int64_t group = shape.in % 128 == 0 ? 128 : 64;
    bench.linear(shape.name, {4, shape.out, shape.in, group}, tokens);
    bench.dequantize(shape.name, {4, shape.out, shape.in, group});
    bench.cublas_linear(shape.name, shape.in, shape.out, tokens);
  }
  bench.linear("head 4096 x 32000", dense_shape(32000, 4096), {1, 4, 16});
  bench.cublas_linear("head 4096 x 32000", 4096, 32000, {1, 4, 16});
  return 0;
}
