// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "engine/checkpoint/gguf_decode.h"
#include "engine/checkpoint/plain_decode.h"
#include "engine/checkpoint/stored_type.h"

namespace salient {
namespace {

struct Row {
  std::uint32_t ggml_type;
  StoredType type;
};

constexpr std::uint64_t bits(std::uint64_t bytes) {
  return 8 * bytes;
}

/// The numbers are ggml's; 4, 5, 31 to 33 and 36 to 38 were removed.
constexpr std::array<Row, 34> kRows = {{
    {0, {"F32", 1, bits(4), DType::F32, decode_f32}},
    {1, {"F16", 1, bits(2), DType::F16, decode_f16}},
    {2, {"Q4_0", 32, bits(18), {}, decode_q4_0}},
    {3, {"Q4_1", 32, bits(20), {}, decode_q4_1}},
    {6, {"Q5_0", 32, bits(22), {}, decode_q5_0}},
    {7, {"Q5_1", 32, bits(24), {}, decode_q5_1}},
    {8, {"Q8_0", 32, bits(34), {}, decode_q8_0}},
    {10, {"Q2_K", 256, bits(84), {}, decode_q2_k}},
    {11, {"Q3_K", 256, bits(110), {}, decode_q3_k}},
    {12, {"Q4_K", 256, bits(144), {}, decode_q4_k}},
    {13, {"Q5_K", 256, bits(176), {}, decode_q5_k}},
    {14, {"Q6_K", 256, bits(210), {}, decode_q6_k}},
    {30, {"BF16", 1, bits(2), DType::BF16, decode_bf16}},
    {9, {"Q8_1", 32, bits(40), {}, nullptr}},
    {15, {"Q8_K", 256, bits(292), {}, nullptr}},
    {16, {"IQ2_XXS", 256, bits(66), {}, nullptr}},
    {17, {"IQ2_XS", 256, bits(74), {}, nullptr}},
    {18, {"IQ3_XXS", 256, bits(98), {}, nullptr}},
    {19, {"IQ1_S", 256, bits(50), {}, nullptr}},
    {20, {"IQ4_NL", 32, bits(18), {}, decode_iq4_nl}},
    {21, {"IQ3_S", 256, bits(110), {}, nullptr}},
    {22, {"IQ2_S", 256, bits(82), {}, nullptr}},
    {23, {"IQ4_XS", 256, bits(136), {}, decode_iq4_xs}},
    {24, {"I8", 1, bits(1), {}, nullptr}},
    {25, {"I16", 1, bits(2), {}, nullptr}},
    {26, {"I32", 1, bits(4), DType::I32, nullptr}},
    {27, {"I64", 1, bits(8), {}, nullptr}},
    {28, {"F64", 1, bits(8), {}, nullptr}},
    {29, {"IQ1_M", 256, bits(56), {}, nullptr}},
    {34, {"TQ1_0", 256, bits(54), {}, nullptr}},
    {35, {"TQ2_0", 256, bits(66), {}, nullptr}},
    {39, {"MXFP4", 32, bits(17), {}, nullptr}},
    {40, {"NVFP4", 64, bits(36), {}, nullptr}},
    {41, {"Q1_0", 128, bits(18), {}, nullptr}},
}};

}  // namespace

const StoredType* find_gguf_type(std::uint32_t ggml_type) {
  const auto found = std::find_if(kRows.begin(), kRows.end(),
                                  [&](const Row& row) { return row.ggml_type == ggml_type; });
  return found == kRows.end() ? nullptr : &found->type;
}

}  // namespace salient
