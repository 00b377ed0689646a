// SPDX-License-Identifier: Apache-2.0
#include "engine/checkpoint/architecture_rows.h"

namespace salient::rows {
namespace {

using enum LinearRole;
using enum Site;
using enum BiasRule;
using enum ClipRule;

constexpr std::array kLinears = {
    LinearRow{Query, "self_attn.q_proj", AttentionInput, Search, AttentionBias},
    LinearRow{Key, "self_attn.k_proj", AttentionInput, Search, AttentionBias},
    LinearRow{Value, "self_attn.v_proj", AttentionInput, Search, AttentionBias},
    LinearRow{Output, "self_attn.o_proj", AttentionOutput, Search, AttentionOutputBias},
    LinearRow{Gate, "mlp.gate_proj", MlpInput, Search, MlpBias},
    LinearRow{Up, "mlp.up_proj", MlpInput, Search, MlpBias},
    LinearRow{Down, "mlp.down_proj", MlpHidden, Search, MlpBias},
};

constexpr std::array kPhi3Linears = {
    LinearRow{Query, "self_attn.qkv_proj", AttentionInput, Search, AttentionBias,
              RowLayout::Stacked},
    LinearRow{Key, "self_attn.qkv_proj", AttentionInput, Search, AttentionBias, RowLayout::Stacked},
    LinearRow{Value, "self_attn.qkv_proj", AttentionInput, Search, AttentionBias,
              RowLayout::Stacked},
    LinearRow{Output, "self_attn.o_proj", AttentionOutput, Search, AttentionOutputBias},
    LinearRow{Gate, "mlp.gate_up_proj", MlpInput, Search, MlpBias, RowLayout::Stacked},
    LinearRow{Up, "mlp.gate_up_proj", MlpInput, Search, MlpBias, RowLayout::Stacked},
    LinearRow{Down, "mlp.down_proj", MlpHidden, Search, MlpBias},
};

constexpr std::array kScaleGroups = {
    ScaleGroupRow{Producer::AttentionNorm, kQueryKeyValue, AttentionInput},
    ScaleGroupRow{Producer::Value, kOutput, AttentionOutput},
    ScaleGroupRow{Producer::MlpNorm, kGateUp, MlpInput},
    ScaleGroupRow{Producer::Up, kDown, MlpHidden},
};

constexpr std::array<std::string_view, 1> kLlama = {"llama"};
constexpr std::array<std::string_view, 1> kMistral = {"mistral"};
constexpr std::array<std::string_view, 1> kQwen2 = {"qwen2"};
constexpr std::array<std::string_view, 1> kQwen3 = {"qwen3"};
constexpr std::array<std::string_view, 1> kPhi3 = {"phi3"};
constexpr std::array<std::string_view, 1> kGemma = {"gemma"};
constexpr std::array<std::string_view, 1> kGemma2 = {"gemma2"};
constexpr std::array<std::string_view, 1> kGemma3 = {"gemma3_text"};

/// Keys that relatives set under another's model_type or that fine-tunes carry over.
constexpr std::array<ConfigValue, 10> kOnly = {{
    {"num_local_experts", "0"},
    {"num_experts", "0"},
    {"embedding_multiplier", "1.0"},
    {"residual_multiplier", "1.0"},
    {"logits_scaling", "1.0"},
    {"logit_scale", "1.0"},
    {"use_qk_norm", "false"},
    {"qk_layernorm", "false"},
    {"parallel_attn", "false"},
    {"use_bidirectional_attention", "false"},
}};

constexpr std::array<ConfigValue, 13> kLlamaOnly = {{
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

constexpr ConfigFlag kNever = {"", false};
constexpr ConfigFlag kAlways = {"", true};
constexpr ConfigFlag kTied = {"tie_word_embeddings", true};

constexpr std::array kTable = {
    Architecture{.model_type = "llama",
                 .display_name = "Llama",
                 .class_name = "LlamaForCausalLM",
                 .config_types = kLlama,
                 .gguf_architecture = "llama",
                 .gguf_rotary_rows = true,
                 .config = {.only = kLlamaOnly},
                 .linears = kLinears,
                 .scale_groups = kScaleGroups},
    Architecture{.model_type = "mistral",
                 .display_name = "Mistral",
                 .class_name = "MistralForCausalLM",
                 .config_types = kMistral,
                 .config = {.attention_bias = kNever,
                            .attention_output_bias = kNever,
                            .mlp_bias = kNever,
                            .windows = WindowRule::Every,
                            .window = 4096,
                            .only = kOnly},
                 .linears = kLinears,
                 .scale_groups = kScaleGroups},
    Architecture{.model_type = "qwen2",
                 .display_name = "Qwen2",
                 .class_name = "Qwen2ForCausalLM",
                 .config_types = kQwen2,
                 .gguf_architecture = "qwen2",
                 .config = {.max_positions = 32768,
                            .attention_bias = kAlways,
                            .attention_output_bias = kNever,
                            .mlp_bias = kNever,
                            .windows = WindowRule::Switched,
                            .window = 4096,
                            .only = kOnly},
                 .linears = kLinears,
                 .scale_groups = kScaleGroups},
    Architecture{.model_type = "qwen3",
                 .display_name = "Qwen3",
                 .class_name = "Qwen3ForCausalLM",
                 .config_types = kQwen3,
                 .gguf_architecture = "qwen3",
                 .config = {.head_dim = 128,
                            .max_positions = 32768,
                            .mlp_bias = kNever,
                            .windows = WindowRule::Switched,
                            .window = 4096,
                            .only = kOnly},
                 .query_norm = "self_attn.q_norm.weight",
                 .key_norm = "self_attn.k_norm.weight",
                 .linears = kLinears,
                 .scale_groups = kScaleGroups},
    Architecture{.model_type = "phi3",
                 .display_name = "Phi-3",
                 .class_name = "Phi3ForCausalLM",
                 .config_types = kPhi3,
                 .gguf_architecture = "phi3",
                 .config = {.norm_eps = 1e-5,
                            .max_positions = 4096,
                            .attention_bias = kNever,
                            .attention_output_bias = kNever,
                            .mlp_bias = kNever,
                            .windows = WindowRule::Every,
                            .only = kOnly},
                 .linears = kPhi3Linears,
                 .scale_groups = kScaleGroups},
    Architecture{.model_type = "gemma",
                 .display_name = "Gemma",
                 .class_name = "GemmaForCausalLM",
                 .config_types = kGemma,
                 .gguf_architecture = "gemma",
                 .config = {.head_dim = 256,
                            .max_positions = 8192,
                            .activation = Activation::GeluTanh,
                            .mlp_bias = kNever,
                            .tied_head = kTied,
                            .only = kOnly},
                 .norm_offset = 1,
                 .embedding_scale = EmbeddingScale::SqrtHidden,
                 .linears = kLinears,
                 .scale_groups = kScaleGroups},
    Architecture{.model_type = "gemma2",
                 .display_name = "Gemma 2",
                 .class_name = "Gemma2ForCausalLM",
                 .config_types = kGemma2,
                 .gguf_architecture = "gemma2",
                 .config = {.head_dim = 256,
                            .max_positions = 8192,
                            .activation = Activation::GeluTanh,
                            .mlp_bias = kNever,
                            .tied_head = kTied,
                            .windows = WindowRule::Alternating,
                            .window = 4096,
                            .score_cap = 50,
                            .logit_cap = 30,
                            .score_divisor = 256,
                            .only = kOnly},
                 .placement = NormPlacement::Around,
                 .norm_offset = 1,
                 .embedding_scale = EmbeddingScale::SqrtHidden,
                 .mlp_norm = "pre_feedforward_layernorm.weight",
                 .attention_post_norm = "post_attention_layernorm.weight",
                 .mlp_post_norm = "post_feedforward_layernorm.weight",
                 .linears = kLinears,
                 .scale_groups = kScaleGroups},
    Architecture{.model_type = "gemma3_text",
                 .display_name = "Gemma 3",
                 .class_name = "Gemma3ForCausalLM",
                 .config_types = kGemma3,
                 .gguf_architecture = "gemma3",
                 .config = {.head_dim = 256,
                            .max_positions = 131072,
                            .rope_theta = 1'000'000.0,
                            .activation = Activation::GeluTanh,
                            .mlp_bias = kNever,
                            .tied_head = kTied,
                            .windows = WindowRule::AllButSixth,
                            .window = 4096,
                            .score_divisor = 256,
                            .window_rope_theta = 10'000.0,
                            .only = kOnly},
                 .placement = NormPlacement::Around,
                 .norm_offset = 1,
                 .embedding_scale = EmbeddingScale::SqrtHidden,
                 .mlp_norm = "pre_feedforward_layernorm.weight",
                 .attention_post_norm = "post_attention_layernorm.weight",
                 .mlp_post_norm = "post_feedforward_layernorm.weight",
                 .query_norm = "self_attn.q_norm.weight",
                 .key_norm = "self_attn.k_norm.weight",
                 .linears = kLinears,
                 .scale_groups = kScaleGroups},
};

}  // namespace

std::span<const Architecture> gated() {
  return kTable;
}

}  // namespace salient::rows
