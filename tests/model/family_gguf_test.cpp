// SPDX-License-Identifier: Apache-2.0
// Families that llama.cpp's converter writes with the rows of transformers: the golden models as
// GGUF files give the golden logits.

#include <algorithm>
#include <cmath>
#include <cstring>

#include <doctest/doctest.h>

#include "engine/model/decoder.h"
#include "tests/model/family_model.h"
#include "tests/model/golden_model.h"
#include "tests/shared_data.h"
#include "tests/tiny_checkpoint.h"

using namespace salient;
using namespace salient::tests;

namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 16> kWords = {{
    {"model.embed_tokens", "token_embd"},
    {"model.norm", "output_norm"},
    {"lm_head", "output"},
    {"model.layers", "blk"},
    {"input_layernorm", "attn_norm"},
    {"post_attention_layernorm", "ffn_norm"},
    {"self_attn.qkv_proj", "attn_qkv"},
    {"self_attn.q_proj", "attn_q"},
    {"self_attn.k_proj", "attn_k"},
    {"self_attn.v_proj", "attn_v"},
    {"self_attn.o_proj", "attn_output"},
    {"self_attn.q_norm", "attn_q_norm"},
    {"self_attn.k_norm", "attn_k_norm"},
    {"mlp.gate_up_proj", "ffn_up"},
    {"mlp.gate_proj", "ffn_gate"},
    {"mlp.up_proj", "ffn_up"},
}};

std::string gguf_name(std::string name) {
  const auto put = [&](std::string_view from, std::string_view to) {
    const std::size_t at = name.find(from);
    if (at != std::string::npos) name.replace(at, from.size(), to);
  };
  for (const auto& [from, to] : kWords) put(from, to);
  put("mlp.down_proj", "ffn_down");
  return name;
}

GgufTensor gguf_tensor(const nlohmann::ordered_json& tensor, bool gemma) {
  const auto name = tensor.at(0).get<std::string>();
  const auto shape = tensor.at(2).get<Shape>();
  std::vector<float> values = family_values(name, shape);
  // The converter adds the 1 of Gemma's norms.
  if (gemma && name.ends_with("norm.weight")) {
    for (float& value : values) value += 1.0F;
  }
  GgufTensor made{gguf_name(name), {}, 0, std::string(values.size() * sizeof(float), '\0')};
  for (auto size = shape.rbegin(); size != shape.rend(); ++size) {
    made.shape.push_back(static_cast<std::uint64_t>(*size));
  }
  std::memcpy(made.bytes.data(), values.data(), made.bytes.size());
  return made;
}

TinyGguf gguf_of(const FamilyCase& golden, const std::string& architecture) {
  const auto number = [&](const char* key, std::int64_t absent) {
    return gguf_u32(static_cast<std::uint32_t>(golden.config.value(key, absent)));
  };
  const std::int64_t head = golden.config.value("head_dim", std::int64_t{8});
  const auto key = [&](const char* below) { return architecture + "." + below; };
  TinyGguf gguf;
  gguf.metadata = {{"general.architecture", gguf_string(architecture)},
                   {key("block_count"), number("num_hidden_layers", 0)},
                   {key("context_length"), number("max_position_embeddings", 0)},
                   {key("embedding_length"), number("hidden_size", 0)},
                   {key("feed_forward_length"), number("intermediate_size", 0)},
                   {key("attention.head_count"), number("num_attention_heads", 0)},
                   {key("attention.head_count_kv"), number("num_key_value_heads", 0)},
                   {key("attention.key_length"), gguf_u32(static_cast<std::uint32_t>(head))},
                   {key("attention.value_length"), gguf_u32(static_cast<std::uint32_t>(head))},
                   {key("attention.layer_norm_rms_epsilon"), gguf_f32(1e-5F)},
                   {key("vocab_size"), number("vocab_size", 0)}};
  if (architecture == "phi3") {
    gguf.metadata.emplace_back(key("attention.sliding_window"), number("sliding_window", 0));
  }
  for (const auto& tensor : golden.tensors) {
    gguf.tensors.push_back(gguf_tensor(tensor, architecture == "gemma"));
  }
  return gguf;
}

}  // namespace

TEST_CASE("GGUF files of other families than Llama give the golden logits") {
  const auto backend = make_cpu_backend(1);
  const TemporaryFolder folder;
  std::size_t tried = 0;
  for (const FamilyCase& golden : family_cases()) {
    const std::string& name = golden.name;
    if (name != "qwen2" && name != "qwen3" && name != "phi3" && name != "gemma") continue;
    CAPTURE(name);
    const std::filesystem::path file = folder.path() / (name + ".gguf");
    write_bytes(file, gguf_bytes(gguf_of(golden, name)));
    const auto checkpoint = open_checkpoint(file);
    const Decoder decoder = load_decoder(*backend, *checkpoint, DType::F32);
    Sequence sequence =
        make_sequence(*backend, decoder.shape, static_cast<std::int64_t>(golden.ids.size()));
    const Tensor logits = forward(*backend, decoder, sequence, golden.ids, LogitsOf::EveryToken);
    CHECK(relative_difference(golden, logits) < 1e-4);
    ++tried;
  }
  CHECK(tried == 4);
}
