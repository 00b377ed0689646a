// SPDX-License-Identifier: Apache-2.0
// Attention of CpuBackend: rotary tables, position biases, and the call of the kernel.

#include <algorithm>
#include <cmath>
#include <string>

#include "engine/backend/cpu_backend.h"
#include "engine/backend/expect.h"
#include "kernels/cpu/attention.h"
#include "kernels/half.h"

namespace salient {

namespace cpu = kernels::cpu;

namespace {

float rounded_to_bfloat16(float value) {
  return bf16_to_f32(f32_to_bf16(value));
}

float score_scale(const AttentionShape& shape) {
  if (shape.score_scale != 0) return shape.score_scale;
  return 1.0F / std::sqrt(static_cast<float>(shape.head_dim));
}

/// [num_heads, keys] what AlibiForm::RoundedPosition adds.
void fill_position_biases(const AttentionShape& shape, std::int64_t keys,
                          std::vector<float>& biases) {
  biases.clear();
  for (const float slope : shape.alibi_slopes) {
    const float rounded = rounded_to_bfloat16(slope);
    for (std::int64_t key = 0; key < keys; ++key) {
      biases.push_back(score_scale(shape) * rounded_to_bfloat16(rounded * static_cast<float>(key)));
    }
  }
}

void check_shapes(const AttentionShape& shape, const Tensor& q, const Tensor& k, const Tensor& v,
                  std::int64_t position, const KvLayer& cache, const Tensor& out) {
  const std::int64_t tokens = q.dim(0);
  const std::int64_t capacity = cache.keys.dim(1);
  const Shape all_heads = {tokens, shape.num_heads * shape.head_dim};
  const Shape key_heads = {tokens, shape.num_kv_heads * shape.head_dim};
  const Shape cached = {shape.num_kv_heads, capacity, shape.head_dim};
  expect_float32("attention", "q", q, all_heads);
  expect_float32("attention", "k", k, key_heads);
  expect_float32("attention", "v", v, key_heads);
  expect_float32("attention", "out", out, all_heads);
  expect_float32("attention", "keys", cache.keys, cached);
  expect_float32("attention", "values", cache.values, cached);
  if (position < 0 || position + tokens > capacity) {
    throw std::logic_error("attention: positions to " + std::to_string(position + tokens) +
                           ", the cache holds " + std::to_string(capacity));
  }
  if (static_cast<std::int64_t>(shape.inverse_frequencies.size()) * 2 > shape.head_dim) {
    throw std::logic_error("attention: inverse_frequencies is more than half of head_dim");
  }
  const auto slopes = static_cast<std::int64_t>(shape.alibi_slopes.size());
  if (slopes != 0 && slopes != shape.num_heads) {
    throw std::logic_error("attention: alibi_slopes is not one per head");
  }
}

}  // namespace

const CpuBackend::Rotary& CpuBackend::prepare_rotary(const AttentionShape& shape,
                                                     std::int64_t position, std::int64_t tokens) {
  const std::span<const float> frequencies = shape.inverse_frequencies;
  for (const Rotary& known : rotary_) {
    if (known.position == position && known.tokens == tokens &&
        known.magnitude == shape.rotary_magnitude &&
        std::equal(frequencies.begin(), frequencies.end(), known.frequencies.begin(),
                   known.frequencies.end())) {
      return known;
    }
  }
  std::swap(rotary_[0], rotary_[1]);
  Rotary& rotary = rotary_[0];
  rotary.frequencies.assign(frequencies.begin(), frequencies.end());
  rotary.magnitude = shape.rotary_magnitude;
  rotary.position = position;
  rotary.tokens = tokens;
  rotary.cos.clear();
  rotary.sin.clear();
  for (std::int64_t t = position; t < position + tokens; ++t) {
    for (const float frequency : frequencies) {
      // The angle is a float32 product, as in the models' own code.
      const float angle = static_cast<float>(t) * frequency;
      rotary.cos.push_back(std::cos(angle) * rotary.magnitude);
      rotary.sin.push_back(std::sin(angle) * rotary.magnitude);
    }
  }
  return rotary;
}

void CpuBackend::attention(const AttentionShape& shape, Tensor& q, Tensor& k, const Tensor& v,
                           const CachePosition& at, KvLayer& cache, Tensor& out) {
  const std::int64_t tokens = q.dim(0);
  const std::int64_t position = at.first.as<std::int32_t>()[0];
  check_shapes(shape, q, k, v, position, cache, out);
  const Rotary& rotary = prepare_rotary(shape, position, tokens);
  const bool alibi = !shape.alibi_slopes.empty();
  const bool rounded = alibi && shape.alibi_form == AlibiForm::RoundedPosition;
  if (rounded) fill_position_biases(shape, position + tokens, position_biases_);
  cpu::attention(cpu_, {.q = q.as<float>().data(),
                        .k = k.as<float>().data(),
                        .v = v.as<float>().data(),
                        .tokens = tokens,
                        .num_heads = shape.num_heads,
                        .num_kv_heads = shape.num_kv_heads,
                        .head_dim = shape.head_dim,
                        .rotated = static_cast<std::int64_t>(shape.inverse_frequencies.size()) * 2,
                        .cos = rotary.cos.data(),
                        .sin = rotary.sin.data(),
                        .scale = score_scale(shape),
                        .cap = shape.score_cap,
                        .window = shape.window,
                        .slopes = alibi && !rounded ? shape.alibi_slopes.data() : nullptr,
                        .biases = rounded ? position_biases_.data() : nullptr,
                        .position = position,
                        .keys = cache.keys.as<float>().data(),
                        .values = cache.values.as<float>().data(),
                        .capacity = cache.keys.dim(1),
                        .out = out.as<float>().data()});
}

}  // namespace salient
