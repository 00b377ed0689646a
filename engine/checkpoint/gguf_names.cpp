// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <charconv>

#include "engine/checkpoint/gguf_config.h"

namespace salient {
namespace {

using Name = std::optional<std::string>;

std::string without_kind(std::string_view tensor) {
  return std::string(tensor.substr(0, tensor.rfind('.')));
}

Name known(std::string_view tensor) {
  return tensor.empty() ? Name() : Name(without_kind(tensor));
}

Name outside(const Architecture& row, std::string_view stem) {
  if (stem == "token_embd") return known(row.embedding);
  if (stem == "output_norm") return known(row.final_norm);
  if (stem == "output") return known(row.head);
  return std::nullopt;
}

/// A linear that has a tensor of its own, or the fused one that it begins.
Name linear(const Architecture& row, LinearRole role, RowLayout rows) {
  if (!row.has(role) || row.row(role).rows != rows) return std::nullopt;
  return std::string(row.row(role).tensor);
}

Name inside(const Architecture& row, std::string_view stem) {
  using enum LinearRole;
  constexpr RowLayout kOwn = RowLayout::Own;
  if (stem == "attn_norm") return known(row.attention_norm);
  if (stem == "ffn_norm") return known(row.mlp_norm);
  if (stem == "post_attention_norm") return known(row.attention_post_norm);
  if (stem == "post_ffw_norm") return known(row.mlp_post_norm);
  if (stem == "attn_q_norm") return known(row.query_norm);
  if (stem == "attn_k_norm") return known(row.key_norm);
  if (stem == "attn_q") return linear(row, Query, kOwn);
  if (stem == "attn_k") return linear(row, Key, kOwn);
  if (stem == "attn_v") return linear(row, Value, kOwn);
  if (stem == "attn_qkv") return linear(row, Query, RowLayout::Stacked);
  if (stem == "attn_output") return linear(row, Output, kOwn);
  if (stem == "ffn_gate") return linear(row, Gate, kOwn);
  // llama.cpp has no word of its own for gate and up in one.
  if (stem == "ffn_up") return linear(row, Up, row.row(Up).rows);
  if (stem == "ffn_down") return linear(row, Down, kOwn);
  return std::nullopt;
}

/// Decimal without leading zeros, so that no two names mean one block.
std::optional<std::int64_t> block_number(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = error == std::errc() && end == text.data() + text.size() && number >= 0;
  if (!whole || (text.size() > 1 && text.front() == '0')) return {};
  return number;
}

}  // namespace

std::optional<GgufName> huggingface_name(const Architecture& row, std::string_view gguf_name) {
  constexpr std::string_view kBlock = "blk.";
  const std::size_t dot = gguf_name.rfind('.');
  if (dot == std::string_view::npos) return {};
  const std::string_view kind = gguf_name.substr(dot);
  if (kind != ".weight" && kind != ".bias") return {};
  std::string_view stem = gguf_name.substr(0, dot);
  if (!stem.starts_with(kBlock)) {
    const Name name = outside(row, stem);
    if (!name) return {};
    return GgufName{*name + std::string(kind)};
  }
  stem.remove_prefix(kBlock.size());
  const std::size_t middle = stem.find('.');
  if (middle == std::string_view::npos) return {};
  const std::optional<std::int64_t> block = block_number(stem.substr(0, middle));
  const std::string_view below = stem.substr(middle + 1);
  const Name name = inside(row, below);
  if (!block || !name) return {};
  const bool rotary = row.gguf_rotary_rows && (below == "attn_q" || below == "attn_k");
  return GgufName{row.block_tensor(*block, *name).append(kind), *block, rotary};
}

}  // namespace salient
