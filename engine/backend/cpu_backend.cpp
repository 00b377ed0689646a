// SPDX-License-Identifier: Apache-2.0
#include "engine/backend/cpu_backend.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fstream>
#include <string>
#include <string_view>

#include <unistd.h>

#include "engine/backend/expect.h"
#include "engine/backend/number_of.h"
#include "kernels/cpu/attention.h"
#include "kernels/cpu/bandwidth.h"
#include "kernels/cpu/elementwise.h"
#include "kernels/cpu/rms_norm.h"

namespace salient {

namespace cpu = kernels::cpu;

namespace {

void expect_linear(const char* stage, const Linear& linear, const Tensor& input,
                   const Tensor& output) {
  const std::int64_t tokens = input.dim(0);
  expect_float32(stage, "input", input, {tokens, in_features(linear)});
  expect_float32(stage, "output", output, {tokens, out_features(linear)});
}

/// What can be had without swapping: pages that only cache files count as free, unlike in
/// _SC_AVPHYS_PAGES.
std::int64_t available_memory() {
  constexpr std::string_view kKey = "MemAvailable:";
  std::ifstream meminfo("/proc/meminfo");
  for (std::string line; std::getline(meminfo, line);) {
    if (!line.starts_with(kKey)) continue;
    const std::size_t digits = line.find_first_of("0123456789");
    std::int64_t kibibytes = 0;
    if (digits == std::string::npos) break;
    std::from_chars(line.data() + digits, line.data() + line.size(), kibibytes);
    return kibibytes * 1024;
  }
  return sysconf(_SC_AVPHYS_PAGES) * sysconf(_SC_PAGESIZE);
}

float* floats(Tensor& tensor) {
  return tensor.as<float>().data();
}
const float* floats(const Tensor& tensor) {
  return tensor.as<float>().data();
}

}  // namespace

CpuBackend::CpuBackend(int threads, cpu::Isa isa)
    : pool_(threads),
      cpu_{pool_, cpu::kernel_table(isa)},
      part_activations_(static_cast<std::size_t>(pool_.size())),
      norms_(static_cast<std::size_t>(pool_.size())) {}

DeviceInfo CpuBackend::device() const {
  const std::int64_t page = sysconf(_SC_PAGESIZE);
  DeviceInfo info;
  info.name = "CPU";
  info.threads = pool_.size();
  info.details = std::string(name_of(cpu_.table.isa)) + ", " + std::to_string(pool_.size()) +
                 (pool_.size() == 1 ? " thread" : " threads");
  info.total_memory = sysconf(_SC_PHYS_PAGES) * page;
  info.free_memory = available_memory();
  return info;
}

double CpuBackend::measure_read_bandwidth(std::int64_t bytes) {
  return cpu::read_bandwidth(cpu_, bytes);
}

double CpuBackend::measure_copy_bandwidth(std::int64_t bytes) {
  return cpu::copy_bandwidth(cpu_, bytes);
}

void CpuBackend::set_activation_precision(ActivationPrecision precision) {
  precision_ = precision;
}

void CpuBackend::embed(const Tensor& table, const Tensor& ids, Tensor& x) {
  expect_float32("embed", "x", x, {ids.size(), table.dim(1)});
  for (const std::int32_t id : ids.as<std::int32_t>()) {
    if (id < 0 || id >= table.dim(0)) throw std::logic_error("embed: id outside the table");
  }
  cpu::embedding(cpu_, table.data(), number_of(table), table.dim(1), ids.as<std::int32_t>().data(),
                 ids.size(), floats(x));
}

void CpuBackend::linear(const Linear& linear, const Tensor& input, Tensor& output) {
  expect_linear("linear", linear, input, output);
  linear_in_stage({&linear, floats(output), cpu::Store::Replace}, input);
}

void CpuBackend::linear_residual(const Linear& linear, const Tensor& input, Tensor& x) {
  expect_linear("linear_residual", linear, input, x);
  linear_in_stage({&linear, floats(x), cpu::Store::Add}, input);
}

const float* CpuBackend::normed_for_all(const RmsNorm& norm, const Tensor& x, Tensor* normed) {
  const std::int64_t tokens = x.dim(0);
  const std::int64_t features = x.dim(1);
  expect_float32("norm", "weight", norm.weight, {features});
  if (normed == nullptr && tokens <= kFewTokens) return nullptr;
  if (normed != nullptr) expect_float32("norm", "normed", *normed, x.shape());
  float* out = normed != nullptr ? floats(*normed)
                                 : normed_.floats(static_cast<std::size_t>(tokens * features));
  cpu::rms_norm(cpu_, floats(x), floats(norm.weight), tokens, features, norm.eps, out);
  return out;
}

const float* CpuBackend::normed_for_part(const RmsNorm& norm, const Tensor& x, const float* all,
                                         int part) {
  if (all != nullptr) return all;
  const std::int64_t features = x.dim(1);
  float* out = norms_[static_cast<std::size_t>(part)].floats(static_cast<std::size_t>(x.size()));
  for (std::int64_t t = 0; t < x.dim(0); ++t) {
    cpu_.table.rms_norm(floats(x) + t * features, floats(norm.weight), features, norm.eps,
                        out + t * features);
  }
  return out;
}

void CpuBackend::norm_linears(const RmsNorm& norm, const Tensor& x,
                              std::span<const LinearTarget> targets, Tensor* normed) {
  for (const LinearTarget& target : targets) {
    expect_linear("norm_linears", target.linear, x, target.output);
  }
  forget_activations();
  const std::int64_t tokens = x.dim(0);
  const float* all = normed_for_all(norm, x, normed);
  if (tokens > kFewTokens) {
    for (const LinearTarget& target : targets) {
      linear_for_many({&target.linear, floats(target.output), cpu::Store::Replace}, all, tokens);
    }
    return;
  }
  pool_.run([&](int part) {
    const float* h = normed_for_part(norm, x, all, part);
    for (const LinearTarget& target : targets) {
      linear_part({&target.linear, floats(target.output), cpu::Store::Replace}, h, tokens, part);
    }
  });
}

void CpuBackend::norm_gate_up(const RmsNorm& norm, const Tensor& x, const Linear& gate,
                              const Linear& up, GatedActivation /*activation*/, Tensor& hidden,
                              Tensor* normed) {
  expect_linear("norm_gate_up gate", gate, x, hidden);
  expect_linear("norm_gate_up up", up, x, hidden);
  forget_activations();
  const std::int64_t tokens = x.dim(0);
  const float* all = normed_for_all(norm, x, normed);
  float* ups = ups_.floats(static_cast<std::size_t>(hidden.size()));
  const LinearCall gate_call{&gate, floats(hidden), cpu::Store::Replace};
  const LinearCall up_call{&up, ups, cpu::Store::Replace};
  if (tokens > kFewTokens) {
    linear_for_many(gate_call, all, tokens);
    linear_for_many(up_call, all, tokens);
    cpu::silu_mul(cpu_, floats(hidden), ups, hidden.size());
    return;
  }
  // A part computes the same outputs of both when both are of one kind.
  const bool fused = gate.index() == up.index();
  pool_.run([&](int part) {
    const float* h = normed_for_part(norm, x, all, part);
    linear_part(gate_call, h, tokens, part);
    linear_part(up_call, h, tokens, part);
    if (fused) activate_part(gate, floats(hidden), ups, tokens, part);
  });
  if (!fused) cpu::silu_mul(cpu_, floats(hidden), ups, hidden.size());
}

void CpuBackend::activate_part(const Linear& gate, float* hidden, const float* up,
                               std::int64_t tokens, int part) {
  const std::int64_t width = out_features(gate);
  const bool packed = std::holds_alternative<PackedLinear>(gate);
  const std::int64_t panel = packed ? kernels::PackedShape::kRows : cpu_.table.panel;
  const cpu::Share own = cpu::outputs_of_part(width, panel, part, pool_.size());
  for (std::int64_t t = 0; t < tokens; ++t) {
    const std::int64_t first = t * width + own.begin;
    cpu_.table.silu_mul(hidden + first, up + first, own.end - own.begin);
  }
}

void CpuBackend::prepare_rotary(const AttentionShape& shape, std::int64_t position,
                                std::int64_t tokens) {
  const std::span<const float> frequencies = shape.inverse_frequencies;
  if (rotary_.position == position && rotary_.tokens == tokens &&
      std::equal(frequencies.begin(), frequencies.end(), rotary_.frequencies.begin(),
                 rotary_.frequencies.end())) {
    return;
  }
  rotary_.frequencies.assign(frequencies.begin(), frequencies.end());
  rotary_.position = position;
  rotary_.tokens = tokens;
  rotary_.cos.clear();
  rotary_.sin.clear();
  for (std::int64_t t = position; t < position + tokens; ++t) {
    for (const float frequency : frequencies) {
      // The angle is a float32 product, as in the models' own code.
      const float angle = static_cast<float>(t) * frequency;
      rotary_.cos.push_back(std::cos(angle));
      rotary_.sin.push_back(std::sin(angle));
    }
  }
}

void CpuBackend::attention(const AttentionShape& shape, Tensor& q, Tensor& k, const Tensor& v,
                           const CachePosition& at, KvLayer& cache, Tensor& out) {
  const std::int64_t tokens = q.dim(0);
  const std::int64_t position = at.first.as<std::int32_t>()[0];
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
  if (static_cast<std::int64_t>(shape.inverse_frequencies.size()) * 2 != shape.head_dim) {
    throw std::logic_error("attention: inverse_frequencies is not half of head_dim");
  }
  prepare_rotary(shape, position, tokens);
  cpu::attention(cpu_, {.q = floats(q),
                        .k = floats(k),
                        .v = floats(v),
                        .tokens = tokens,
                        .num_heads = shape.num_heads,
                        .num_kv_heads = shape.num_kv_heads,
                        .head_dim = shape.head_dim,
                        .cos = rotary_.cos.data(),
                        .sin = rotary_.sin.data(),
                        .position = position,
                        .keys = floats(cache.keys),
                        .values = floats(cache.values),
                        .capacity = capacity,
                        .out = floats(out)});
}

std::unique_ptr<Backend> make_cpu_backend(int threads) {
  return std::make_unique<CpuBackend>(threads, cpu::supported_isas().back());
}

}  // namespace salient
