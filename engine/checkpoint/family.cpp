// SPDX-License-Identifier: Apache-2.0
#include "engine/checkpoint/family.h"

#include <algorithm>
#include <array>

namespace salient {
namespace {

/// Keys that relatives of Llama set under its model_type or that fine-tunes carry over.
constexpr std::array<FixedKey, 13> kLlamaFixedKeys = {{
    {"partial_rotary_factor", "1.0"},
    {"num_local_experts", "0"},
    {"num_experts", "0"},
    {"embedding_multiplier", "1.0"},
    {"residual_multiplier", "1.0"},
    {"logits_scaling", "1.0"},
    {"logit_scale", "1.0"},
    {"attn_logit_softcapping", "0"},
    {"final_logit_softcapping", "0"},
    {"sliding_window", "0"},
    {"use_qk_norm", "false"},
    {"qk_layernorm", "false"},
    {"parallel_attn", "false"},
}};

constexpr std::array<Family, 1> kFamilies = {{
    {"llama", "LlamaForCausalLM", "llama", kLlamaFixedKeys},
}};

void add_linear(std::vector<ExpectedTensor>& tensors, const std::string& name, std::int64_t out,
                std::int64_t in, bool bias) {
  tensors.push_back({name + ".weight", {out, in}});
  if (bias) tensors.push_back({name + ".bias", {out}});
}

void add_block(std::vector<ExpectedTensor>& tensors, const ModelConfig& c, std::int64_t layer) {
  const std::string block = "model.layers." + std::to_string(layer) + ".";
  const std::int64_t q_rows = c.num_heads * c.head_dim;
  const std::int64_t kv_rows = c.num_kv_heads * c.head_dim;
  tensors.push_back({block + "input_layernorm.weight", {c.hidden_size}});
  add_linear(tensors, block + "self_attn.q_proj", q_rows, c.hidden_size, c.attention_bias);
  add_linear(tensors, block + "self_attn.k_proj", kv_rows, c.hidden_size, c.attention_bias);
  add_linear(tensors, block + "self_attn.v_proj", kv_rows, c.hidden_size, c.attention_bias);
  add_linear(tensors, block + "self_attn.o_proj", c.hidden_size, q_rows, c.attention_bias);
  tensors.push_back({block + "post_attention_layernorm.weight", {c.hidden_size}});
  add_linear(tensors, block + "mlp.gate_proj", c.intermediate_size, c.hidden_size, c.mlp_bias);
  add_linear(tensors, block + "mlp.up_proj", c.intermediate_size, c.hidden_size, c.mlp_bias);
  add_linear(tensors, block + "mlp.down_proj", c.hidden_size, c.intermediate_size, c.mlp_bias);
}

}  // namespace

const Family* find_family(std::string_view model_type) {
  const auto found = std::find_if(kFamilies.begin(), kFamilies.end(),
                                  [&](const Family& f) { return f.model_type == model_type; });
  return found == kFamilies.end() ? nullptr : &*found;
}

const Family* find_gguf_family(std::string_view architecture) {
  const auto found = std::find_if(kFamilies.begin(), kFamilies.end(), [&](const Family& f) {
    return f.gguf_architecture == architecture;
  });
  return found == kFamilies.end() ? nullptr : &*found;
}

std::string known_families() {
  std::string names;
  for (const Family& family : kFamilies) {
    names += (names.empty() ? "" : ", ") + std::string(family.model_type);
  }
  return names;
}

std::vector<ExpectedTensor> expected_tensors(const ModelConfig& config) {
  std::vector<ExpectedTensor> tensors;
  tensors.push_back({"model.embed_tokens.weight", {config.vocab_size, config.hidden_size}});
  for (std::int64_t layer = 0; layer < config.num_layers; ++layer) {
    add_block(tensors, config, layer);
  }
  tensors.push_back({"model.norm.weight", {config.hidden_size}});
  if (!config.tied_head) {
    tensors.push_back({"lm_head.weight", {config.vocab_size, config.hidden_size}});
  }
  return tensors;
}

bool is_known_extra(std::string_view name) {
  return name.ends_with(".rotary_emb.inv_freq");
}

}  // namespace salient
