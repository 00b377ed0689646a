// SPDX-License-Identifier: Apache-2.0
// Codes in GGUF's blocks of 32 weights, each with a step of its own, so that a group of 64 or 128
// is its step repeated:
//
//   Q4_0  d f16, 16 bytes          (code - 8)·d      low nibbles are the first half of the block
//   Q4_1  d f16, m f16, 16 bytes   code·d + m        m = -zero·d, rounded to float16
//   Q8_0  d f16, 32 int8           code·d
//
// A linear takes the form's own type; 8-bit symmetric codes take Q8_0 in every form.
#include <algorithm>
#include <cstring>

#include "engine/export/format_row.h"
#include "engine/export/gguf_blocks.h"
#include "kernels/half.h"

namespace salient {
namespace {

constexpr std::size_t kHalfBlock = kGgufBlock / 2;
constexpr int kNibbleZero = 8;

/// One block: 32 codes of a row with its step and zero point.
struct BlockCodes {
  const std::uint8_t* codes;
  std::uint16_t step;
  int zero_point;
};

void put_half(std::uint8_t* out, std::uint16_t bits) {
  std::memcpy(out, &bits, sizeof(bits));
}

void put_nibbles(std::uint8_t* out, const BlockCodes& block, int offset) {
  for (std::size_t i = 0; i < kHalfBlock; ++i) {
    const int low = block.codes[i] + offset;
    const int high = block.codes[i + kHalfBlock] + offset;
    out[i] = static_cast<std::uint8_t>(low | (high << 4));
  }
}

void put_q4_0(std::uint8_t* out, const BlockCodes& block) {
  put_half(out, block.step);
  put_nibbles(out + 2, block, kNibbleZero - block.zero_point);
}

std::uint16_t minimum_of(std::uint16_t step, int zero_point) {
  return f32_to_f16(-static_cast<float>(zero_point) * f16_to_f32(step));
}

void put_q4_1(std::uint8_t* out, const BlockCodes& block) {
  put_half(out, block.step);
  put_half(out + 2, minimum_of(block.step, block.zero_point));
  put_nibbles(out + 4, block, 0);
}

void put_q8_0(std::uint8_t* out, const BlockCodes& block) {
  put_half(out, block.step);
  for (std::size_t i = 0; i < kGgufBlock; ++i) {
    const int code = block.codes[i] - block.zero_point;
    out[2 + i] = static_cast<std::uint8_t>(static_cast<std::int8_t>(code));
  }
}

struct BlockType {
  std::string_view name;
  std::int64_t bytes;
  void (*put)(std::uint8_t* out, const BlockCodes& block);
};

constexpr BlockType kQ4_0 = {"Q4_0", 18, put_q4_0};
constexpr BlockType kQ4_1 = {"Q4_1", 20, put_q4_1};
constexpr BlockType kQ8_0 = {"Q8_0", 34, put_q8_0};

const BlockType& type_for(const BlockType& own, const QuantScheme& scheme) {
  return scheme.bits == 8 ? kQ8_0 : own;
}

std::vector<TensorSpec> specs(const BlockType& own, const std::string& name, const Shape& shape,
                              const QuantScheme& scheme) {
  const BlockType& type = type_for(own, scheme);
  const std::int64_t blocks = shape[1] / static_cast<std::int64_t>(kGgufBlock);
  return {{name + ".weight", DType::U8, {shape[0], blocks * type.bytes}, type.name}};
}

std::vector<NamedTensor> pack(const BlockType& own, const std::string& name,
                              const QuantizedMatrix& matrix) {
  const BlockType& type = type_for(own, matrix.scheme);
  const auto columns = static_cast<std::size_t>(matrix.in_features);
  const auto group = static_cast<std::size_t>(matrix.scheme.group_of(matrix.in_features));
  const auto groups = static_cast<std::size_t>(matrix.num_groups());
  const std::size_t blocks = columns / kGgufBlock;
  Tensor packed(DType::U8, {matrix.out_features, static_cast<std::int64_t>(blocks) * type.bytes});
  std::uint8_t* out = packed.as<std::uint8_t>().data();
  for (std::size_t row = 0; row < static_cast<std::size_t>(matrix.out_features); ++row) {
    for (std::size_t block = 0; block < blocks; ++block, out += type.bytes) {
      const std::size_t place = row * groups + block * kGgufBlock / group;
      type.put(out, {matrix.codes.data() + row * columns + block * kGgufBlock, matrix.steps[place],
                     matrix.zero_points[place]});
    }
  }
  return {{name + ".weight", packed}};
}

/// Of every type: 8-bit codes with zero points of their own reach from -255 to 255.
std::string eight_bit_objection(const QuantScheme& scheme) {
  const bool symmetric = scheme.symmetry == Symmetry::Symmetric;
  return scheme.bits == 8 && !symmetric ? "Q8_0 holds symmetric grids only" : "";
}

std::string block_objection(const QuantScheme& scheme) {
  const bool cut = scheme.group_size % static_cast<std::int64_t>(kGgufBlock) != 0;
  return cut ? "GGUF's blocks have 32 weights" : eight_bit_objection(scheme);
}

template <const BlockType& kType>
std::vector<TensorSpec> specs_as(const std::string& name, const Shape& shape,
                                 const QuantScheme& scheme) {
  return specs(kType, name, shape, scheme);
}

template <const BlockType& kType>
std::vector<NamedTensor> pack_as(const std::string& name, const QuantizedMatrix& matrix) {
  return pack(kType, name, matrix);
}

/// What Q4_1 makes of the grid: only the minimum differs.
Tensor q4_1_values(const QuantizedMatrix& matrix) {
  if (matrix.scheme.bits == 8) return dequantize(matrix);
  Tensor values(DType::F32, {matrix.out_features, matrix.in_features});
  const auto out = values.as<float>();
  const auto columns = static_cast<std::size_t>(matrix.in_features);
  const auto group = static_cast<std::size_t>(matrix.scheme.group_of(matrix.in_features));
  const auto groups = static_cast<std::size_t>(matrix.num_groups());
  for (std::size_t i = 0; i < out.size(); ++i) {
    const std::size_t place = i / columns * groups + i % columns / group;
    const float step = f16_to_f32(matrix.steps[place]);
    const float minimum = f16_to_f32(minimum_of(matrix.steps[place], matrix.zero_points[place]));
    out[i] = static_cast<float>(matrix.codes[i]) * step + minimum;
  }
  return values;
}

constexpr FormLimits limits_with(Grids grids) {
  return {.grids = grids, .groups = Groups::Any, .inputs_multiple = kGgufBlock};
}

}  // namespace

constinit const CodeForm kGgufQ4_0Form = {.limits = limits_with(Grids::SymmetricOnly),
                                          .fused = FusedLinears::Free,
                                          .tables = TableForm::Coded,
                                          .specs = specs_as<kQ4_0>,
                                          .pack = pack_as<kQ4_0>,
                                          .objection = block_objection,
                                          .values = dequantize};

constinit const CodeForm kGgufQ4_1Form = {.limits = limits_with(Grids::Any),
                                          .fused = FusedLinears::Free,
                                          .tables = TableForm::Coded,
                                          .specs = specs_as<kQ4_1>,
                                          .pack = pack_as<kQ4_1>,
                                          .objection = block_objection,
                                          .values = q4_1_values,
                                          .note =
                                              "Q4_1 keeps a group's minimum in float16, which may "
                                              "shift its weights by up to 0.8 % of a step."};

constinit const CodeForm kGgufQ8_0Form = {.limits = limits_with(Grids::Any),
                                          .fused = FusedLinears::Free,
                                          .tables = TableForm::Coded,
                                          .specs = specs_as<kQ8_0>,
                                          .pack = pack_as<kQ8_0>,
                                          .objection = block_objection,
                                          .values = dequantize};

}  // namespace salient
