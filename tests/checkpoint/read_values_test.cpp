// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>
#include <limits>

#include <doctest/doctest.h>

#include "engine/checkpoint/checkpoint.h"
#include "engine/error.h"
#include "kernels/half.h"
#include "tests/shared_data.h"
#include "tests/tiny_checkpoint.h"

using namespace salient;

namespace {

constexpr const char* kQ = "model.layers.1.self_attn.q_proj.weight";

/// Opens the tiny model after `value` was put at row 3, column 5 of q_proj.
std::unique_ptr<Checkpoint> opened_with(const tests::TemporaryFolder& folder, DType dtype,
                                        float value) {
  auto tiny = tests::make_tiny_checkpoint({.dtype = dtype});
  const std::size_t at = 3 * 64 + 5;
  std::string& bytes = tiny.tensor(kQ).bytes;
  const std::uint16_t half = dtype == DType::F16 ? f32_to_f16(value) : f32_to_bf16(value);
  if (dtype == DType::F32) {
    std::memcpy(bytes.data() + 4 * at, &value, 4);
  } else {
    std::memcpy(bytes.data() + 2 * at, &half, 2);
  }
  tests::write_folder(tiny, folder.path());
  return open_checkpoint(folder.path());
}

std::string refusal(const Checkpoint& checkpoint, DType as) {
  try {
    checkpoint.read(kQ, as);
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

}  // namespace

TEST_CASE("every stored type is read as every type, rounded once") {
  for (const DType stored : {DType::F32, DType::F16, DType::BF16}) {
    const tests::TemporaryFolder folder;
    const auto tiny = tests::make_tiny_checkpoint({.dtype = stored});
    tests::write_folder(tiny, folder.path());
    const auto checkpoint = open_checkpoint(folder.path());
    const std::vector<float> expected = tiny.values(kQ);
    const Tensor f32 = checkpoint->read(kQ, DType::F32);
    CHECK(std::ranges::equal(f32.as<float>(), expected));
    for (const DType as : {DType::F16, DType::BF16}) {
      const Tensor rounded = checkpoint->read(kQ, as);
      const Tensor reference = f32.to(as);
      CHECK(std::ranges::equal(rounded.as<std::uint16_t>(), reference.as<std::uint16_t>()));
    }
  }
}

TEST_CASE("a tensor larger than one piece is read whole") {
  const tests::TemporaryFolder folder;
  const auto tiny = tests::make_tiny_checkpoint(
      {.intermediate_size = 6000, .num_layers = 1, .dtype = DType::F32});
  tests::write_folder(tiny, folder.path());
  const auto checkpoint = open_checkpoint(folder.path());
  for (const char* name :
       {"model.layers.0.mlp.up_proj.weight", "model.layers.0.mlp.down_proj.weight"}) {
    const Tensor values = checkpoint->read(name, DType::F32);
    CHECK(std::ranges::equal(values.as<float>(), tiny.values(name)));
  }
}

TEST_CASE("NaN and infinity are refused with tensor, row and column") {
  const float infinity = std::numeric_limits<float>::infinity();
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (const DType stored : {DType::F32, DType::F16, DType::BF16}) {
    for (const DType as : {DType::F32, DType::F16, DType::BF16}) {
      const tests::TemporaryFolder folder;
      CHECK(
          refusal(*opened_with(folder, stored, nan), as) ==
          "model.safetensors: tensor \"model.layers.1.self_attn.q_proj.weight\": 1 of 4096 values "
          "not finite (NaN at row 3, column 5)");
      const tests::TemporaryFolder other;
      CHECK(refusal(*opened_with(other, stored, -infinity), as)
                .find("(-infinity at row 3, column 5)") != std::string::npos);
    }
  }
}

TEST_CASE("a value beyond float16 is refused as float16 and read as float32 and bfloat16") {
  const tests::TemporaryFolder folder;
  const auto checkpoint = opened_with(folder, DType::F32, 1e6F);
  CHECK(refusal(*checkpoint, DType::F16) ==
        "model.safetensors: tensor \"model.layers.1.self_attn.q_proj.weight\": 1 of 4096 values "
        "too large for float16 (1000000.0 at row 3, column 5): use bfloat16 or float32");
  CHECK(refusal(*checkpoint, DType::F32) == "accepted");
  CHECK(refusal(*checkpoint, DType::BF16) == "accepted");
  const tests::TemporaryFolder edge;
  CHECK(refusal(*opened_with(edge, DType::F32, 65519.0F), DType::F16) == "accepted");
  const tests::TemporaryFolder beyond;
  CHECK(refusal(*opened_with(beyond, DType::F32, 65520.0F), DType::F16) != "accepted");
}

TEST_CASE("an unknown tensor is refused by name") {
  const tests::TemporaryFolder folder;
  tests::write_folder(tests::make_tiny_checkpoint(), folder.path() / "Tiny");
  const auto checkpoint = open_checkpoint(folder.path() / "Tiny");
  CHECK_THROWS_WITH_AS(checkpoint->read("nothing", DType::F32),
                       "Tiny: there is no tensor \"nothing\"", Error);
}
