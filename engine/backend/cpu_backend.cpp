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

const float* bias_of(const Norm& norm) {
  return norm.bias == nullptr ? nullptr : norm.bias->as<float>().data();
}

cpu::ActivationFunction function_of(Activation activation) {
  switch (activation) {
    case Activation::Silu:
      return cpu::ActivationFunction::Silu;
    case Activation::Relu:
      return cpu::ActivationFunction::Relu;
    case Activation::GeluErf:
      return cpu::ActivationFunction::GeluErf;
    case Activation::GeluTanh:
      return cpu::ActivationFunction::GeluTanh;
  }
  return cpu::ActivationFunction::Silu;
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

const float* CpuBackend::normed_for_all(const Norm& norm, const Tensor& x, Tensor* normed) {
  const std::int64_t tokens = x.dim(0);
  const std::int64_t features = x.dim(1);
  expect_float32("norm", "weight", norm.weight, {features});
  if (normed == nullptr && tokens <= kFewTokens) return nullptr;
  if (normed != nullptr) expect_float32("norm", "normed", *normed, x.shape());
  float* out = normed != nullptr ? floats(*normed)
                                 : normed_.floats(static_cast<std::size_t>(tokens * features));
  normalize_rows(norm, floats(x), tokens, features, out);
  return out;
}

void CpuBackend::normalize_rows(const Norm& norm, const float* x, std::int64_t tokens,
                                std::int64_t features, float* out) {
  const float* weight = floats(norm.weight);
  if (norm.kind == NormKind::Rms) {
    cpu::rms_norm(cpu_, x, weight, tokens, features, norm.eps, out);
  } else {
    cpu::layer_norm(cpu_, x, weight, bias_of(norm), tokens, features, norm.eps, out);
  }
}

void CpuBackend::normalize(const Norm& norm, const Tensor& x, Tensor& out) {
  expect_float32("normalize", "weight", norm.weight, {x.dim(1)});
  expect_float32("normalize", "out", out, x.shape());
  normalize_rows(norm, floats(x), x.dim(0), x.dim(1), floats(out));
}

void CpuBackend::norm_row(const Norm& norm, const float* x, float* out) const {
  const float* weight = floats(norm.weight);
  if (norm.kind == NormKind::Rms) {
    cpu_.table.rms_norm(x, weight, norm.weight.size(), norm.eps, out);
  } else {
    cpu_.table.layer_norm(x, weight, bias_of(norm), norm.weight.size(), norm.eps, out);
  }
}

const float* CpuBackend::normed_for_part(const Norm& norm, const Tensor& x, const float* all,
                                         int part) {
  if (all != nullptr) return all;
  const std::int64_t features = x.dim(1);
  float* out = norms_[static_cast<std::size_t>(part)].floats(static_cast<std::size_t>(x.size()));
  for (std::int64_t t = 0; t < x.dim(0); ++t) {
    norm_row(norm, floats(x) + t * features, out + t * features);
  }
  return out;
}

void CpuBackend::norm_linears(const Norm& norm, const Tensor& x,
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

void CpuBackend::norm_gate_up(const Norm& norm, const Tensor& x, const Linear& gate,
                              const Linear& up, Activation activation, Tensor& hidden,
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
    activate_all(activation, floats(hidden), ups, hidden.size());
    return;
  }
  // A part computes the same outputs of both when both are of one kind.
  const bool fused = gate.index() == up.index();
  pool_.run([&](int part) {
    const float* h = normed_for_part(norm, x, all, part);
    linear_part(gate_call, h, tokens, part);
    linear_part(up_call, h, tokens, part);
    if (fused) activate_part(gate, activation, floats(hidden), ups, tokens, part);
  });
  if (!fused) activate_all(activation, floats(hidden), ups, hidden.size());
}

void CpuBackend::activate_all(Activation activation, float* x, const float* factor,
                              std::int64_t count) {
  if (activation == Activation::Silu && factor != nullptr) {
    cpu::silu_mul(cpu_, x, factor, count);
  } else {
    cpu::activate(cpu_, function_of(activation), x, factor, count);
  }
}

void CpuBackend::activate(Activation activation, Tensor& x) {
  activate_all(activation, floats(x), nullptr, x.size());
}

void CpuBackend::activate(Activation activation, const Tensor& factor, Tensor& x) {
  expect_float32("activate", "factor", factor, x.shape());
  activate_all(activation, floats(x), floats(factor), x.size());
}

void CpuBackend::activate_part(const Linear& gate, Activation activation, float* hidden,
                               const float* up, std::int64_t tokens, int part) {
  const std::int64_t width = out_features(gate);
  const bool packed = std::holds_alternative<PackedLinear>(gate);
  const std::int64_t panel = packed ? kernels::PackedShape::kRows : cpu_.table.panel;
  const cpu::Share own = cpu::outputs_of_part(width, panel, part, pool_.size());
  for (std::int64_t t = 0; t < tokens; ++t) {
    const std::int64_t first = t * width + own.begin;
    if (activation == Activation::Silu) {
      cpu_.table.silu_mul(hidden + first, up + first, own.end - own.begin);
    } else {
      cpu_.table.activate(function_of(activation), hidden + first, up + first, own.end - own.begin);
    }
  }
}

std::unique_ptr<Backend> make_cpu_backend(int threads) {
  return std::make_unique<CpuBackend>(threads, cpu::supported_isas().back());
}

}  // namespace salient
