// SPDX-License-Identifier: Apache-2.0
#pragma once

// Decoders of the block-quantized GGUF types, in the signature of StoredType::Decode. A block of 32
// (or 256, the K types) consecutive weights of one row shares a float16 step d and, in the types
// with a second one, a float16 minimum. Every product and sum is rounded to float32 in the order of
// gguf's reference, so the values are the same to the last bit.

#include <cstddef>

namespace salient {

void decode_q4_0(const std::byte* blocks, std::size_t count, float* out);
void decode_q4_1(const std::byte* blocks, std::size_t count, float* out);
void decode_q5_0(const std::byte* blocks, std::size_t count, float* out);
void decode_q5_1(const std::byte* blocks, std::size_t count, float* out);
void decode_q8_0(const std::byte* blocks, std::size_t count, float* out);
void decode_q2_k(const std::byte* blocks, std::size_t count, float* out);
void decode_q3_k(const std::byte* blocks, std::size_t count, float* out);
void decode_q4_k(const std::byte* blocks, std::size_t count, float* out);
void decode_q5_k(const std::byte* blocks, std::size_t count, float* out);
void decode_q6_k(const std::byte* blocks, std::size_t count, float* out);
void decode_iq4_nl(const std::byte* blocks, std::size_t count, float* out);
void decode_iq4_xs(const std::byte* blocks, std::size_t count, float* out);

}  // namespace salient
