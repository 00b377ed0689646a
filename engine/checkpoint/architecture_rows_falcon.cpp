// SPDX-License-Identifier: Apache-2.0
#include "engine/checkpoint/architecture_rows.h"

namespace salient::rows {
namespace {

using enum LinearRole;
using enum Site;
using enum BiasRule;
using enum ClipRule;

constexpr std::string_view kFused = "self_attention.query_key_value";

constexpr std::array<LinearRow, 6> linears(RowLayout rows, Site mlp_input) {
  return {
      LinearRow{Query, kFused, AttentionInput, Search, AttentionBias, rows},
      LinearRow{Key, kFused, AttentionInput, Search, AttentionBias, rows},
      LinearRow{Value, kFused, AttentionInput, Search, AttentionBias, rows},
      LinearRow{Output, "self_attention.dense", AttentionOutput, Search, AttentionOutputBias},
      LinearRow{Up, "mlp.dense_h_to_4h", mlp_input, Search, MlpBias},
      LinearRow{Down, "mlp.dense_4h_to_h", MlpHidden, Search, MlpBias},
  };
}

constexpr auto kMultiQueryOneNorm = linears(RowLayout::Stacked, AttentionInput);
constexpr auto kMultiHeadTwoNorms = linears(RowLayout::PerKvHead, MlpInput);
constexpr auto kGroupedOneNorm = linears(RowLayout::PerKvHead, AttentionInput);

constexpr std::array kTwoNormGroups = {
    ScaleGroupRow{Producer::AttentionNorm, kQueryKeyValue, AttentionInput},
    ScaleGroupRow{Producer::Value, kOutput, AttentionOutput},
    ScaleGroupRow{Producer::MlpNorm, kUp, MlpInput},
    ScaleGroupRow{Producer::Up, kDown, MlpHidden},
};
/// Attention and MLP read one norm: one s for all that do.
constexpr std::array kOneNormGroups = {
    ScaleGroupRow{Producer::AttentionNorm, kQueryKeyValueUp, AttentionInput},
    ScaleGroupRow{Producer::Value, kOutput, AttentionOutput},
    ScaleGroupRow{Producer::Up, kDown, MlpHidden},
};

constexpr std::array<std::string_view, 2> kSmall = {"falcon", "RefinedWebModel"};
constexpr std::array<std::string_view, 1> kFalcon = {"falcon"};
constexpr std::array<std::string_view, 1> kLarge = {"RefinedWeb"};

constexpr std::array<FormKey, 3> kNewTwoNorms = {
    {{"new_decoder_architecture", "true", WhenAbsent::DoesNot},
     {"num_ln_in_parallel_attn", "2", WhenAbsent::Fits},
     {"parallel_attn", "true", WhenAbsent::Fits}}};
constexpr std::array<FormKey, 3> kNewOneNorm = {
    {{"new_decoder_architecture", "true", WhenAbsent::DoesNot},
     {"num_ln_in_parallel_attn", "1", WhenAbsent::DoesNot},
     {"parallel_attn", "true", WhenAbsent::Fits}}};
constexpr std::array<FormKey, 3> kMultiQuery = {
    {{"new_decoder_architecture", "false", WhenAbsent::Fits},
     {"multi_query", "true", WhenAbsent::Fits},
     {"parallel_attn", "true", WhenAbsent::Fits}}};
constexpr std::array<FormKey, 3> kMultiHead = {
    {{"new_decoder_architecture", "false", WhenAbsent::Fits},
     {"multi_query", "false", WhenAbsent::DoesNot},
     {"parallel_attn", "false", WhenAbsent::DoesNot}}};

constexpr ConfigFlag kBias = {"bias", false};

constexpr Architecture row(std::string_view model_type, std::string_view name,
                           std::span<const std::string_view> types, std::span<const FormKey> form,
                           KvHeads kv_heads) {
  return {.model_type = model_type,
          .display_name = name,
          .class_name = "FalconForCausalLM",
          .config_types = types,
          .form = form,
          .config = {.norm_eps = 1e-5,
                     .intermediate_per_hidden = 4,
                     .activation = Activation::GeluErf,
                     .attention_bias = kBias,
                     .attention_output_bias = kBias,
                     .mlp_bias = kBias,
                     .tied_head = {"tie_word_embeddings", true},
                     .alibi = {"alibi", false},
                     .kv_heads = kv_heads},
          .norm = NormKind::Layer,
          .residual = Residual::Parallel,
          .norm_bias = true,
          .alibi_form = AlibiForm::RoundedPosition,
          .embedding = "transformer.word_embeddings.weight",
          .block_prefix = "transformer.h.",
          .final_norm = "transformer.ln_f.weight"};
}

constexpr Architecture with_two_norms(Architecture form) {
  form.attention_norm = "ln_attn.weight";
  form.mlp_norm = "ln_mlp.weight";
  form.linears = kMultiHeadTwoNorms;
  form.scale_groups = kTwoNormGroups;
  return form;
}

constexpr Architecture with_one_norm(Architecture form, std::span<const LinearRow> linears) {
  form.mlp_norm = "";
  form.linears = linears;
  form.scale_groups = kOneNormGroups;
  return form;
}

constexpr Architecture in_sequence(Architecture form) {
  form.residual = Residual::Sequential;
  form.linears = kMultiHeadTwoNorms;
  form.scale_groups = kTwoNormGroups;
  return form;
}

constexpr std::array kTable = {
    with_one_norm(row("falcon", "Falcon", kSmall, kMultiQuery, KvHeads::One), kMultiQueryOneNorm),
    with_two_norms(
        row("falcon_two_norms", "Falcon, new decoder", kFalcon, kNewTwoNorms, KvHeads::FromConfig)),
    with_one_norm(row("falcon_one_norm", "Falcon 2", kFalcon, kNewOneNorm, KvHeads::FromConfig),
                  kGroupedOneNorm),
    in_sequence(row("falcon_multi_head", "Falcon RW", kSmall, kMultiHead, KvHeads::AsHeads)),
    with_two_norms(row("RefinedWeb", "Falcon, new decoder", kLarge, {}, KvHeads::FromConfig)),
};

}  // namespace

std::span<const Architecture> falcon() {
  return kTable;
}

}  // namespace salient::rows
