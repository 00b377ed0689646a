// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "engine/checkpoint/architecture.h"
#include "engine/checkpoint/config_reader.h"
#include "engine/error.h"
#include "tests/tiny_checkpoint.h"

using namespace salient;
using Json = nlohmann::ordered_json;

namespace {

ModelConfig read(const Json& json) {
  std::vector<std::string> warnings;
  return parse_config(json, "config.json", warnings);
}

Json tiny() {
  return tests::make_tiny_checkpoint().config;
}

std::string refusal(const Json& json, ErrorKind kind) {
  try {
    read(json);
  } catch (const Error& error) {
    CHECK(error.kind() == kind);
    return error.what();
  }
  return "accepted";
}

Json with(std::string_view key, const Json& value) {
  Json json = tiny();
  json[std::string(key)] = value;
  return json;
}

}  // namespace

TEST_CASE("a config of the first generation is read") {
  Json json = with("rope_scaling", {{"factor", 8.0},
                                    {"low_freq_factor", 1.0},
                                    {"high_freq_factor", 4.0},
                                    {"original_max_position_embeddings", 128},
                                    {"rope_type", "llama3"}});
  json["rope_theta"] = 500000.0;
  json["eos_token_id"] = {2, 5};
  const ModelConfig config = read(json);
  CHECK(config.model_type == "llama");
  CHECK(config.hidden_size == 64);
  CHECK(config.num_kv_heads == 2);
  CHECK(config.head_dim == 16);
  CHECK(config.rope.theta == 500000.0);
  CHECK(config.rope.scaling == RopeScaling::Llama3);
  CHECK(config.rope.factor == 8.0);
  CHECK(config.rope.original_max_positions == 128);
  CHECK(config.eos_ids == std::vector<std::int32_t>{2, 5});
  CHECK(config.bos_ids == std::vector<std::int32_t>{1});
}

TEST_CASE("a config of the second generation means the same") {
  Json json = tiny();
  json.erase("rope_theta");
  json.erase("rope_scaling");
  json.erase("torch_dtype");
  json["dtype"] = "bfloat16";
  json["rope_parameters"] = {{"rope_type", "linear"}, {"factor", 2.0}, {"rope_theta", 20000.0}};
  const ModelConfig config = read(json);
  CHECK(config.rope.theta == 20000.0);
  CHECK(config.rope.scaling == RopeScaling::LinearPositions);
  CHECK(config.rope.factor == 2.0);
}

TEST_CASE("absent keys have Llama's defaults") {
  Json json = tiny();
  for (const char* key : {"num_key_value_heads", "head_dim", "rms_norm_eps", "rope_theta",
                          "tie_word_embeddings", "hidden_act", "attention_bias"}) {
    json.erase(key);
  }
  const ModelConfig config = read(json);
  CHECK(config.num_kv_heads == 4);
  CHECK(config.head_dim == 16);
  CHECK(config.norm_eps == 1e-6);
  CHECK(config.rope.theta == 10000.0);
  CHECK_FALSE(config.tied_head);
  CHECK_FALSE(config.attention_bias);
}

TEST_CASE("what would be computed differently is refused by name") {
  CHECK(refusal(with("model_type", "xyz"), ErrorKind::Unsupported) ==
        "config.json: model_type \"xyz\" is not supported, known: " + known_model_types());
  CHECK(refusal(with("hidden_act", "mish"), ErrorKind::Unsupported) ==
        "config.json: hidden_act is \"mish\", known are \"silu\", \"relu\", \"gelu\" and "
        "\"gelu_pytorch_tanh\"");
  CHECK(refusal(with("rope_scaling", {{"type", "foo"}, {"factor", 2}}), ErrorKind::Unsupported) ==
        "config.json: rope_scaling.rope_type is \"foo\", known are \"default\", \"linear\", "
        "\"dynamic\", \"llama3\", \"yarn\" and \"longrope\"");
  CHECK(refusal(with("partial_rotary_factor", 0.5), ErrorKind::Unsupported) ==
        "config.json: partial_rotary_factor is 0.5, which llama models here do not support");
  CHECK(refusal(with("sliding_window", 4096), ErrorKind::Unsupported) != "accepted");
  CHECK(refusal(with("sliding_window", nullptr), ErrorKind::Unsupported) == "accepted");
  CHECK(refusal(with("num_local_experts", 8), ErrorKind::Unsupported) != "accepted");
}

TEST_CASE("each limit of the config is allowed and the next value is not") {
  const auto edge = [](const char* key, std::int64_t last) {
    CAPTURE(key);
    const std::string inside = refusal(with(key, last), ErrorKind::BadInput);
    // Other rules may still refuse the value, but not as out of range.
    CHECK(inside.find("an integer from") == std::string::npos);
    CHECK(refusal(with(key, last + 1), ErrorKind::BadInput)
              .find(std::string(key) + " is " + std::to_string(last + 1) + ", an integer from") !=
          std::string::npos);
  };
  edge("hidden_size", 1 << 18);
  edge("intermediate_size", 1 << 20);
  edge("num_hidden_layers", 1024);
  edge("num_attention_heads", 4096);
  edge("vocab_size", 4 << 20);
}

TEST_CASE("ids outside the vocabulary are dropped with a warning") {
  Json json = with("eos_token_id", {2, 256, -1});
  std::vector<std::string> warnings;
  ModelConfig config = parse_config(json, "config.json", warnings);
  CHECK(config.eos_ids == std::vector<std::int32_t>{2});
  CHECK(warnings.size() == 2);
  add_generation_ids({{"eos_token_id", {2, 7}}}, "generation_config.json", config, warnings);
  CHECK(config.eos_ids == std::vector<std::int32_t>{2, 7});
}

TEST_CASE("a config that we write is read back the same") {
  ModelConfig config = read(tiny());
  config.rope = {500000.0, RopeScaling::Llama3, 32.0, 1.0, 4.0, 8192};
  config.tied_head = true;
  const ModelConfig again = read(make_config_json(config, "float16"));
  CHECK(again.rope.factor == 32.0);
  CHECK(again.rope.scaling == RopeScaling::Llama3);
  CHECK(again.tied_head);
  CHECK(again.head_dim == config.head_dim);
  CHECK(again.norm_eps == config.norm_eps);
}
