// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include <doctest/doctest.h>

#include "engine/checkpoint/checkpoint.h"
#include "engine/error.h"
#include "tests/shared_data.h"
#include "tests/tiny_checkpoint.h"

using namespace salient;

namespace {

std::unique_ptr<Checkpoint> opened(const tests::TemporaryFolder& folder,
                                   const tests::TinyGguf& gguf) {
  tests::write_bytes(folder.path() / "tiny.gguf", tests::gguf_bytes(gguf));
  return open_checkpoint(folder.path() / "tiny.gguf");
}

}  // namespace

TEST_CASE("a GGUF file gives the tensors, config and order of the folder that it was made from") {
  for (const DType dtype : {DType::F32, DType::F16, DType::BF16}) {
    const tests::TemporaryFolder folder;
    const auto tiny = tests::make_tiny_checkpoint({.num_layers = 3,
                                                   .head_dim = 24,
                                                   .dtype = dtype,
                                                   .attention_bias = true,
                                                   .mlp_bias = true});
    tests::write_folder(tiny, folder.path() / "hf");
    const auto expected = open_checkpoint(folder.path() / "hf");
    const auto checkpoint = opened(folder, tests::make_tiny_gguf(tiny));
    CHECK(checkpoint->format() == SourceFormat::Gguf);
    CHECK(checkpoint->warnings().empty());
    CHECK(checkpoint->precision() == expected->precision());
    REQUIRE(checkpoint->tensors().size() == expected->tensors().size());
    for (const TensorInfo& tensor : expected->tensors()) {
      const Tensor a = checkpoint->read(tensor.name, DType::F32);
      const Tensor b = expected->read(tensor.name, DType::F32);
      CHECK(a.shape() == b.shape());
      const bool equal = std::ranges::equal(a.as<float>(), b.as<float>());
      CHECK_MESSAGE(equal, tensor.name);
    }
    CHECK(checkpoint->config().head_dim == 24);
    CHECK(checkpoint->config().norm_eps == 1e-5);
    CHECK(checkpoint->config().attention_bias);
    CHECK(checkpoint->config().mlp_bias);
    auto json = expected->config_json();
    for (const auto& [key, value] : json.items()) {
      if (key == "torch_dtype") continue;
      CHECK_MESSAGE(checkpoint->config_json().at(key) == value, key);
    }
  }
}

TEST_CASE("the vocabulary of a GGUF file comes along") {
  const tests::TemporaryFolder folder;
  auto gguf = tests::make_tiny_gguf(tests::make_tiny_checkpoint());
  gguf.metadata.emplace_back("tokenizer.chat_template", tests::gguf_string("{{ x }}"));
  const auto checkpoint = opened(folder, gguf);
  const TokenizerSource& source = checkpoint->tokenizer_source();
  REQUIRE(source.gguf);
  CHECK(source.gguf->model == "gpt2");
  CHECK(source.gguf->tokens.size() == 256);
  CHECK(source.gguf->tokens['a'] == "a");
  CHECK(source.gguf->token_types == std::vector<std::int32_t>(256, 1));
  CHECK(source.gguf->merges.empty());
  CHECK(source.gguf->bos == 1);
  CHECK_FALSE(source.gguf->unknown);
  CHECK(source.chat_template == "{{ x }}");
  CHECK(checkpoint->config().eos_ids == std::vector<std::int32_t>{2});
  CHECK(read_gguf_vocabulary(folder.path() / "tiny.gguf").tokens == source.gguf->tokens);
}

TEST_CASE("Q8_0 weights can be had as their exact codes") {
  const tests::TemporaryFolder folder;
  const auto tiny = tests::make_tiny_checkpoint();
  const auto checkpoint = opened(folder, tests::make_tiny_gguf(tiny, tests::GgufWeights::Q8_0));
  CHECK(checkpoint->precision() == "dequantized from Q8_0");
  REQUIRE(checkpoint->warnings().size() == 1);
  CHECK(checkpoint->warnings()[0].find("quantizing from Q8_0") != std::string::npos);
  for (const char* name : {"model.embed_tokens.weight", "model.layers.0.self_attn.q_proj.weight",
                           "model.layers.1.mlp.down_proj.weight"}) {
    const auto codes = checkpoint->read_codes(name);
    REQUIRE(codes);
    CHECK(codes->scheme == QuantScheme{8, 32, Symmetry::Symmetric});
    const Tensor a = dequantize(*codes);
    const Tensor b = checkpoint->read(name, DType::F32);
    CHECK(std::ranges::equal(a.as<float>(), b.as<float>()));
    const std::vector<float> original = tiny.values(name);
    for (std::size_t i = 0; i < original.size(); ++i) {
      CHECK(std::abs(original[i] - b.as<float>()[i]) < 0.2F);
    }
  }
  CHECK_FALSE(checkpoint->read_codes("model.norm.weight"));
}

TEST_CASE("rope_freqs stands for the scaling of Llama 3") {
  const tests::TemporaryFolder folder;
  auto gguf = tests::make_tiny_gguf(tests::make_tiny_checkpoint());
  tests::GgufTensor factors{"rope_freqs.weight", {8}, 0, {}};
  for (int pair = 0; pair < 8; ++pair) {
    // The converter's formula for theta 1e4, head 16, factor 8, borders 1 and 4, 8192 positions.
    const double wavelength = 2 * 3.14159265358979 * std::pow(1e4, pair / 8.0);
    const double smooth = (8192 / wavelength - 1) / 3;
    const double factor = wavelength < 2048   ? 1.0
                          : wavelength > 8192 ? 8.0
                                              : 1.0 / ((1 - smooth) / 8 + smooth);
    const auto value = static_cast<float>(factor);
    factors.bytes.append(reinterpret_cast<const char*>(&value), sizeof(value));
  }
  SUBCASE("known factors") {
    gguf.tensors.push_back(factors);
    const auto checkpoint = opened(folder, gguf);
    CHECK(checkpoint->config().rope.scaling == RopeScaling::Llama3);
    CHECK(checkpoint->config().rope.factor == 8.0);
    CHECK(checkpoint->config_json().at("rope_scaling").at("rope_type") == "llama3");
    CHECK_FALSE(checkpoint->has("rope_freqs.weight"));
  }
  SUBCASE("unknown factors") {
    factors.bytes.replace(8, 4, factors.bytes.substr(28, 4));
    gguf.tensors.push_back(factors);
    CHECK_THROWS_AS(opened(folder, gguf), Error);
  }
}

TEST_CASE("a folder with one GGUF file opens as that file") {
  const tests::TemporaryFolder folder;
  opened(folder, tests::make_tiny_gguf(tests::make_tiny_checkpoint()));
  CHECK(open_checkpoint(folder.path())->format() == SourceFormat::Gguf);
}

TEST_CASE("vocabularies without tensors are read") {
  const auto file = tests::shared_file("data/tokenizers/gguf-vocab/ggml-vocab-llama-spm.gguf");
  if (!file) return;
  const GgufVocabulary vocabulary = read_gguf_vocabulary(*file);
  CHECK(vocabulary.model == "llama");
  CHECK(vocabulary.tokens.size() == 32000);
  CHECK(vocabulary.scores.size() == 32000);
  CHECK(vocabulary.tokens[3] == "<0x00>");
  CHECK(vocabulary.bos == 1);
}
