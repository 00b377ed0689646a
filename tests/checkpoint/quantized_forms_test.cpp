// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <doctest/doctest.h>

#include "engine/checkpoint/checkpoint.h"
#include "engine/checkpoint/sha256.h"
#include "engine/error.h"
#include "tests/quantized_golden.h"
#include "tests/shared_data.h"

using namespace salient;
using namespace salient::tests;

namespace {

const std::string kWeight = kGoldenLinear + ".weight";

std::string digest(const Tensor& values) {
  std::string bytes(values.bytes(), '\0');
  std::ranges::transform(std::span(values.data(), values.bytes()), bytes.begin(),
                         [](std::byte byte) { return static_cast<char>(byte); });
  return sha256_hex(bytes);
}

std::unique_ptr<Checkpoint> opened(const TemporaryFolder& folder, const TinyCheckpoint& tiny) {
  write_folder(tiny, folder.path());
  return open_checkpoint(folder.path());
}

/// The kind and sentence with which reading the linear fails.
std::pair<ErrorKind, std::string> refusal(const GoldenLinear& linear) {
  const TemporaryFolder folder;
  const auto checkpoint = opened(folder, with_linear(linear));
  try {
    checkpoint->read(kWeight, DType::F32);
  } catch (const Error& error) {
    return {error.kind(), error.what()};
  }
  return {ErrorKind::Failure, {}};
}

}  // namespace

TEST_CASE("linears packed by others in every form have the values that numpy gives them") {
  for (const GoldenLinear& golden : quantized_golden()) {
    CAPTURE(golden.name);
    const TemporaryFolder folder;
    const auto checkpoint = opened(folder, with_linear(golden));
    CHECK_FALSE(checkpoint->already_quantized().empty());
    const TensorInfo* info = checkpoint->find(kWeight);
    REQUIRE(info != nullptr);
    CHECK(info->shape == Shape{32, 64});
    for (const TinyTensor& part : golden.tensors) CHECK_FALSE(checkpoint->has(part.name));
    const Tensor values = checkpoint->read(kWeight, DType::F32);
    CHECK(values.as<float>()[1] == golden.second);
    CHECK(digest(values) == golden.sha256);
    const auto codes = checkpoint->read_codes(kWeight);
    CHECK(codes.has_value() == golden.codes);
    if (codes) CHECK(digest(dequantize(*codes)) == golden.sha256);
  }
}

TEST_CASE("a bias of zeros that the model does not have is left out, another stays") {
  for (const bool zero : {true, false}) {
    const TemporaryFolder folder;
    TinyCheckpoint tiny = with_linear(quantized_golden("gptq v1 4 bit sym g32"));
    tiny.tensors.push_back(
        {kGoldenLinear + ".bias", "F16", {32}, std::string(64, zero ? '\0' : '\x30')});
    CHECK(opened(folder, tiny)->has(kGoldenLinear + ".bias") != zero);
  }
}

TEST_CASE("a form that is not read is told when its weights are asked for") {
  GoldenLinear golden = quantized_golden("awq gemv g64");
  golden.config["version"] = "marlin";
  const auto [kind, sentence] = refusal(golden);
  CHECK(kind == ErrorKind::Unsupported);
  CHECK(sentence.find("stored as AWQ, 4 bit in a form that is not read") != std::string::npos);
}

TEST_CASE("values that no grid has are refused when they are read") {
  GoldenLinear shuffled = quantized_golden("gptq v1 4 bit asym g32 act-order");
  for (TinyTensor& tensor : shuffled.tensors) {
    if (tensor.name.ends_with("g_idx")) tensor.bytes[0] = 2;
  }
  CHECK(refusal(shuffled).second.find("group 2 of 2 groups") != std::string::npos);
  GoldenLinear endless = quantized_golden("compressed-tensors 8 bit sym 32 F16");
  for (TinyTensor& tensor : endless.tensors) {
    if (tensor.name.ends_with("scale")) tensor.bytes[1] = '\x7C';
  }
  CHECK(refusal(endless).first == ErrorKind::BadInput);
  CHECK(refusal(endless).second.find("not finite") != std::string::npos);
}
