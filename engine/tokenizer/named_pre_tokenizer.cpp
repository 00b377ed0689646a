// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "engine/checkpoint/foreign_text.h"
#include "engine/error.h"
#include "engine/tokenizer/pre_tokenizer.h"

namespace salient {
namespace {

constexpr std::string_view kGpt2 =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";
constexpr std::string_view kLlama3 =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr std::string_view kQwen2 =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr std::string_view kDigit = R"(\p{N})";
constexpr std::string_view kFalconPunctuation = R"([\p{P}\$\+<=>\^~\|`]+)";
constexpr std::string_view kThreeDigits = R"([0-9][0-9][0-9])";

/// Patterns applied one after the other; unused places are empty.
struct Named {
  std::string_view name;
  std::array<std::string_view, 3> patterns;
};

constexpr std::array<Named, 12> kNamed = {{
    {"command-r", {kDigit, kGpt2}},
    {"default", {kGpt2}},
    {"falcon", {kFalconPunctuation, kGpt2, kThreeDigits}},
    {"gpt-2", {kGpt2}},
    {"gpt2", {kGpt2}},
    {"llama-bpe", {kLlama3}},
    {"llama3", {kLlama3}},
    {"mpt", {kGpt2}},
    {"qwen2", {kQwen2}},
    {"refact", {kDigit, kGpt2}},
    {"smollm", {kDigit, kGpt2}},
    {"starcoder", {kDigit, kGpt2}},
}};

std::string known_names() {
  std::string names;
  for (const Named& named : kNamed) {
    names += names.empty() ? "" : ", ";
    names += named.name;
  }
  return names;
}

}  // namespace

std::string_view gpt2_pattern() {
  return kGpt2;
}

PreTokenizer named_pre_tokenizer(std::string_view name) {
  const auto* found = std::find_if(kNamed.begin(), kNamed.end(),
                                   [&](const Named& named) { return named.name == name; });
  if (found == kNamed.end()) {
    throw Error(ErrorKind::Unsupported,
                "pre-tokenizer " + in_quotes(name) + " is not known, these are: " + known_names());
  }
  PreTokenizer pre_tokenizer;
  for (const std::string_view pattern : found->patterns) {
    if (pattern.empty()) continue;
    pre_tokenizer.add(PatternStep{SplitPattern(pattern, "pre-tokenizer " + std::string(name))});
  }
  return pre_tokenizer;
}

}  // namespace salient
