// SPDX-License-Identifier: Apache-2.0
// Attention on the card, in graphs of one launch a layer, every layer with a cache of its own so
// that depths beyond the L2 are read from memory: microseconds a layer, and the cache's bytes as a
// share of the read bandwidth that the same run measures. Prefill in TFLOP/s of the visible half.

#include <algorithm>
#include <array>
#include <cstdio>
#include <functional>
#include <memory>
#include <vector>

#include "kernels/cuda/attention.h"
#include "kernels/cuda/bandwidth.h"
#include "kernels/cuda/elementwise.h"
#include "kernels/cuda/rms_norm.h"
#include "kernels/cuda/sampler.h"
#include "tests/kernels/device_array.h"
#include "tests/kernels/random_numbers.h"

using namespace salient::kernels::cuda;
using salient::tests::DeviceArray;
using salient::tests::normal_floats;

namespace {

constexpr std::int64_t kMaxLayers = 64;
constexpr std::int64_t kBeyondCache = 256LL << 20;
constexpr int kReplays = 15;

struct Model {
  const char* name;
  AttentionShape shape;
};

constexpr std::array kModels = {Model{"7B   32/32x128", {32, 32, 128}},
                                Model{"8B   32/8x128", {32, 8, 128}},
                                Model{"135M 9/3x64", {9, 3, 64}}};

class Stream {
 public:
  Stream() { check(cudaStreamCreate(&stream_), "cudaStreamCreate"); }
  ~Stream() { cudaStreamDestroy(stream_); }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  cudaStream_t get() const { return stream_; }

 private:
  cudaStream_t stream_ = nullptr;
};

/// Median microseconds of one replay of what `record` launches.
double graph_microseconds(cudaStream_t stream, const std::function<void()>& record) {
  cudaGraph_t graph = nullptr;
  cudaGraphExec_t replay = nullptr;
  check(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal), "capture");
  record();
  check(cudaStreamEndCapture(stream, &graph), "capture");
  check(cudaGraphInstantiate(&replay, graph, 0), "instantiate");
  cudaEvent_t begin = nullptr;
  cudaEvent_t end = nullptr;
  check(cudaEventCreate(&begin), "event");
  check(cudaEventCreate(&end), "event");
  check(cudaGraphLaunch(replay, stream), "replay");
  std::array<float, kReplays> times{};
  for (float& time : times) {
    check(cudaEventRecord(begin, stream), "event");
    check(cudaGraphLaunch(replay, stream), "replay");
    check(cudaEventRecord(end, stream), "event");
    check(cudaEventSynchronize(end), "replay");
    check(cudaEventElapsedTime(&time, begin, end), "event");
  }
  std::sort(times.begin(), times.end());
  cudaEventDestroy(begin);
  cudaEventDestroy(end);
  cudaGraphExecDestroy(replay);
  cudaGraphDestroy(graph);
  return 1e3 * static_cast<double>(times[kReplays / 2]);
}

/// Buffers of `layers` layers, caches and activations random.
struct Layers {
  Layers(const AttentionShape& shape, std::int64_t tokens, std::int64_t depth, std::int64_t layers)
      : capacity(depth + 8),
        q(normal_floats(static_cast<std::size_t>(tokens * shape.num_heads * shape.head_dim), 1)),
        k(normal_floats(static_cast<std::size_t>(tokens * shape.num_kv_heads * shape.head_dim), 2)),
        frequencies(normal_floats(static_cast<std::size_t>(shape.head_dim / 2), 3)),
        position(std::vector{static_cast<std::int32_t>(depth - tokens)}),
        out(q.size()),
        workspace(std::vector<std::uint8_t>(attention_workspace_bytes(shape))) {
    const auto size = static_cast<std::size_t>(shape.num_kv_heads * capacity * shape.head_dim);
    const auto halves = salient::tests::halves_of(normal_floats(size, 4));
    for (std::int64_t layer = 0; layer < 2 * layers; ++layer) {
      caches.push_back(std::make_unique<DeviceArray<std::uint16_t>>(halves));
    }
    problem = {.shape = shape,
               .tokens = tokens,
               .q = q.data(),
               .k = k.data(),
               .v = k.data(),
               .inverse_frequencies = frequencies.data(),
               .position = position.data(),
               .keys = nullptr,
               .values = nullptr,
               .capacity = capacity,
               .cached_bound = depth,
               .out = out.data(),
               .workspace = workspace.data()};
  }
  void record(cudaStream_t stream) {
    for (std::size_t layer = 0; layer < caches.size(); layer += 2) {
      problem.keys = caches[layer]->data();
      problem.values = caches[layer + 1]->data();
      attention(problem, stream, Dependency::Programmatic);
    }
  }

  std::int64_t capacity;
  DeviceArray<float> q;
  DeviceArray<float> k;
  DeviceArray<float> frequencies;
  DeviceArray<std::int32_t> position;
  DeviceArray<float> out;
  DeviceArray<std::uint8_t> workspace;
  std::vector<std::unique_ptr<DeviceArray<std::uint16_t>>> caches;
  AttentionProblem problem = {};
};

void bench_decode(const Model& model, std::int64_t depth, double read, cudaStream_t stream) {
  const double bytes =
      4.0 * static_cast<double>(depth * model.shape.num_kv_heads * model.shape.head_dim);
  const std::int64_t layers = std::clamp<std::int64_t>(
      static_cast<std::int64_t>(static_cast<double>(kBeyondCache) / bytes), 8, kMaxLayers);
  Layers buffers(model.shape, 1, depth, layers);
  const double time =
      graph_microseconds(stream, [&] { buffers.record(stream); }) / static_cast<double>(layers);
  const double speed = bytes / time * 1e6;
  std::printf("| %-15s | %6lld | %7.2f | %7.0f | %5.1f %% |\n", model.name,
              static_cast<long long>(depth), time, speed * 1e-9, 100 * speed / read);
}

void bench_prefill(const Model& model, std::int64_t tokens, cudaStream_t stream) {
  constexpr std::int64_t kLayers = 4;
  Layers buffers(model.shape, tokens, tokens, kLayers);
  const double time =
      graph_microseconds(stream, [&] { buffers.record(stream); }) / static_cast<double>(kLayers);
  const double operations =
      2.0 * static_cast<double>(tokens * tokens * model.shape.num_heads * model.shape.head_dim);
  std::printf("| %-15s | %6lld | %8.1f | %6.0f |\n", model.name, static_cast<long long>(tokens),
              time, operations / time * 1e-6);
}

/// The small stages of a decode step, a chain of 64 each.
void bench_small(cudaStream_t stream) {
  constexpr std::int64_t kFeatures = 4096;
  constexpr std::int64_t kVocab = 128256;
  constexpr int kChain = 64;
  DeviceArray<float> x(normal_floats(kFeatures, 1));
  DeviceArray<float> logits(normal_floats(kVocab, 2, 3));
  DeviceArray<std::uint16_t> halves(kFeatures);
  DeviceArray<std::int32_t> numbers(std::vector<std::int32_t>(64));
  DeviceArray<std::uint32_t> generated(std::vector<std::uint32_t>(1));
  DeviceArray<std::uint64_t> draws(std::vector<std::uint64_t>(1));
  DeviceArray<std::uint8_t> seen{std::vector<std::uint8_t>(kVocab)};
  DeviceArray<std::uint8_t> workspace(std::vector<std::uint8_t>(sampler_workspace_bytes(kVocab)));
  const SamplerState state = {numbers.data(),   numbers.data() + 1, numbers.data() + 2, 32,
                              generated.data(), draws.data(),       seen.data()};
  const auto show = [&](const char* name, const std::function<void()>& one) {
    const double time = graph_microseconds(stream, [&] {
      for (int i = 0; i < kChain; ++i) one();
    });
    std::printf("| %-28s | %6.2f |\n", name, time / kChain);
  };
  show("rms_norm 4096", [&] {
    rms_norm(x.data(), x.data(), 1, kFeatures, 1e-5F, nullptr, halves.data(), stream,
             Dependency::Programmatic);
  });
  show("add 4096", [&] { add(x.data(), x.data(), kFeatures, stream, Dependency::Programmatic); });
  const auto sampled = [&](std::int64_t vocab, const SamplerOptions& options) {
    sample(logits.data(), vocab, options, state, workspace.data(), stream,
           Dependency::Programmatic);
  };
  const SamplerOptions plain = {.temperature = 0.8F};
  const SamplerOptions cut = {
      .temperature = 0.8F, .top_k = 40, .top_p = 0.95, .min_p = 0.05, .repetition_penalty = 1.1F};
  show("greedy of 32000", [&] { sampled(32000, {}); });
  show("greedy of 128256", [&] { sampled(kVocab, {}); });
  show("temperature, of 32000", [&] { sampled(32000, plain); });
  show("temperature, of 128256", [&] { sampled(kVocab, plain); });
  show("all cuts and penalty, 32000", [&] { sampled(32000, cut); });
  show("all cuts and penalty, 128256", [&] { sampled(kVocab, cut); });
}

}  // namespace

int main() {
  int count = 0;
  if (cudaGetDeviceCount(&count) != cudaSuccess || count == 0) {
    std::puts("no CUDA device");
    return 0;
  }
  const Stream stream;
  double read = 0;
  {
    DeviceArray<std::uint8_t> buffer(std::size_t{2} << 30);
    read = read_bandwidth(buffer.data(), buffer.size(), stream.get());
    const double copied = copy_bandwidth(buffer.data(), buffer.size(), stream.get());
    std::printf("read %.0f GB/s, copy %.0f GB/s\n\n", read * 1e-9, copied * 1e-9);
  }
  std::puts("| decode          |  depth | us/layer|    GB/s | of read |");
  for (const Model& model : kModels) {
    for (const std::int64_t depth : {128, 256, 512, 2048, 8192}) {
      bench_decode(model, depth, read, stream.get());
    }
  }
  std::puts("\n| prefill         | tokens | us/layer | TFLOP/s |");
  for (const Model& model : kModels) {
    for (const std::int64_t tokens : {512, 2048}) bench_prefill(model, tokens, stream.get());
  }
  std::puts("\n| in a chain of 64             |     us |");
  bench_small(stream.get());
  return 0;
}
