// SPDX-License-Identifier: Apache-2.0
#pragma once

// Cuts text into the pieces inside which BPE merges (Hugging Face "pre_tokenizer"), as a list of
// steps, each applied to every piece that the one before left. Immutable; any thread may use it.

#include <deque>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "engine/tokenizer/split_pattern.h"

namespace salient {

/// What becomes of the matches of a pattern, in Hugging Face's words.
enum class SplitBehavior { Removed, Isolated, MergedWithPrevious, MergedWithNext, Contiguous };
/// Whether the matches are the separators or, inverted, the pieces between them.
enum class SplitSense { Matches, Gaps };

struct PatternStep {
  SplitPattern pattern;
  SplitBehavior behavior = SplitBehavior::Isolated;
  SplitSense sense = SplitSense::Matches;
};

/// A space in front of the piece, unless it begins with one.
struct PrefixSpaceStep {};

enum class PrependScheme { Always, First, Never };
enum class MetaspaceSplit { AtEach, No };

/// Spaces become `replacement` (U+2581), one may be put in front, and pieces begin with it.
struct MetaspaceStep {
  std::string replacement;
  PrependScheme prepend = PrependScheme::Always;
  MetaspaceSplit split = MetaspaceSplit::AtEach;
};

using PreTokenizerStep = std::variant<PatternStep, PrefixSpaceStep, MetaspaceStep>;

/// Pieces of a text, in order. Most are views of the text itself; those that a step changed lie in
/// `changed`, whose strings never move.
struct Pieces {
  std::vector<std::string_view> views;
  std::deque<std::string> changed;
};

class PreTokenizer {
 public:
  void add(PreTokenizerStep step);
  /// The steps of `other` after those that are here.
  void append(PreTokenizer other);

  /// The pieces of `text`, which has to outlive them; `at_text_start` tells whether it begins the
  /// whole input. `scratch` serves one text after the other: making it costs more than a short
  /// text.
  Pieces split(std::string_view text, bool at_text_start, MatchScratch& scratch) const;

 private:
  std::vector<PreTokenizerStep> steps_;
};

/// The pre-tokenizer that a GGUF file means by a name ("smollm", "llama-bpe"), or the one that goes
/// with a tokenizer class. Throws Error(Unsupported) listing the known names.
PreTokenizer named_pre_tokenizer(std::string_view name);

/// GPT-2's pattern, which "ByteLevel" implies.
std::string_view gpt2_pattern();

}  // namespace salient
