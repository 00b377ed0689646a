// SPDX-License-Identifier: Apache-2.0
#include "engine/export/consumers.h"

#include <algorithm>

#include <doctest/doctest.h>

#include "engine/model/decoder.h"

using namespace salient;

namespace {

ModelConfig llama2_7b() {
  ModelConfig config;
  config.model_type = "llama";
  config.hidden_size = 4096;
  config.intermediate_size = 11008;
  config.num_layers = 2;
  config.num_heads = 32;
  config.num_kv_heads = 32;
  config.head_dim = 128;
  config.vocab_size = 32000;
  return config;
}

struct Question {
  ModelConfig config = llama2_7b();
  QuantScheme scheme = {.bits = 4, .group_size = 128};
  std::map<LinearId, QuantScheme> others = {};

  ConsumerVerdict ask(ExportFormat format, const std::string& consumer) const {
    std::vector<LinearId> linears;
    std::vector<LinearSettings> settings;
    for (std::int64_t block = 0; block < config.num_layers; ++block) {
      for (const LinearRole role : kLinearRoles) {
        linears.push_back({block, role});
        const auto found = others.find({block, role});
        settings.emplace_back().scheme = found == others.end() ? scheme : found->second;
      }
    }
    const auto verdicts = consumers_of(format, config, linears, settings);
    const auto found = std::ranges::find(verdicts, consumer, &ConsumerVerdict::consumer);
    REQUIRE(found != verdicts.end());
    CHECK(found->loads == found->why_not.empty());
    return *found;
  }
};

constexpr QuantScheme kSymmetric{4, 128, Symmetry::Symmetric};

}  // namespace

TEST_CASE("AWQ at group 128 is loaded by the four that read it") {
  const Question question;
  for (const char* consumer : {"vLLM", "transformers", "TGI", "lmdeploy"}) {
    CHECK(question.ask(ExportFormat::Awq, consumer).loads);
  }
  CHECK(question.ask(ExportFormat::Awq, "transformers").note == "through gptqmodel");
  CHECK(question.ask(ExportFormat::Awq, "llama.cpp").why_not == "is not known to read AWQ");
  Question small;
  small.scheme.group_size = 64;
  CHECK(small.ask(ExportFormat::Awq, "lmdeploy").why_not == "takes group 128, not 64");
  CHECK(small.ask(ExportFormat::Awq, "vLLM").loads);
}

TEST_CASE("vLLM takes GPTQ of 4 and 8 bits, llama.cpp's converter of 2, 4 and 8") {
  Question question;
  question.scheme = kSymmetric;
  CHECK(question.ask(ExportFormat::Gptq, "vLLM").loads);
  question.scheme.bits = 3;
  CHECK(question.ask(ExportFormat::Gptq, "vLLM").why_not == "takes 4 or 8 bits, not 3");
  CHECK(question.ask(ExportFormat::Gptq, "llama.cpp").why_not == "takes 2, 4 or 8 bits, not 3");
  CHECK(question.ask(ExportFormat::Gptq, "transformers").loads);
}

TEST_CASE("mixed settings load where the reader knows them and fused linears agree") {
  Question question;
  question.scheme = kSymmetric;
  question.others[{1, LinearRole::Down}] = {8, 128, Symmetry::Symmetric};
  CHECK(question.ask(ExportFormat::CompressedTensors, "vLLM").loads);
  CHECK(question.ask(ExportFormat::CompressedTensors, "llama.cpp").why_not ==
        "takes one scheme for all linears, these have 4-bit g128 symmetric and 8-bit g128 "
        "symmetric");
  question.others[{0, LinearRole::Key}] = {8, 128, Symmetry::Symmetric};
  CHECK(question.ask(ExportFormat::CompressedTensors, "vLLM").why_not ==
        "runs layer 0 k as one matrix with linears of another scheme");
}

TEST_CASE("tensor parallelism keeps heads, groups and words whole") {
  Question question;
  // 11008 inputs of down are 86 groups of 128: they halve once.
  CHECK(question.ask(ExportFormat::Awq, "vLLM").tensor_parallel == std::vector{1, 2});
  question.scheme.group_size = 32;
  CHECK(question.ask(ExportFormat::Awq, "vLLM").tensor_parallel == std::vector{1, 2, 4, 8});
  CHECK(question.ask(ExportFormat::Fp16, "vLLM").tensor_parallel == std::vector{1, 2, 4, 8});
  question.config.num_heads = 9;
  question.config.num_kv_heads = 3;
  CHECK(question.ask(ExportFormat::Fp16, "vLLM").tensor_parallel == std::vector{1});
  CHECK(question.ask(ExportFormat::Awq, "transformers").tensor_parallel.empty());
}

TEST_CASE("GGUF goes to llama.cpp and what is built on it; our own form to nobody else") {
  const Question question;
  for (const char* consumer : {"llama.cpp", "Ollama", "LM Studio"}) {
    CHECK(question.ask(ExportFormat::GgufQ4_1, consumer).loads);
  }
  CHECK_FALSE(question.ask(ExportFormat::GgufQ4_1, "vLLM").loads);
  for (const char* consumer : {"vLLM", "transformers", "llama.cpp"}) {
    CHECK_FALSE(question.ask(ExportFormat::Run, consumer).loads);
  }
}

TEST_CASE("one sentence for the card names the programs and what the format does") {
  const ModelConfig config = llama2_7b();
  const std::vector<LinearId> linears = {{0, LinearRole::Query}};
  std::vector<LinearSettings> settings(1);
  settings[0].scheme = kSymmetric;
  CHECK(format_sentence(ExportFormat::GgufQ4_1, config, linears, settings) ==
        "Written as GGUF Q4_1; known to load it: llama.cpp, Ollama, LM Studio. Q4_1 keeps a "
        "group's minimum in float16, which may shift its weights by up to 0.8 % of a step.");
  CHECK(format_sentence(ExportFormat::Run, config, linears, settings) == "Written as Salient run.");
  CHECK(format_sentence(ExportFormat::Awq, config, linears, settings)
            .find("vLLM (tensor parallel 1, 2, 4, 8), transformers (through gptqmodel)") !=
        std::string::npos);
}
