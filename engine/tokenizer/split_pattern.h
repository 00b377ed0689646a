// SPDX-License-Identifier: Apache-2.0
#pragma once

// A regular expression that cuts text (PCRE2, UTF and Unicode classes, JIT). Patterns come from
// foreign files: their size is bounded, and so is the work of one match, so that a pattern with
// catastrophic backtracking ends in an error instead of hanging. Immutable; any thread may use it.

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace salient {

struct TextRange {
  std::size_t begin = 0;
  std::size_t end = 0;
  bool operator==(const TextRange&) const = default;
};

/// What matching needs beside the pattern; one per thread, reused from match to match.
class MatchScratch {
 public:
  MatchScratch();
  ~MatchScratch();
  MatchScratch(const MatchScratch&) = delete;
  MatchScratch& operator=(const MatchScratch&) = delete;

 private:
  friend class SplitPattern;
  struct State;
  std::unique_ptr<State> state_;
};

class SplitPattern {
 public:
  /// `where` names file and key in errors. Throws Error(BadInput) with the position in the pattern.
  SplitPattern(std::string_view pattern, std::string where);
  ~SplitPattern();
  SplitPattern(SplitPattern&&) noexcept;
  SplitPattern& operator=(SplitPattern&&) noexcept;

  /// Appends the non-empty matches in `text` (valid UTF-8), left to right. Throws Error(BadInput)
  /// when a match takes more steps than allowed.
  void find_all(std::string_view text, std::vector<TextRange>& matches,
                MatchScratch& scratch) const;

  /// A pattern that matches `literal` itself.
  static std::string quoted(std::string_view literal);

 private:
  struct Code;
  std::unique_ptr<Code> code_;
  std::string where_;
};

}  // namespace salient
