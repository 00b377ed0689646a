// SPDX-License-Identifier: Apache-2.0
// The decoder stages of a model with SmolLM2-135M's shapes and random weights, without a tokenizer
// or a file: decode_bench [bits] [group] [threads]. Prints tokens per second of decode and prefill
// beside what reading the same bytes alone takes.

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <vector>

#include "engine/backend/backend.h"
#include "kernels/half.h"

using namespace salient;

namespace {

constexpr std::int64_t kHidden = 576;
constexpr std::int64_t kIntermediate = 1536;
constexpr std::int64_t kHeads = 9;
constexpr std::int64_t kKvHeads = 3;
constexpr std::int64_t kHeadDim = 64;
constexpr std::int64_t kBlocks = 30;
constexpr std::int64_t kVocabulary = 49152;
constexpr std::int64_t kCapacity = 2048;

QuantizedMatrix random_matrix(std::int64_t out, std::int64_t in, int bits, std::int64_t group) {
  static std::mt19937 engine(3);
  QuantizedMatrix matrix;
  matrix.scheme = {.bits = bits, .group_size = group};
  matrix.out_features = out;
  matrix.in_features = in;
  matrix.codes.resize(static_cast<std::size_t>(out * in));
  for (auto& code : matrix.codes) code = static_cast<std::uint8_t>(engine() % (1U << bits));
  const auto groups = static_cast<std::size_t>(out * matrix.num_groups());
  matrix.steps.assign(groups, f32_to_f16(0.005F));
  matrix.zero_points.assign(groups, static_cast<std::uint8_t>(1 << (bits - 1)));
  return matrix;
}

struct Layer {
  Linear q, k, v, o, gate, up, down;
  KvLayer cache;
};

struct Model {
  Backend& backend;
  std::vector<Layer> layers;
  Linear head;
  Tensor norm = Tensor(DType::F32, {kHidden});
  std::vector<float> frequencies;
  std::int64_t bytes = 0;

  Model(Backend& on, int bits, std::int64_t group) : backend(on) {
    std::ranges::fill(norm.as<float>(), 1.0F);
    for (int i = 0; i < kHeadDim / 2; ++i) {
      frequencies.push_back(std::pow(1e5F, -2.0F * static_cast<float>(i) / kHeadDim));
    }
    const auto linear = [&](std::int64_t out, std::int64_t in, int width) -> Linear {
      if (width == 16) {
        Tensor weight = Tensor::zeros(DType::F16, {out, in});
        return DenseLinear{weight, Tensor()};
      }
      return backend.pack(random_matrix(out, in, width, width == 8 ? 32 : group), Tensor());
    };
    for (std::int64_t b = 0; b < kBlocks; ++b) {
      layers.push_back({.q = linear(kHidden, kHidden, bits),
                        .k = linear(kKvHeads * kHeadDim, kHidden, bits),
                        .v = linear(kKvHeads * kHeadDim, kHidden, bits),
                        .o = linear(kHidden, kHidden, bits),
                        .gate = linear(kIntermediate, kHidden, bits),
                        .up = linear(kIntermediate, kHidden, bits),
                        .down = linear(kHidden, kIntermediate, bits),
                        .cache = {Tensor::zeros(DType::F32, {kKvHeads, kCapacity, kHeadDim}),
                                  Tensor::zeros(DType::F32, {kKvHeads, kCapacity, kHeadDim})}});
      const Layer& layer = layers.back();
      for (const Linear* each :
           {&layer.q, &layer.k, &layer.v, &layer.o, &layer.gate, &layer.up, &layer.down}) {
        bytes += weight_bytes(*each);
      }
    }
    head = linear(kVocabulary, kHidden, bits == 16 ? 16 : 8);
    bytes += weight_bytes(head);
  }

  void forward(std::int64_t tokens, std::int64_t position) {
    Tensor first = Tensor::zeros(DType::I32, {1});
    first.as<std::int32_t>()[0] = static_cast<std::int32_t>(position);
    Tensor x(DType::F32, {tokens, kHidden});
    std::ranges::fill(x.as<float>(), 0.1F);
    Tensor q(DType::F32, {tokens, kHidden});
    Tensor k(DType::F32, {tokens, kKvHeads * kHeadDim});
    Tensor v(DType::F32, {tokens, kKvHeads * kHeadDim});
    Tensor attended(DType::F32, {tokens, kHidden});
    Tensor hidden(DType::F32, {tokens, kIntermediate});
    const AttentionShape shape{kHeads, kKvHeads, kHeadDim, frequencies};
    for (Layer& layer : layers) {
      const std::array targets = {LinearTarget{layer.q, q}, LinearTarget{layer.k, k},
                                  LinearTarget{layer.v, v}};
      backend.norm_linears({norm, 1e-5F}, x, targets, nullptr);
      backend.attention(shape, q, k, v, {first, position + tokens}, layer.cache, attended);
      backend.linear_residual(layer.o, attended, x);
      backend.norm_gate_up({norm, 1e-5F}, x, layer.gate, layer.up, Activation::Silu, hidden,
                           nullptr);
      backend.linear_residual(layer.down, hidden, x);
    }
    Tensor logits(DType::F32, {1, kVocabulary});
    const std::array targets = {LinearTarget{head, logits}};
    backend.norm_linears({norm, 1e-5F}, x.rows(tokens - 1, tokens), targets, nullptr);
  }
};

double seconds_of(Model& model, std::int64_t tokens, std::int64_t position) {
  const auto start = std::chrono::steady_clock::now();
  model.forward(tokens, position);
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double median_seconds(Model& model, std::int64_t tokens, int passes) {
  std::vector<double> times;
  for (int pass = 0; pass < passes; ++pass) times.push_back(seconds_of(model, tokens, pass));
  std::nth_element(times.begin(), times.begin() + passes / 2, times.end());
  return times[static_cast<std::size_t>(passes / 2)];
}

}  // namespace

int main(int argc, char** argv) {
  const int bits = argc > 1 ? std::atoi(argv[1]) : 4;
  const std::int64_t group = argc > 2 ? std::atoi(argv[2]) : 64;
  const auto backend = make_cpu_backend(argc > 3 ? std::atoi(argv[3]) : 0);
  Model model(*backend, bits, group);
  std::printf("%s: %d bits g%d, %.1f MB a token\n", backend->device().details.c_str(), bits,
              static_cast<int>(group), static_cast<double>(model.bytes) * 1e-6);
  for (const ActivationPrecision precision :
       {ActivationPrecision::Exact, ActivationPrecision::Int8}) {
    const char* name = precision == ActivationPrecision::Exact ? "exact" : "int8";
    backend->set_activation_precision(precision);
    median_seconds(model, 1, 20);
    const double read = backend->measure_read_bandwidth(model.bytes);
    const double decode = median_seconds(model, 1, 200);
    const double rate = static_cast<double>(model.bytes) / decode;
    std::printf("%-6s decode %7.1f tok/s, %5.1f GB/s of %5.1f (%4.1f %%); ", name, 1 / decode,
                rate * 1e-9, read * 1e-9, 100 * rate / read);
    std::printf("prefill of 512 %7.1f tok/s\n", 512 / median_seconds(model, 512, 3));
  }
  return 0;
}
