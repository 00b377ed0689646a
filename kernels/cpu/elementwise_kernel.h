// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>

#include "kernels/cpu/elementwise.h"
#include "kernels/cpu/tile.h"

namespace salient::kernels::cpu {

/// e^x to about one unit in the last place; 0 below -87, e^88 above 88.
template <class S>
typename S::Vec exponential(typename S::Vec x) {
  using Vec = typename S::Vec;
  x = S::max(S::min(x, S::set(88.0F)), S::set(-87.0F));
  const Vec n = S::round(S::mul(x, S::set(1.44269504088896341F)));
  // ln 2 in two parts, so that x - n ln 2 is exact to float32.
  Vec r = S::fma(n, S::set(-0.693359375F), x);
  r = S::fma(n, S::set(2.12194440e-4F), r);
  Vec p = S::set(1.9875691500e-4F);
  p = S::fma(p, r, S::set(1.3981999507e-3F));
  p = S::fma(p, r, S::set(8.3334519073e-3F));
  p = S::fma(p, r, S::set(4.1665795894e-2F));
  p = S::fma(p, r, S::set(1.6666665459e-1F));
  p = S::fma(p, r, S::set(5.0000001201e-1F));
  p = S::add(S::fma(p, S::mul(r, r), r), S::set(1.0F));
  return S::mul(p, S::exp2_int(n));
}

template <class S>
void silu_mul_kernel(float* gate, const float* up, std::int64_t count) {
  for (std::int64_t i = 0; i < count; i += S::kLanes) {
    const int n = static_cast<int>(std::min<std::int64_t>(S::kLanes, count - i));
    const typename S::Vec x = S::load(gate + i, n);
    const typename S::Vec below = S::add(S::set(1.0F), exponential<S>(S::sub(S::zero(), x)));
    S::store(gate + i, S::mul(S::div(x, below), S::load(up + i, n)), n);
  }
}

/// x / (1 + e^-y) for the two activations that are one.
template <class S>
typename S::Vec gated_by(typename S::Vec x, typename S::Vec y) {
  const typename S::Vec below = S::add(S::set(1.0F), exponential<S>(S::sub(S::zero(), y)));
  return S::div(x, below);
}

/// x · Φ(x); Φ by Abramowitz and Stegun 7.1.26, whose error is below 1.5e-7.
template <class S>
typename S::Vec gelu_erf(typename S::Vec x) {
  using Vec = typename S::Vec;
  const Vec z = S::mul(S::abs(x), S::set(0.70710678118654752F));
  const Vec t = S::div(S::set(1.0F), S::fma(z, S::set(0.3275911F), S::set(1.0F)));
  Vec p = S::set(1.061405429F);
  p = S::fma(p, t, S::set(-1.453152027F));
  p = S::fma(p, t, S::set(1.421413741F));
  p = S::fma(p, t, S::set(-0.284496736F));
  p = S::fma(p, t, S::set(0.254829592F));
  const Vec tail = S::mul(S::mul(p, t), exponential<S>(S::sub(S::zero(), S::mul(z, z))));
  const Vec half = S::mul(S::set(0.5F), S::abs(x));
  return S::sub(S::max(x, S::zero()), S::mul(half, tail));
}

template <class S>
typename S::Vec activated(ActivationFunction function, typename S::Vec x) {
  using Vec = typename S::Vec;
  switch (function) {
    case ActivationFunction::Silu:
      return gated_by<S>(x, x);
    case ActivationFunction::Relu:
      return S::max(x, S::zero());
    case ActivationFunction::GeluErf:
      return gelu_erf<S>(x);
    case ActivationFunction::GeluTanh: {
      // (1 + tanh u) / 2 = 1 / (1 + e^-2u), u = sqrt(2 / π) · (x + 0.044715 x³).
      const Vec inner = S::fma(S::mul(S::mul(x, x), x), S::set(0.044715F), x);
      return gated_by<S>(x, S::mul(inner, S::set(1.5957691216057308F)));
    }
  }
  return x;
}

template <class S>
void activate_kernel(ActivationFunction function, float* x, const float* factor,
                     std::int64_t count) {
  for (std::int64_t i = 0; i < count; i += S::kLanes) {
    const int n = static_cast<int>(std::min<std::int64_t>(S::kLanes, count - i));
    const typename S::Vec y = activated<S>(function, S::load(x + i, n));
    S::store(x + i, factor == nullptr ? y : S::mul(y, S::load(factor + i, n)), n);
  }
}

/// x = cap · tanh(x / cap), as cap - 2 cap / (1 + e^(2x / cap)).
template <class S>
void soft_cap_kernel(float* x, float cap, std::int64_t count) {
  for (std::int64_t i = 0; i < count; i += S::kLanes) {
    const int n = static_cast<int>(std::min<std::int64_t>(S::kLanes, count - i));
    const typename S::Vec e = exponential<S>(S::mul(S::load(x + i, n), S::set(2.0F / cap)));
    const typename S::Vec drop = S::div(S::set(2.0F * cap), S::add(S::set(1.0F), e));
    S::store(x + i, S::sub(S::set(cap), drop), n);
  }
}

template <class S>
void add_kernel(float* x, const float* y, std::int64_t count) {
  for (std::int64_t i = 0; i < count; i += S::kLanes) {
    const int n = static_cast<int>(std::min<std::int64_t>(S::kLanes, count - i));
    S::store(x + i, S::add(S::load(x + i, n), S::load(y + i, n)), n);
  }
}

template <class S>
void convert_kernel(const void* source, Number number, std::int64_t count, float* out) {
  std::int64_t i = 0;
  for (; i + S::kLanes <= count; i += S::kLanes) {
    S::store(out + i, load_number<S>(source, number, i));
  }
  for (; i < count; ++i) out[i] = number_at(source, number, i);
}

template <class S>
void rms_norm_kernel(const float* x, const float* weight, std::int64_t features, float eps,
                     float* out) {
  typename S::Vec squares = S::zero();
  for (std::int64_t i = 0; i < features; i += S::kLanes) {
    const auto n = static_cast<int>(std::min<std::int64_t>(S::kLanes, features - i));
    const typename S::Vec v = S::load(x + i, n);
    squares = S::fma(v, v, squares);
  }
  const float mean = S::sum(squares) / static_cast<float>(features);
  const typename S::Vec factor = S::set(1.0F / __builtin_sqrtf(mean + eps));
  for (std::int64_t i = 0; i < features; i += S::kLanes) {
    const auto n = static_cast<int>(std::min<std::int64_t>(S::kLanes, features - i));
    const typename S::Vec normed = S::mul(S::load(x + i, n), factor);
    S::store(out + i, S::mul(normed, S::load(weight + i, n)), n);
  }
}

/// Two passes, so that a large mean costs no digits.
template <class S>
void layer_norm_kernel(const float* x, const float* weight, const float* bias,
                       std::int64_t features, float eps, float* out) {
  using Vec = typename S::Vec;
  const auto width = [&](std::int64_t i) {
    return static_cast<int>(std::min<std::int64_t>(S::kLanes, features - i));
  };
  Vec total = S::zero();
  for (std::int64_t i = 0; i < features; i += S::kLanes) {
    total = S::add(total, S::load(x + i, width(i)));
  }
  const Vec mean = S::set(S::sum(total) / static_cast<float>(features));
  Vec squares = S::zero();
  for (std::int64_t i = 0; i < features; i += S::kLanes) {
    const Vec v = S::keep(S::sub(S::load(x + i, width(i)), mean), S::zero(), width(i));
    squares = S::fma(v, v, squares);
  }
  const float variance = S::sum(squares) / static_cast<float>(features);
  const Vec factor = S::set(1.0F / __builtin_sqrtf(variance + eps));
  for (std::int64_t i = 0; i < features; i += S::kLanes) {
    const Vec normed = S::mul(S::sub(S::load(x + i, width(i)), mean), factor);
    const Vec scaled = S::mul(normed, S::load(weight + i, width(i)));
    S::store(out + i, bias == nullptr ? scaled : S::add(scaled, S::load(bias + i, width(i))),
             width(i));
  }
}

template <class S>
void magnitude_kernel(const float* x, std::int64_t tokens, std::int64_t n, std::int64_t begin,
                      std::int64_t end, double* sum, float* max) {
  for (std::int64_t i = begin; i < end; i += S::kLanes) {
    const auto count = static_cast<int>(std::min<std::int64_t>(S::kLanes, end - i));
    double sums[std::size_t{S::kLanes}] = {};
    std::copy_n(sum + i, count, sums);
    typename S::Vec most = S::load(max + i, count);
    for (std::int64_t t = 0; t < tokens; ++t) {
      const typename S::Vec v = S::abs(S::load(x + t * n + i, count));
      S::add_to(sums, v);
      most = S::max(v, most);
    }
    std::copy_n(sums, count, sum + i);
    S::store(max + i, most, count);
  }
}

template <class S>
float read_blocks(const float* data, std::int64_t blocks) {
  constexpr int kFloats = 64;
  typename S::Vec least[4] = {S::zero(), S::zero(), S::zero(), S::zero()};
  for (std::int64_t block = 0; block < blocks; ++block, data += kFloats) {
    for (int i = 0; i < kFloats / S::kLanes; ++i) {
      least[i % 4] = S::min(S::load(data + i * S::kLanes), least[i % 4]);
    }
  }
  return S::sum(S::min(S::min(least[0], least[1]), S::min(least[2], least[3])));
}

/// Independent chains in registers, no memory: the rate no product can pass.
template <class S>
double fma_loop(std::int64_t rounds, float* sink) {
  constexpr int kChains = S::kTileRows * 3;
  typename S::Vec sums[std::size_t{kChains}];
  for (int i = 0; i < kChains; ++i) sums[i] = S::set(static_cast<float>(i));
  const typename S::Vec x = S::set(sink[0]);
  const typename S::Vec y = S::set(sink[1]);
  for (std::int64_t round = 0; round < rounds; ++round) {
#pragma GCC unroll 24
    for (int i = 0; i < kChains; ++i) sums[i] = S::fma(x, y, sums[i]);
  }
  for (int i = 1; i < kChains; ++i) sums[0] = S::add(sums[0], sums[i]);
  sink[0] = S::sum(sums[0]);
  return 2.0 * static_cast<double>(rounds) * kChains * S::kLanes;
}

}  // namespace salient::kernels::cpu
