// SPDX-License-Identifier: Apache-2.0
#pragma once

// The text changes that a tokenizer makes before it cuts (Hugging Face "normalizer"), as a list of
// steps run in order. Immutable; any thread may use it. Input and output are valid UTF-8.

#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "engine/tokenizer/split_pattern.h"

namespace salient {

enum class UnicodeForm { Nfc, Nfd, Nfkc, Nfkd };
struct UnicodeStep {
  UnicodeForm form;
};
struct LowercaseStep {};
/// Puts `text` in front, unless there is nothing to put it in front of.
struct PrependStep {
  std::string text;
};
struct ReplaceStep {
  SplitPattern pattern;
  std::string replacement;
};
struct StripStep {
  bool left = true;
  bool right = true;
};

using NormalizerStep =
    std::variant<UnicodeStep, LowercaseStep, PrependStep, ReplaceStep, StripStep>;

class Normalizer {
 public:
  void add(NormalizerStep step);
  bool empty() const { return steps_.empty(); }
  std::string apply(std::string_view text) const;

 private:
  std::vector<NormalizerStep> steps_;
};

}  // namespace salient
