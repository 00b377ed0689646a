// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "tests/shared_data.h"

namespace {

using nlohmann::json;
using salient::tests::source_file;

json read_json(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  REQUIRE(file.good());
  return json::parse(file);
}

json toy(const std::string& name) {
  return read_json(source_file("resources/toy/" + name));
}

json read_tensor_header() {
  std::ifstream file(source_file("resources/toy/model.safetensors"), std::ios::binary);
  std::uint64_t length = 0;
  for (int shift = 0; shift < 64; shift += 8) {
    length |= static_cast<std::uint64_t>(static_cast<std::uint8_t>(file.get())) << shift;
  }
  REQUIRE(length < 100'000);
  std::string header(length, '\0');
  file.read(header.data(), static_cast<std::streamsize>(length));
  return json::parse(header);
}

}  // namespace

TEST_CASE("the toy folder is at most 4 MB and says who may use it") {
  std::uintmax_t size = 0;
  for (const auto& entry : std::filesystem::directory_iterator(source_file("resources/toy"))) {
    size += entry.file_size();
  }
  CHECK(size <= 4'000'000);
  CHECK(std::filesystem::exists(source_file("resources/toy/LICENSE")));
  CHECK(std::filesystem::exists(source_file("resources/toy/README.md")));
}

TEST_CASE("the toy has grouped queries, an odd head size and a tied head") {
  const json config = toy("config.json");
  CHECK(config["model_type"] == "llama");
  CHECK(config["num_key_value_heads"] < config["num_attention_heads"]);
  const int even_head = config["hidden_size"].get<int>() / config["num_attention_heads"].get<int>();
  CHECK(config["head_dim"] != even_head);
  CHECK(config["tie_word_embeddings"] == true);
}

TEST_CASE("every weight of the toy is float16 in the shape that its config asks for") {
  const json config = toy("config.json");
  const json header = read_tensor_header();
  for (const auto& [name, tensor] : header.items()) {
    if (name != "__metadata__") CHECK_MESSAGE(tensor["dtype"] == "F16", name);
  }
  CHECK(header["model.embed_tokens.weight"]["shape"] ==
        json{config["vocab_size"], config["hidden_size"]});
  CHECK(header["model.layers.4.mlp.down_proj.weight"]["shape"] ==
        json{config["hidden_size"], config["intermediate_size"]});
  CHECK_FALSE(header.contains("lm_head.weight"));
}

TEST_CASE("groups of 128 fit every linear of the toy, so its export can be AutoAWQ's format") {
  const json header = read_tensor_header();
  for (const auto& [name, tensor] : header.items()) {
    if (name.find("_proj") == std::string::npos) continue;
    CHECK_MESSAGE(tensor["shape"][1].get<int>() % 128 == 0, name);
    CHECK_MESSAGE(tensor["shape"][0].get<int>() % 8 == 0, name);
  }
}

TEST_CASE("the toy's control tokens are where its config says") {
  const json tokenizer = toy("tokenizer.json");
  const json config = toy("config.json");
  CHECK(tokenizer["model"]["vocab"].size() == config["vocab_size"]);
  CHECK(tokenizer["model"]["vocab"]["<|im_start|>"] == config["bos_token_id"]);
  CHECK(tokenizer["model"]["vocab"]["<|im_end|>"] == config["eos_token_id"]);
  CHECK(toy("tokenizer_config.json")["chat_template"].get<std::string>().find("<|im_start|>") !=
        std::string::npos);
}

TEST_CASE("the toy's golden was made for the vocabulary that is bundled") {
  const json golden = read_json(source_file("tests/golden/toy_logits.json"));
  const json config = toy("config.json");
  REQUIRE(golden["rows"].size() == 3);
  for (const json& row : golden["rows"]) CHECK(row["logits"].size() == config["vocab_size"]);
  CHECK(golden["slice"]["ids"].size() == golden["slice"]["window"].get<std::size_t>() *
                                             golden["slice"]["windows"].get<std::size_t>());
}
