// SPDX-License-Identifier: Apache-2.0
#pragma once

// Decoders of the element types without blocks, in the signature of StoredType::Decode.

#include <cstddef>

namespace salient {

void decode_f32(const std::byte* blocks, std::size_t count, float* out);
void decode_f16(const std::byte* blocks, std::size_t count, float* out);
void decode_bf16(const std::byte* blocks, std::size_t count, float* out);

}  // namespace salient
