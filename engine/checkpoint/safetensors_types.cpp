// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstring>

#include "engine/checkpoint/plain_decode.h"
#include "engine/checkpoint/stored_type.h"
#include "kernels/half.h"

namespace salient {
namespace {

std::uint16_t half_at(const std::byte* bytes, std::size_t index) {
  std::uint16_t bits = 0;
  std::memcpy(&bits, bytes + 2 * index, sizeof(bits));
  return bits;
}

}  // namespace

void decode_f32(const std::byte* blocks, std::size_t count, float* out) {
  std::memcpy(out, blocks, count * sizeof(float));
}

void decode_f16(const std::byte* blocks, std::size_t count, float* out) {
  for (std::size_t i = 0; i < count; ++i) out[i] = f16_to_f32(half_at(blocks, i));
}

void decode_bf16(const std::byte* blocks, std::size_t count, float* out) {
  for (std::size_t i = 0; i < count; ++i) out[i] = bf16_to_f32(half_at(blocks, i));
}

const StoredType* find_safetensors_type(std::string_view word) {
  static constexpr std::array<StoredType, 20> kTypes = {{
      {"F32", 1, 32, DType::F32, decode_f32},
      {"F16", 1, 16, DType::F16, decode_f16},
      {"BF16", 1, 16, DType::BF16, decode_bf16},
      {"I32", 1, 32, DType::I32, nullptr},
      {"U8", 1, 8, DType::U8, nullptr},
      {"F64", 1, 64, {}, nullptr},
      {"I64", 1, 64, {}, nullptr},
      {"U64", 1, 64, {}, nullptr},
      {"C64", 1, 64, {}, nullptr},
      {"U32", 1, 32, {}, nullptr},
      {"I16", 1, 16, {}, nullptr},
      {"U16", 1, 16, {}, nullptr},
      {"I8", 1, 8, {}, nullptr},
      {"BOOL", 1, 8, {}, nullptr},
      {"F8_E4M3", 1, 8, {}, nullptr},
      {"F8_E5M2", 1, 8, {}, nullptr},
      {"F8_E8M0", 1, 8, {}, nullptr},
      {"F6_E2M3", 1, 6, {}, nullptr},
      {"F6_E3M2", 1, 6, {}, nullptr},
      {"F4", 1, 4, {}, nullptr},
  }};
  for (const StoredType& type : kTypes) {
    if (type.name == word) return &type;
  }
  return nullptr;
}

}  // namespace salient
