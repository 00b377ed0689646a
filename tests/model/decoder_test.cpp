// SPDX-License-Identifier: Apache-2.0
#include "engine/model/decoder.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include <doctest/doctest.h>

#include "engine/error.h"
#include "tests/backend/reference_backend.h"
#include "tests/model/golden_model.h"

using namespace salient;
using namespace salient::tests;

namespace {

float largest_difference(std::span<const float> a, std::span<const float> b) {
  REQUIRE(a.size() == b.size());
  float largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) largest = std::max(largest, std::abs(a[i] - b[i]));
  return largest;
}

std::string refusal(const MemoryCheckpoint& checkpoint) {
  try {
    make_decoder_shape(checkpoint);
  } catch (const Error& error) {
    return error.what();
  }
  return {};
}

}  // namespace

TEST_CASE("logits of every variant are those of transformers") {
  const auto backend = make_reference_backend();
  for (const GoldenCase& golden : golden_cases()) {
    CAPTURE(golden.name);
    const Decoder decoder = load_decoder(*backend, golden_checkpoint(golden.config), DType::F32);
    Sequence sequence =
        make_sequence(*backend, decoder.shape, static_cast<std::int64_t>(golden.ids.size()));
    const Tensor logits = forward(*backend, decoder, sequence, golden.ids, LogitsOf::EveryToken);
    CHECK(largest_difference(logits.as<float>(), golden.logits) < 2e-5F);
  }
}

TEST_CASE("a sequence fed in pieces gives the bits of one fed at once") {
  const auto backend = make_reference_backend();
  const Decoder decoder = load_decoder(*backend, golden_checkpoint(small_config()), DType::F32);
  const std::vector<std::int32_t> ids = {1, 47, 3, 20, 9, 9, 31};
  Sequence whole = make_sequence(*backend, decoder.shape, 7);
  const Tensor expected = forward(*backend, decoder, whole, ids, LogitsOf::EveryToken);

  Sequence pieces = make_sequence(*backend, decoder.shape, 9);
  forward(*backend, decoder, pieces, std::span(ids).first(3), LogitsOf::LastToken);
  forward(*backend, decoder, pieces, std::span(ids).subspan(3, 1), LogitsOf::LastToken);
  const Tensor last =
      forward(*backend, decoder, pieces, std::span(ids).subspan(4), LogitsOf::LastToken);
  REQUIRE(last.shape() == Shape{1, 48});
  CHECK(pieces.length == 7);
  CHECK(std::memcmp(last.data(), expected.rows(6, 7).data(), last.bytes()) == 0);
}

TEST_CASE("a tap sees the input of every linear") {
  struct Recorder final : ActivationTap {
    std::vector<std::pair<Site, Shape>> seen;
    void observe(Site site, const Tensor& x) override { seen.emplace_back(site, x.shape()); }
  } recorder;
  const auto backend = make_reference_backend();
  const MemoryCheckpoint checkpoint = golden_checkpoint(small_config());
  const DecoderShape shape = make_decoder_shape(checkpoint);
  const Block block = load_block(checkpoint, shape, 1, DType::F32);
  Tensor x = golden_tensor("x", {5, 32});
  Tensor untapped = x.clone();
  KvLayer cache = make_kv_layer(*backend, shape, 5), other = make_kv_layer(*backend, shape, 5);
  const Tensor start = Tensor::zeros(DType::I32, {1});
  forward_block(*backend, shape, block, x, {start, 5}, cache, &recorder);
  forward_block(*backend, shape, block, untapped, {start, 5}, other);
  const std::vector<std::pair<Site, Shape>> expected = {{Site::AttentionInput, {5, 32}},
                                                        {Site::AttentionOutput, {5, 32}},
                                                        {Site::MlpInput, {5, 32}},
                                                        {Site::MlpHidden, {5, 44}}};
  CHECK(recorder.seen == expected);
  CHECK(std::memcmp(x.data(), untapped.data(), x.bytes()) == 0);
}

TEST_CASE("what does not fit is refused with both values") {
  ModelConfig unknown = small_config();
  unknown.model_type = "xyz";
  CHECK_THROWS_WITH_AS(make_decoder_shape(unknown),
                       doctest::Contains("model type xyz is not supported; known are llama"),
                       Error);

  ModelConfig wider = small_config();
  const MemoryCheckpoint narrow = golden_checkpoint(wider);
  wider.head_dim = 10;
  std::map<std::string, Tensor> tensors;
  for (const TensorInfo& info : narrow.tensors()) {
    if (info.name == "model.layers.1.self_attn.k_proj.weight") continue;
    tensors.emplace(info.name, narrow.read(info.name, DType::F32));
  }
  const std::string sentence = refusal(MemoryCheckpoint(wider, tensors));
  CHECK(sentence.find("model.layers.0.self_attn.q_proj.weight is [32, 32] where the config asks "
                      "for [40, 32]") != std::string::npos);
  CHECK(sentence.find("model.layers.1.self_attn.k_proj.weight is missing") != std::string::npos);
}

TEST_CASE("an unannounced bias is refused instead of ignored") {
  ModelConfig with_bias = small_config();
  with_bias.attention_bias = with_bias.attention_output_bias = true;
  const MemoryCheckpoint checkpoint = golden_checkpoint(with_bias);
  std::map<std::string, Tensor> tensors;
  for (const TensorInfo& info : checkpoint.tensors()) {
    tensors.emplace(info.name, checkpoint.read(info.name, DType::F32));
  }
  const std::string sentence = refusal(MemoryCheckpoint(small_config(), tensors));
  CHECK(sentence.find("the config has no attention_bias") != std::string::npos);
}

TEST_CASE("ids and lengths outside the model are refused before any work") {
  const auto backend = make_reference_backend();
  const Decoder decoder = load_decoder(*backend, golden_checkpoint(small_config()), DType::F32);
  Sequence sequence = make_sequence(*backend, decoder.shape, 2);
  const std::vector<std::int32_t> outside = {48}, negative = {-1}, long_text = {1, 2, 3};
  CHECK_THROWS_WITH_AS(forward(*backend, decoder, sequence, outside, LogitsOf::LastToken),
                       "token id 48 is outside the vocabulary of 48", Error);
  CHECK_THROWS_AS(forward(*backend, decoder, sequence, negative, LogitsOf::LastToken), Error);
  CHECK_THROWS_AS(forward(*backend, decoder, sequence, long_text, LogitsOf::LastToken), Error);
  CHECK(sequence.length == 0);
}

TEST_CASE("weights beyond float16 stay wider when a model is loaded in float16") {
  const auto backend = make_reference_backend();
  ModelConfig config = small_config();
  const MemoryCheckpoint plain = golden_checkpoint(config);
  std::map<std::string, Tensor> tensors;
  for (const TensorInfo& info : plain.tensors()) {
    tensors.emplace(info.name, plain.read(info.name, DType::F32));
  }
  tensors["model.layers.0.mlp.up_proj.weight"].as<float>()[3] = 1e6F;
  const Decoder decoder = load_decoder(*backend, MemoryCheckpoint(config, tensors), DType::F16);
  const auto weight = [&](LinearRole role) {
    return std::get<DenseLinear>(decoder.blocks[0][role]).weight;
  };
  CHECK(weight(LinearRole::Up).dtype() == DType::F32);
  CHECK(weight(LinearRole::Up).as<float>()[3] == 1e6F);
  CHECK(weight(LinearRole::Gate).dtype() == DType::F16);
}

TEST_CASE("a tied head shares the embedding's memory and is counted once") {
  const auto backend = make_reference_backend();
  ModelConfig config = small_config();
  config.tied_head = true;
  const Decoder tied = load_decoder(*backend, golden_checkpoint(config), DType::F16);
  config.tied_head = false;
  const Decoder apart = load_decoder(*backend, golden_checkpoint(config), DType::F16);
  CHECK(apart.memory_bytes() - tied.memory_bytes() == 48 * 32 * 2);
  CHECK(apart.bytes_per_token() == tied.bytes_per_token());
}
