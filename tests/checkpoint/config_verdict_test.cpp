// SPDX-License-Identifier: Apache-2.0
// Configs of a hundred published models: each gets a verdict, none ends the process.

#include "engine/checkpoint/config_verdict.h"

#include <algorithm>
#include <array>
#include <string_view>

#include <doctest/doctest.h>

#include "tests/shared_data.h"
#include "tests/tiny_checkpoint.h"

using namespace salient;
using namespace salient::tests;

TEST_CASE("every published config gets a verdict that names the family or the key") {
  const auto folder = shared_file("data/configs");
  if (!folder) return;
  const std::vector<std::filesystem::path> files = configs_below(*folder);
  CHECK(files.size() == 100);
  std::size_t supported = 0;
  for (const std::filesystem::path& file : files) {
    const ConfigVerdict verdict = verdict_of_config(file);
    CAPTURE(file.filename().string());
    CAPTURE(verdict.text);
    CHECK_FALSE(verdict.text.empty());
    // Three of them hold an Infinity, which is no JSON.
    const bool is_json = verdict.text.find("not valid JSON") == std::string::npos;
    CHECK(verdict.model_type.empty() != is_json);
    supported += verdict.supported ? 1 : 0;
  }
  MESSAGE(supported << " of " << files.size() << " are supported");
}

TEST_CASE("the families of the table are supported where they are published") {
  struct Known {
    std::string_view file, family;
  };
  static constexpr std::array<Known, 13> kKnown = {{
      {"HuggingFaceTB--SmolLM2-135M", "Llama"},
      {"meta-llama--Meta-Llama-3.1-8B", "Llama"},
      {"mistralai--Mistral-7B-Instruct-v0.3", "Mistral"},
      {"Qwen--Qwen2.5-7B-Instruct", "Qwen2"},
      {"Qwen--Qwen3-8B", "Qwen3"},
      {"google--gemma-2b-it", "Gemma"},
      {"microsoft--phi-4", "Phi-3"},
      {"facebook--opt-6.7b", "OPT"},
      {"bigscience--bloom-560m", "BLOOM"},
      {"mosaicml--mpt-7b-instruct", "MPT"},
      {"tiiuae--falcon-7b-instruct", "Falcon"},
      {"openai--gpt2-medium", "GPT-2"},
      {"TinyLlama--TinyLlama-1.1B-Chat-v1.0", "Llama"},
  }};
  const auto folder = shared_file("data/configs");
  if (!folder) return;
  for (const Known& known : kKnown) {
    const ConfigVerdict verdict =
        verdict_of_config(*folder / (std::string(known.file) + ".config.json"));
    CAPTURE(known.file);
    CAPTURE(verdict.text);
    CHECK(verdict.supported);
    CHECK(verdict.text == known.family);
  }
}

TEST_CASE("what stands in the way is named in few words") {
  const TemporaryFolder folder;
  const auto verdict_on = [&](const std::string& text) {
    write_bytes(folder.path() / "config.json", text);
    return verdict_of_config(folder.path() / "config.json");
  };
  CHECK(verdict_on("{").text.find("config.json") == std::string::npos);
  CHECK(verdict_on(R"({"model_type": "xyz"})").text == "model_type \"xyz\" is not supported");
  const ConfigVerdict rotated = verdict_on(
      R"({"model_type": "falcon", "new_decoder_architecture": false, "parallel_attn": false})");
  CHECK_FALSE(rotated.supported);
  CHECK(rotated.text.starts_with("multi_query is absent"));
}
