// SPDX-License-Identifier: Apache-2.0
#include <cstring>

#include "kernels/half.h"
#include "tests/bad_inputs/bad_input.h"
#include "tests/tiny_checkpoint.h"

namespace salient::tests {
namespace {

namespace fs = std::filesystem;

constexpr const char* kQ = "model.layers.0.self_attn.q_proj.weight";

/// The tiny model with `change` done to the bytes of q_proj, which is then read.
BadInput values(const char* id, const char* name, Outcome outcome, const char* says, DType stored,
                DType as, const std::function<void(std::string&)>& change) {
  BadInput row{id, name, outcome, says, [=](const fs::path& folder) {
                 TinyCheckpoint tiny = make_tiny_checkpoint({.dtype = stored});
                 change(tiny.tensor(kQ).bytes);
                 write_folder(tiny, folder);
                 return fs::path();
               }};
  row.tensor = kQ;
  row.as = as;
  return row;
}

/// Puts `bits` at row 2, column 7.
std::function<void(std::string&)> half(std::uint16_t bits) {
  return [bits](std::string& bytes) { std::memcpy(bytes.data() + 2 * (2 * 64 + 7), &bits, 2); };
}

std::function<void(std::string&)> all(char low, char high) {
  return [=](std::string& bytes) {
    for (std::size_t i = 0; i < bytes.size(); i += 2) {
      bytes[i] = low;
      bytes[i + 1] = high;
    }
  };
}

}  // namespace

std::vector<BadInput> number_inputs() {
  using enum Outcome;
  constexpr DType kF16 = DType::F16;
  constexpr DType kF32 = DType::F32;
  return {values("N01", "one NaN", Refused, "(NaN at row 2, column 7)", kF16, kF32, half(0x7E00)),
          values("N01b", "one NaN, read as it is", Refused, "(NaN at row 2, column 7)", kF16, kF16,
                 half(0x7E00)),
          values("N02a", "infinity", Refused, "(infinity at row 2, column 7)", kF16, kF32,
                 half(0x7C00)),
          values("N02b", "minus infinity", Refused, "(-infinity at row 2, column 7)", kF16, kF32,
                 half(0xFC00)),
          values("N03", "all NaN", Refused, "4096 of 4096 values not finite", kF16, kF32,
                 all('\0', '\x7E')),
          values("N05", "all zero", Accepted, "", kF16, kF32, all('\0', '\0')),
          values("N07", "denormals", Accepted, "", kF16, kF32, all('\1', '\0')),
          values("N08a", "too big for float16", Refused, "1 of 4096 values too large for float16",
                 DType::BF16, kF16, half(f32_to_bf16(1e6F))),
          values("N08b", "the same, kept wide", Accepted, "", DType::BF16, DType::BF16,
                 half(f32_to_bf16(1e6F)))};
}

}  // namespace salient::tests
