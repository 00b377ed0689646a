// SPDX-License-Identifier: Apache-2.0
#include "kernels/half.h"

#include <cmath>
#include <limits>

#include <doctest/doctest.h>

TEST_CASE("every half survives the way through float32") {
  for (std::uint32_t bits = 0; bits <= 0xFFFFU; ++bits) {
    const auto half = static_cast<std::uint16_t>(bits);
    const float value = salient::f16_to_f32(half);
    if (std::isnan(value)) {
      CHECK(std::isnan(salient::f16_to_f32(salient::f32_to_f16(value))));
    } else if (salient::f32_to_f16(value) != half) {
      FAIL("half bits " << bits << " came back as " << salient::f32_to_f16(value));
    }
  }
}

TEST_CASE("float32 rounds to the nearest half, ties to even") {
  CHECK(salient::f32_to_f16(1.0F) == 0x3C00);
  CHECK(salient::f32_to_f16(1.0F + 0x1p-11F) == 0x3C00);      // tie, down to even
  CHECK(salient::f32_to_f16(1.0F + 3 * 0x1p-11F) == 0x3C02);  // tie, up to even
  CHECK(salient::f32_to_f16(65504.0F) == 0x7BFF);
  CHECK(salient::f32_to_f16(65519.996F) == 0x7BFF);
  CHECK(salient::f32_to_f16(65520.0F) == 0x7C00);
  CHECK(salient::f32_to_f16(0x1p-24F) == 0x0001);
  CHECK(salient::f32_to_f16(0x1p-25F) == 0x0000);     // tie, down to even
  CHECK(salient::f32_to_f16(-0x1.8p-24F) == 0x8002);  // tie, up to even
  CHECK(salient::f32_to_f16(-std::numeric_limits<float>::infinity()) == 0xFC00);
}

TEST_CASE("float32 rounds to the nearest bfloat16, ties to even") {
  CHECK(salient::f32_to_bf16(1.0F) == 0x3F80);
  CHECK(salient::f32_to_bf16(1.0F + 0x1p-8F) == 0x3F80);
  CHECK(salient::f32_to_bf16(1.0F + 3 * 0x1p-8F) == 0x3F82);
  CHECK(std::isnan(
      salient::bf16_to_f32(salient::f32_to_bf16(std::numeric_limits<float>::signaling_NaN()))));
}
