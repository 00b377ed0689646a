// SPDX-License-Identifier: Apache-2.0
// A chain of stages against the same stages launched one by one, which have their own tests against
// float64.

#include "kernels/cuda/stage_chain.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>

#include <doctest/doctest.h>

#include "tests/kernels/device_array.h"
#include "tests/kernels/random_numbers.h"

using namespace salient::kernels;
using namespace salient::kernels::cuda;
using salient::tests::DeviceArray;
using salient::tests::halves_of;
using salient::tests::normal_floats;

namespace {

struct Case {
  int bits;
  std::int64_t group_size;
  std::int64_t hidden;
  AttentionShape shape;
  std::int64_t intermediate;
  std::int64_t depth;  ///< cached positions with the one of this token

  std::string name() const {
    return "W" + std::to_string(bits) + " g" + std::to_string(group_size) + ", hidden " +
           std::to_string(hidden) + ", heads " + std::to_string(shape.num_heads) + "/" +
           std::to_string(shape.num_kv_heads) + " of " + std::to_string(shape.head_dim) +
           ", intermediate " + std::to_string(intermediate) + ", depth " + std::to_string(depth);
  }
};

/// Random codes whose weights are about normal(0, 1 / sqrt(in)).
struct Weight {
  TiledShape shape;
  DeviceArray<std::uint8_t> tiles;
  DeviceArray<float> bias;

  Weight(const Case& c, std::int64_t out, std::int64_t in, unsigned seed)
      : shape{c.bits, out, in, c.group_size},
        tiles(static_cast<std::size_t>(shape.bytes())),
        bias(normal_floats(static_cast<std::size_t>(out), seed + 1)) {
    const auto count = static_cast<std::size_t>(out * in);
    const auto groups = static_cast<std::size_t>(out * shape.groups());
    const float most = static_cast<float>((1 << c.bits) - 1);
    std::vector<std::uint8_t> codes;
    for (const float value : normal_floats(count, seed)) {
      codes.push_back(
          static_cast<std::uint8_t>(std::clamp((value + 2.0F) / 4.0F, 0.0F, 1.0F) * most + 0.5F));
    }
    std::vector<float> steps(groups, 4.0F / most / std::sqrt(static_cast<float>(in)));
    for (std::size_t i = 0; i < groups; ++i) steps[i] *= 1.0F + 0.1F * static_cast<float>(i % 5);
    const std::vector<std::uint8_t> zeros(groups, static_cast<std::uint8_t>(most / 2));
    const DeviceArray<std::uint8_t> device_codes(codes), device_zeros(zeros);
    const DeviceArray<std::uint16_t> device_steps(halves_of(steps));
    pack_tiles(shape, device_codes.data(), device_steps.data(), device_zeros.data(), tiles.data(),
               nullptr);
    check(cudaDeviceSynchronize(), "packing");
  }
  LinearTarget target(float* output, bool with_bias) const {
    return {shape, tiles.data(), with_bias ? bias.data() : nullptr, output};
  }
};

struct Layer {
  Weight q, k, v, o, gate, up, down;
  Layer(const Case& c, unsigned seed)
      : q(c, c.shape.num_heads * c.shape.head_dim, c.hidden, seed),
        k(c, c.shape.num_kv_heads * c.shape.head_dim, c.hidden, seed + 10),
        v(c, c.shape.num_kv_heads * c.shape.head_dim, c.hidden, seed + 20),
        o(c, c.hidden, c.shape.num_heads * c.shape.head_dim, seed + 30),
        gate(c, c.intermediate, c.hidden, seed + 40),
        up(c, c.intermediate, c.hidden, seed + 50),
        down(c, c.hidden, c.intermediate, seed + 60) {}
};

constexpr int kLayers = 2;

/// Everything that stages write, and the stages themselves.
struct State {
  Case c;
  std::int64_t capacity;
  DeviceArray<float> x, norm, q, k, v, attended, hidden, frequencies;
  DeviceArray<std::int32_t> position;
  DeviceArray<std::uint8_t> workspace;
  std::vector<std::unique_ptr<DeviceArray<std::uint16_t>>> caches;
  std::vector<ChainStage> stages;

  static std::size_t size(std::int64_t count) { return static_cast<std::size_t>(count); }
  State(const Case& its, const std::vector<std::unique_ptr<Layer>>& layers)
      : c(its),
        capacity(its.depth + 3),
        x(normal_floats(size(its.hidden), 1)),
        norm(normal_floats(size(its.hidden), 2)),
        q(size(its.shape.num_heads * its.shape.head_dim)),
        k(size(its.shape.num_kv_heads * its.shape.head_dim)),
        v(k.size()),
        attended(q.size()),
        hidden(size(its.intermediate)),
        frequencies(normal_floats(size(its.shape.head_dim / 2), 3)),
        position(std::vector{static_cast<std::int32_t>(its.depth - 1)}),
        workspace(std::vector<std::uint8_t>(attention_workspace_bytes(its.shape))) {
    const auto count = size(its.shape.num_kv_heads * capacity * its.shape.head_dim);
    for (unsigned i = 0; i < 2 * kLayers; ++i) {
      caches.push_back(
          std::make_unique<DeviceArray<std::uint16_t>>(halves_of(normal_floats(count, 100 + i))));
    }
    for (std::size_t i = 0; i < kLayers; ++i) add(*layers[i], i);
  }
  LinearProblem linear(const float* from, std::int64_t in, bool normed) const {
    LinearProblem problem;
    problem.x = from;
    problem.tokens = 1;
    problem.in_features = in;
    problem.norm_weight = normed ? norm.data() : nullptr;
    problem.norm_epsilon = 1e-5F;
    problem.device = device_limits(0);
    return problem;
  }
  void add(const Layer& layer, std::size_t index) {
    LinearProblem qkv = linear(x.data(), c.hidden, true);
    qkv.target_count = 3;
    qkv.targets[0] = layer.q.target(q.data(), true);
    qkv.targets[1] = layer.k.target(k.data(), false);
    qkv.targets[2] = layer.v.target(v.data(), true);
    stages.emplace_back(qkv);
    stages.emplace_back(AttentionProblem{.shape = c.shape,
                                         .tokens = 1,
                                         .q = q.data(),
                                         .k = k.data(),
                                         .v = v.data(),
                                         .inverse_frequencies = frequencies.data(),
                                         .position = position.data(),
                                         .keys = caches[2 * index]->data(),
                                         .values = caches[2 * index + 1]->data(),
                                         .capacity = capacity,
                                         .cached_bound = c.depth,
                                         .out = attended.data(),
                                         .workspace = workspace.data()});
    LinearProblem o = linear(attended.data(), c.shape.num_heads * c.shape.head_dim, false);
    o.epilogue = Epilogue::AddResidual;
    o.targets[0] = layer.o.target(x.data(), true);
    stages.emplace_back(o);
    LinearProblem gate_up = linear(x.data(), c.hidden, true);
    gate_up.target_count = 2;
    gate_up.epilogue = Epilogue::SiluGate;
    gate_up.targets[0] = layer.gate.target(hidden.data(), false);
    gate_up.targets[1] = layer.up.target(nullptr, false);
    stages.emplace_back(gate_up);
    LinearProblem down = linear(hidden.data(), c.intermediate, false);
    down.epilogue = Epilogue::AddResidual;
    down.targets[0] = layer.down.target(x.data(), false);
    stages.emplace_back(down);
  }
};

void run_one_by_one(const State& state, cudaStream_t stream) {
  for (const ChainStage& stage : state.stages) {
    if (const auto* linear = std::get_if<LinearProblem>(&stage)) {
      run_linear(*linear, stream);
    } else {
      attention(std::get<AttentionProblem>(stage), stream, Dependency::Full);
    }
  }
}

double distance(const std::vector<float>& a, const std::vector<float>& b) {
  double off = 0, size = 0;
  for (std::size_t i = 0; i < b.size(); ++i) {
    off += std::pow(static_cast<double>(a[i]) - static_cast<double>(b[i]), 2);
    size += std::pow(static_cast<double>(b[i]), 2);
  }
  return std::sqrt(off / size);
}

/// Halves that differ, as a share.
double other_halves(const std::vector<std::uint16_t>& a, const std::vector<std::uint16_t>& b) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < b.size(); ++i) {
    const auto gap = std::abs(static_cast<int>(a[i]) - static_cast<int>(b[i]));
    count += gap > 32 ? 1U : 0U;
  }
  return static_cast<double>(count) / static_cast<double>(b.size());
}

void check_case(const Case& c) {
  INFO(c.name());
  std::vector<std::unique_ptr<Layer>> layers;
  for (unsigned i = 0; i < kLayers; ++i) layers.push_back(std::make_unique<Layer>(c, 1000 * i + 7));
  State chained(c, layers), single(c, layers);
  cudaStream_t stream = nullptr;
  check(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "stream");
  DeviceArray<std::uint8_t> memory(chain_bytes(chained.stages));
  REQUIRE(chain_length(chained.stages) == chained.stages.size());
  const StageChain chain = plan_chain(chained.stages, memory.data());
  check(cudaMemcpy(memory.data(), chain.image.data(), chain.image.size(), cudaMemcpyHostToDevice),
        "image");
  check(cudaDeviceSynchronize(), "image");
  // Twice: the first launch leaves its barrier as it found it, and the second reads its cache.
  for (int token = 0; token < 2; ++token) {
    run_chain(chain, memory.data(), stream);
    run_one_by_one(single, stream);
    check(cudaStreamSynchronize(stream), "stages");
    CHECK(distance(chained.x.host(), single.x.host()) < 4e-3);
    CHECK(distance(chained.q.host(), single.q.host()) < 4e-3);
    CHECK(distance(chained.k.host(), single.k.host()) < 4e-3);
    CHECK(distance(chained.v.host(), single.v.host()) < 4e-3);
    CHECK(distance(chained.hidden.host(), single.hidden.host()) < 4e-3);
    for (std::size_t i = 0; i < chained.caches.size(); ++i) {
      CHECK(other_halves(chained.caches[i]->host(), single.caches[i]->host()) < 1e-2);
    }
  }
  check(cudaStreamDestroy(stream), "stream");
}

bool has_chains() {
  if (!salient::tests::has_cuda_device()) return false;
  if (device_limits(0).capability >= 90) return true;
  salient::tests::skip("chains need compute capability 9.0");
  return false;
}

}  // namespace

TEST_CASE("a chain of stages leaves what its stages leave one by one") {
  if (!has_chains()) return;
  for (const int bits : {2, 3, 4, 8}) {
    check_case({bits, 128, 512, {4, 4, 128}, 1408, 40});
    check_case({bits, 64, 576, {9, 3, 64}, 1536, 100});
    check_case({bits, 32, 416, {6, 2, 64}, 352, 7});
  }
  check_case({4, 128, 4096, {32, 32, 128}, 11008, 300});
  check_case({4, 1 << 20, 1024, {8, 2, 128}, 3000, 1500});
  check_case({4, 128, 256, {2, 1, 128}, 128, 1});
  check_case({4, 128, 256, {2, 1, 128}, 20480, 8});
  for (const std::int64_t depth : {8, 9, 127, 128, 129, 256, 257, 511, 513, 2000}) {
    check_case({4, 128, 512, {4, 2, 128}, 512, depth});
    check_case({4, 64, 320, {5, 5, 64}, 512, depth});
  }
}

TEST_CASE("a chain ends before what it cannot do") {
  if (!has_chains()) return;
  const Case c = {4, 128, 256, {2, 2, 128}, 256, 5};
  std::vector<std::unique_ptr<Layer>> layers;
  for (unsigned i = 0; i < kLayers; ++i) layers.push_back(std::make_unique<Layer>(c, i));
  const State state(c, layers);
  CHECK(chain_length(state.stages) == 10);
  CHECK(chain_length({}) == 0);
  const std::span<const ChainStage> stages = state.stages;
  CHECK(chain_length(stages.first(2)) == 1);
  CHECK(chain_length(stages.subspan(1)) == 0);
  auto two_tokens = state.stages;
  std::get<LinearProblem>(two_tokens[0]).tokens = 2;
  CHECK(chain_length(two_tokens) == 0);
  auto other_width = state.stages;
  std::get<LinearProblem>(other_width[3]).targets[0].shape.bits = 8;
  CHECK(chain_length(other_width) == 3);
  auto other_reader = state.stages;
  std::get<LinearProblem>(other_reader[7]).targets[0].shape.bits = 8;
  CHECK(chain_length(other_reader) == 6);
  auto other_position = state.stages;
  std::get<AttentionProblem>(other_position[6]).position = nullptr;
  CHECK(chain_length(other_position) == 6);
}
