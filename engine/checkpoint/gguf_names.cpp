// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <charconv>

#include "engine/checkpoint/gguf_config.h"

namespace salient {
namespace {

struct NamePair {
  std::string_view gguf;
  std::string_view huggingface;
  bool rotary_rows = false;
};

constexpr std::array<NamePair, 3> kOutside = {
    {{"token_embd", "model.embed_tokens"}, {"output_norm", "model.norm"}, {"output", "lm_head"}}};
constexpr std::array<NamePair, 9> kInside = {{{"attn_norm", "input_layernorm"},
                                              {"attn_q", "self_attn.q_proj", true},
                                              {"attn_k", "self_attn.k_proj", true},
                                              {"attn_v", "self_attn.v_proj"},
                                              {"attn_output", "self_attn.o_proj"},
                                              {"ffn_norm", "post_attention_layernorm"},
                                              {"ffn_gate", "mlp.gate_proj"},
                                              {"ffn_up", "mlp.up_proj"},
                                              {"ffn_down", "mlp.down_proj"}}};

template <std::size_t N>
const NamePair* find(const std::array<NamePair, N>& pairs, std::string_view gguf) {
  const auto found = std::find_if(pairs.begin(), pairs.end(),
                                  [&](const NamePair& pair) { return pair.gguf == gguf; });
  return found == pairs.end() ? nullptr : &*found;
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

std::optional<GgufName> huggingface_name(std::string_view gguf_name) {
  constexpr std::string_view kBlock = "blk.";
  const std::size_t dot = gguf_name.rfind('.');
  if (dot == std::string_view::npos) return {};
  const std::string_view kind = gguf_name.substr(dot);
  if (kind != ".weight" && kind != ".bias") return {};
  std::string_view stem = gguf_name.substr(0, dot);
  if (!stem.starts_with(kBlock)) {
    const NamePair* pair = find(kOutside, stem);
    if (pair == nullptr) return {};
    return GgufName{std::string(pair->huggingface).append(kind)};
  }
  stem.remove_prefix(kBlock.size());
  const std::size_t middle = stem.find('.');
  if (middle == std::string_view::npos) return {};
  const std::optional<std::int64_t> block = block_number(stem.substr(0, middle));
  const NamePair* pair = find(kInside, stem.substr(middle + 1));
  if (!block || pair == nullptr) return {};
  std::string name = "model.layers." + std::to_string(*block) + ".";
  return GgufName{name.append(pair->huggingface).append(kind), *block, pair->rotary_rows};
}

}  // namespace salient
