// SPDX-License-Identifier: Apache-2.0
#include "engine/checkpoint/architecture_rows.h"

namespace salient::rows {
namespace {

using enum LinearRole;
using enum Site;
using enum BiasRule;
using enum ClipRule;

constexpr std::array kOptLinears = {
    LinearRow{Query, "self_attn.q_proj", AttentionInput, Search, AttentionBias},
    LinearRow{Key, "self_attn.k_proj", AttentionInput, Search, AttentionBias},
    LinearRow{Value, "self_attn.v_proj", AttentionInput, Search, AttentionBias},
    LinearRow{Output, "self_attn.out_proj", AttentionOutput, Search, AttentionOutputBias},
    LinearRow{Up, "fc1", MlpInput, Search, MlpBias},
    LinearRow{Down, "fc2", MlpHidden, Search, MlpBias},
};

constexpr std::array<LinearRow, 6> fused_linears(std::string_view qkv, RowLayout rows,
                                                 std::string_view output, std::string_view up,
                                                 std::string_view down) {
  return {LinearRow{Query, qkv, AttentionInput, Search, AttentionBias, rows},
          LinearRow{Key, qkv, AttentionInput, Search, AttentionBias, rows},
          LinearRow{Value, qkv, AttentionInput, Search, AttentionBias, rows},
          LinearRow{Output, output, AttentionOutput, Search, AttentionOutputBias},
          LinearRow{Up, up, MlpInput, Search, MlpBias},
          LinearRow{Down, down, MlpHidden, Search, MlpBias}};
}

constexpr auto kGpt2Linears =
    fused_linears("attn.c_attn", RowLayout::Stacked, "attn.c_proj", "mlp.c_fc", "mlp.c_proj");
constexpr auto kMptLinears =
    fused_linears("attn.Wqkv", RowLayout::Stacked, "attn.out_proj", "ffn.up_proj", "ffn.down_proj");
constexpr auto kBloomLinears =
    fused_linears("self_attention.query_key_value", RowLayout::PerKvHead, "self_attention.dense",
                  "mlp.dense_h_to_4h", "mlp.dense_4h_to_h");
constexpr auto kNeoXLinears =
    fused_linears("attention.query_key_value", RowLayout::PerKvHead, "attention.dense",
                  "mlp.dense_h_to_4h", "mlp.dense_4h_to_h");

constexpr std::array kScaleGroups = {
    ScaleGroupRow{Producer::AttentionNorm, kQueryKeyValue, AttentionInput},
    ScaleGroupRow{Producer::Value, kOutput, AttentionOutput},
    ScaleGroupRow{Producer::MlpNorm, kUp, MlpInput},
    ScaleGroupRow{Producer::Up, kDown, MlpHidden},
};

/// The norms come after: what the linears read is the residual itself.
constexpr std::array kPostNormScaleGroups = {
    ScaleGroupRow{Producer::None, kQueryKeyValue, AttentionInput},
    ScaleGroupRow{Producer::Value, kOutput, AttentionOutput},
    ScaleGroupRow{Producer::None, kUp, MlpInput},
    ScaleGroupRow{Producer::Up, kDown, MlpHidden},
};

constexpr std::array<std::string_view, 1> kOpt = {"opt"};
constexpr std::array<std::string_view, 1> kGpt2 = {"gpt2"};
constexpr std::array<std::string_view, 1> kNeoX = {"gpt_neox"};
constexpr std::array<std::string_view, 1> kBloom = {"bloom"};
constexpr std::array<std::string_view, 1> kMpt = {"mpt"};

constexpr std::array<FormKey, 1> kNormFirst = {
    {{"do_layer_norm_before", "true", WhenAbsent::Fits}}};
constexpr std::array<FormKey, 1> kNormLast = {
    {{"do_layer_norm_before", "false", WhenAbsent::DoesNot}}};
constexpr std::array<FormKey, 1> kParallel = {
    {{"use_parallel_residual", "true", WhenAbsent::Fits}}};
constexpr std::array<FormKey, 1> kSequential = {
    {{"use_parallel_residual", "false", WhenAbsent::DoesNot}}};

constexpr std::array<ConfigValue, 2> kOptOnly = {{
    {"layer_norm_elementwise_affine", "true"},
    {"_remove_final_layer_norm", "false"},
}};
constexpr std::array<ConfigValue, 2> kGpt2Only = {{
    {"scale_attn_weights", "true"},
    {"add_cross_attention", "false"},
}};
constexpr std::array<ConfigValue, 1> kBloomOnly = {{
    {"apply_residual_connection_post_layernorm", "false"},
}};
constexpr std::array<ConfigValue, 7> kMptOnly = {{
    {"attn_config.alibi", "true"},
    {"attn_config.attn_type", "\"multihead_attention\""},
    {"attn_config.qk_ln", "false"},
    {"attn_config.prefix_lm", "false"},
    {"no_bias", "true"},
    {"logit_scale", "1.0"},
    {"embedding_fraction", "1.0"},
}};

constexpr ConfigFlag kNever = {"", false};
constexpr ConfigFlag kAlways = {"", true};
constexpr ConfigFlag kTied = {"tie_word_embeddings", true};
constexpr ConfigFlag kEnableBias = {"enable_bias", true};
constexpr ConfigFlag kNeoXBias = {"attention_bias", true};

constexpr ConfigRules kOptRules = {.norm_eps = 1e-5,
                                   .activation = Activation::Relu,
                                   .attention_bias = kEnableBias,
                                   .attention_output_bias = kEnableBias,
                                   .mlp_bias = kEnableBias,
                                   .tied_head = kTied,
                                   .only = kOptOnly};
constexpr ConfigRules kNeoXRules = {.norm_eps = 1e-5,
                                    .rotary_share = 0.25,
                                    .activation = Activation::GeluErf,
                                    .attention_bias = kNeoXBias,
                                    .attention_output_bias = kNeoXBias,
                                    .mlp_bias = kAlways};

constexpr Architecture opt_row(std::string_view model_type, std::string_view name,
                               std::span<const FormKey> form, NormPlacement placement) {
  const bool before = placement == NormPlacement::Before;
  return {.model_type = model_type,
          .display_name = name,
          .class_name = "OPTForCausalLM",
          .config_types = kOpt,
          .form = form,
          .config = kOptRules,
          .norm = NormKind::Layer,
          .placement = placement,
          .norm_bias = true,
          .positions = PositionKind::Learned,
          .position_offset = 2,
          .embedding = "model.decoder.embed_tokens.weight",
          .position_table = "model.decoder.embed_positions.weight",
          .project_in = "model.decoder.project_in.weight",
          .project_out = "model.decoder.project_out.weight",
          .block_prefix = "model.decoder.layers.",
          .attention_norm = "self_attn_layer_norm.weight",
          .mlp_norm = "final_layer_norm.weight",
          .final_norm = before ? "model.decoder.final_layer_norm.weight" : "",
          .linears = kOptLinears,
          .scale_groups = before ? std::span<const ScaleGroupRow>(kScaleGroups)
                                 : std::span<const ScaleGroupRow>(kPostNormScaleGroups)};
}

constexpr Architecture neox_row(std::string_view model_type, std::span<const FormKey> form,
                                Residual residual) {
  return {.model_type = model_type,
          .display_name = "GPT-NeoX",
          .class_name = "GPTNeoXForCausalLM",
          .config_types = kNeoX,
          .form = form,
          .config = kNeoXRules,
          .norm = NormKind::Layer,
          .residual = residual,
          .norm_bias = true,
          .embedding = "gpt_neox.embed_in.weight",
          .block_prefix = "gpt_neox.layers.",
          .final_norm = "gpt_neox.final_layer_norm.weight",
          .head = "embed_out.weight",
          .linears = kNeoXLinears,
          .scale_groups = kScaleGroups};
}

constexpr std::array kTable = {
    opt_row("opt", "OPT", kNormFirst, NormPlacement::Before),
    opt_row("opt_post_norm", "OPT, norms last", kNormLast, NormPlacement::After),
    Architecture{.model_type = "gpt2",
                 .display_name = "GPT-2",
                 .class_name = "GPT2LMHeadModel",
                 .config_types = kGpt2,
                 .config = {.norm_eps = 1e-5,
                            .intermediate_per_hidden = 4,
                            .max_positions = 1024,
                            .activation = Activation::GeluTanh,
                            .attention_bias = kAlways,
                            .attention_output_bias = kAlways,
                            .mlp_bias = kAlways,
                            .tied_head = kTied,
                            .only = kGpt2Only},
                 .norm = NormKind::Layer,
                 .norm_bias = true,
                 .positions = PositionKind::Learned,
                 .orientation = Orientation::InByOut,
                 .embedding = "transformer.wte.weight",
                 .position_table = "transformer.wpe.weight",
                 .block_prefix = "transformer.h.",
                 .attention_norm = "ln_1.weight",
                 .mlp_norm = "ln_2.weight",
                 .final_norm = "transformer.ln_f.weight",
                 .linears = kGpt2Linears,
                 .scale_groups = kScaleGroups},
    neox_row("gpt_neox", kParallel, Residual::Parallel),
    neox_row("gpt_neox_sequential", kSequential, Residual::Sequential),
    Architecture{.model_type = "bloom",
                 .display_name = "BLOOM",
                 .class_name = "BloomForCausalLM",
                 .config_types = kBloom,
                 .config = {.norm_eps = 1e-5,
                            .intermediate_per_hidden = 4,
                            .activation = Activation::GeluTanh,
                            .attention_bias = kAlways,
                            .attention_output_bias = kAlways,
                            .mlp_bias = kAlways,
                            .tied_head = kTied,
                            .only = kBloomOnly},
                 .norm = NormKind::Layer,
                 .norm_bias = true,
                 .positions = PositionKind::Alibi,
                 .embedding = "transformer.word_embeddings.weight",
                 .embedding_norm = "transformer.word_embeddings_layernorm.weight",
                 .block_prefix = "transformer.h.",
                 .final_norm = "transformer.ln_f.weight",
                 .linears = kBloomLinears,
                 .scale_groups = kScaleGroups},
    Architecture{.model_type = "mpt",
                 .display_name = "MPT",
                 .class_name = "MptForCausalLM",
                 .config_types = kMpt,
                 .config = {.norm_eps = 1e-5,
                            .intermediate_per_hidden = 4,
                            .activation = Activation::GeluErf,
                            .attention_bias = kNever,
                            .attention_output_bias = kNever,
                            .mlp_bias = kNever,
                            .tied_head = kTied,
                            .kv_heads = KvHeads::AsHeads,
                            .only = kMptOnly},
                 .norm = NormKind::Layer,
                 .positions = PositionKind::Alibi,
                 .alibi_slopes = AlibiSlopes::Mpt,
                 .embedding = "transformer.wte.weight",
                 .block_prefix = "transformer.blocks.",
                 .attention_norm = "norm_1.weight",
                 .mlp_norm = "norm_2.weight",
                 .final_norm = "transformer.norm_f.weight",
                 .linears = kMptLinears,
                 .scale_groups = kScaleGroups},
};

}  // namespace

std::span<const Architecture> plain() {
  return kTable;
}

}  // namespace salient::rows
