// SPDX-License-Identifier: Apache-2.0
// How CpuBackend runs one linear, dense or packed: the one place where the two are told apart.

#include <cstring>

#include "engine/backend/cpu_backend.h"
#include "engine/backend/expect.h"
#include "engine/backend/number_of.h"

namespace salient {

namespace cpu = kernels::cpu;

namespace {

kernels::PackedShape shape_of(const QuantScheme& scheme, std::int64_t out, std::int64_t in) {
  return {.bits = scheme.bits,
          .out_features = out,
          .in_features = in,
          .group_size = scheme.group_of(in)};
}

kernels::PackedShape shape_of(const PackedLinear& packed) {
  return shape_of(packed.scheme, packed.out_features, packed.in_features);
}

const std::uint8_t* bytes_of(const Tensor& packed) {
  return packed.as<std::uint8_t>().data();
}

const float* bias_of(const Tensor& bias) {
  return bias.empty() ? nullptr : bias.as<float>().data();
}

/// Scratch memory counts in floats.
std::uint8_t* byte_memory(cpu::Scratch& memory, std::int64_t bytes) {
  void* data = memory.floats(static_cast<std::size_t>((bytes + 3) / 4));
  return static_cast<std::uint8_t*>(data);
}

}  // namespace

PackedLinear CpuBackend::pack(const QuantizedMatrix& matrix, Tensor bias) {
  const kernels::PackedShape shape =
      shape_of(matrix.scheme, matrix.out_features, matrix.in_features);
  if (shape.group_size % kernels::PackedShape::kChunk != 0 && shape.groups() > 1) {
    throw std::logic_error("pack: groups of " + std::to_string(shape.group_size) +
                           ", expected a multiple of 32 or the whole row");
  }
  if (!bias.empty()) expect_float32("pack", "bias", bias, {matrix.out_features});
  Tensor packed = Tensor::zeros(DType::U8, {shape.bytes()});
  cpu::pack_matrix(shape, matrix.codes.data(), matrix.steps.data(), matrix.zero_points.data(),
                   packed.as<std::uint8_t>().data());
  return {.scheme = matrix.scheme,
          .out_features = matrix.out_features,
          .in_features = matrix.in_features,
          .packed = std::move(packed),
          .bias = std::move(bias)};
}

void CpuBackend::embed_packed(const PackedLinear& table, const Tensor& ids, Tensor& x) {
  expect_float32("embed_packed", "x", x, {ids.size(), table.in_features});
  float* out = x.as<float>().data();
  for (const std::int32_t id : ids.as<std::int32_t>()) {
    if (id < 0 || id >= table.out_features) {
      throw std::logic_error("embed_packed: id outside the table");
    }
    cpu::unpack_row(shape_of(table), bytes_of(table.packed), id, out);
    out += table.in_features;
  }
}

void CpuBackend::dense_part(const DenseLinear& dense, const LinearCall& call, const float* x,
                            std::int64_t tokens, int part) {
  cpu_.table.matmul({.x = x,
                     .tokens = tokens,
                     .in_features = dense.weight.dim(1),
                     .weight = dense.weight.data(),
                     .number = number_of(dense.weight),
                     .out_features = dense.weight.dim(0),
                     .bias = bias_of(dense.bias),
                     .y = call.y,
                     .store = call.store},
                    part, pool_.size(), pool_.scratch(part));
}

void CpuBackend::packed_part(const PackedLinear& packed, const LinearCall& call,
                             const std::uint8_t* activations, std::int64_t tokens, int part) {
  const kernels::PackedShape shape = shape_of(packed);
  const cpu::Share blocks = cpu::share_of(shape.blocks(), part, pool_.size());
  cpu_.table.packed_rows({.shape = shape,
                          .packed = bytes_of(packed.packed),
                          .layout = layout_of(packed),
                          .activations = activations,
                          .tokens = tokens,
                          .bias = bias_of(packed.bias),
                          .y = call.y,
                          .store = call.store},
                         blocks.begin, blocks.end);
}

cpu::ActivationLayout CpuBackend::layout_of(const PackedLinear& packed) const {
  const bool exact = precision_ == ActivationPrecision::Exact;
  return cpu::ActivationLayout::of(shape_of(packed), exact ? cpu::kExactParts : cpu::kInt8Parts);
}

void CpuBackend::forget_activations() {
  for (Activations& activations : part_activations_) activations.x = nullptr;
  activations_.x = nullptr;
}

const std::uint8_t* CpuBackend::activations_for_part(const PackedLinear& packed, const float* x,
                                                     std::int64_t tokens, int part) {
  Activations& own = part_activations_[static_cast<std::size_t>(part)];
  const cpu::ActivationLayout layout = layout_of(packed);
  std::uint8_t* out = byte_memory(own.memory, tokens * layout.token_bytes());
  if (own.x == x && own.layout == layout) return out;
  for (std::int64_t t = 0; t < tokens; ++t) {
    cpu_.table.quantize_activations(x + t * layout.in_features, layout,
                                    out + t * layout.token_bytes());
  }
  own.x = x;
  own.layout = layout;
  return out;
}

const std::uint8_t* CpuBackend::activations_for_all(const PackedLinear& packed, const float* x,
                                                    std::int64_t tokens) {
  const cpu::ActivationLayout layout = layout_of(packed);
  std::uint8_t* out = byte_memory(activations_.memory, tokens * layout.token_bytes());
  if (activations_.x == x && activations_.layout == layout) return out;
  pool_.run([&](int part) {
    const cpu::Share share = cpu::share_of(tokens, part, pool_.size());
    for (std::int64_t t = share.begin; t < share.end; ++t) {
      cpu_.table.quantize_activations(x + t * layout.in_features, layout,
                                      out + t * layout.token_bytes());
    }
  });
  activations_.x = x;
  activations_.layout = layout;
  return out;
}

void CpuBackend::linear_part(const LinearCall& call, const float* x, std::int64_t tokens,
                             int part) {
  if (const auto* dense = std::get_if<DenseLinear>(call.linear)) {
    return dense_part(*dense, call, x, tokens, part);
  }
  const auto& packed = std::get<PackedLinear>(*call.linear);
  packed_part(packed, call, activations_for_part(packed, x, tokens, part), tokens, part);
}

void CpuBackend::linear_for_many(const LinearCall& call, const float* x, std::int64_t tokens) {
  if (const auto* dense = std::get_if<DenseLinear>(call.linear)) {
    return pool_.run([&](int part) { dense_part(*dense, call, x, tokens, part); });
  }
  const auto& packed = std::get<PackedLinear>(*call.linear);
  const std::uint8_t* activations = activations_for_all(packed, x, tokens);
  pool_.run([&](int part) { packed_part(packed, call, activations, tokens, part); });
}

void CpuBackend::linear_in_stage(const LinearCall& call, const Tensor& input) {
  forget_activations();
  const float* x = input.as<float>().data();
  const std::int64_t tokens = input.dim(0);
  if (tokens > kFewTokens) return linear_for_many(call, x, tokens);
  pool_.run([&](int part) { linear_part(call, x, tokens, part); });
}

}  // namespace salient
