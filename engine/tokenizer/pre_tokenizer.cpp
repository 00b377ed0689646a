// SPDX-License-Identifier: Apache-2.0
#include "engine/tokenizer/pre_tokenizer.h"

namespace salient {
namespace {

/// One stretch of a piece: a separator or what lies between two.
struct Stretch {
  TextRange range;
  bool separator = false;
};

/// What the steps share while one text is cut.
struct Cut {
  Pieces pieces;
  MatchScratch& scratch;
  std::vector<TextRange> matches;
  std::vector<Stretch> stretches;

  void keep(std::string text) {
    pieces.changed.push_back(std::move(text));
    pieces.views.emplace_back(pieces.changed.back());
  }
};

void find_stretches(const PatternStep& step, std::string_view piece, Cut& cut) {
  cut.matches.clear();
  cut.stretches.clear();
  step.pattern.find_all(piece, cut.matches, cut.scratch);
  const bool matches_separate = step.sense == SplitSense::Matches;
  std::size_t at = 0;
  for (const TextRange& match : cut.matches) {
    if (match.begin > at) cut.stretches.push_back({{at, match.begin}, !matches_separate});
    cut.stretches.push_back({match, matches_separate});
    at = match.end;
  }
  if (at < piece.size()) cut.stretches.push_back({{at, piece.size()}, !matches_separate});
}

/// Whether `next` is joined to the stretch before it.
bool joins(SplitBehavior behavior, const Stretch& previous, const Stretch& next) {
  switch (behavior) {
    case SplitBehavior::MergedWithPrevious:
      return next.separator && !previous.separator;
    case SplitBehavior::MergedWithNext:
      return previous.separator && !next.separator;
    case SplitBehavior::Contiguous:
      return previous.separator == next.separator;
    default:
      return false;
  }
}

void run(const PatternStep& step, std::string_view piece, bool /*first*/, Cut& cut) {
  find_stretches(step, piece, cut);
  const Stretch* previous = nullptr;
  std::size_t begin = 0;
  for (const Stretch& stretch : cut.stretches) {
    if (step.behavior == SplitBehavior::Removed && stretch.separator) continue;
    const bool joined = previous != nullptr && joins(step.behavior, *previous, stretch);
    if (joined) {
      cut.pieces.views.back() = piece.substr(begin, stretch.range.end - begin);
    } else {
      begin = stretch.range.begin;
      cut.pieces.views.push_back(piece.substr(begin, stretch.range.end - begin));
    }
    previous = &stretch;
  }
}

void run(const PrefixSpaceStep& /*step*/, std::string_view piece, bool /*first*/, Cut& cut) {
  if (piece.starts_with(' ')) {
    cut.pieces.views.push_back(piece);
  } else {
    cut.keep(" " + std::string(piece));
  }
}

void run(const MetaspaceStep& step, std::string_view piece, bool first, Cut& cut) {
  std::string text;
  for (const char c : piece) c == ' ' ? void(text += step.replacement) : text.push_back(c);
  const bool prepends =
      step.prepend == PrependScheme::Always || (step.prepend == PrependScheme::First && first);
  if (prepends && !text.starts_with(step.replacement)) text.insert(0, step.replacement);
  cut.keep(std::move(text));
  if (step.split == MetaspaceSplit::No) return;
  std::string_view rest = cut.pieces.views.back();
  cut.pieces.views.pop_back();
  while (!rest.empty()) {
    const std::string_view next = rest.substr(0, rest.find(step.replacement, 1));
    cut.pieces.views.push_back(next);
    rest.remove_prefix(next.size());
  }
}

}  // namespace

void PreTokenizer::add(PreTokenizerStep step) {
  steps_.push_back(std::move(step));
}

void PreTokenizer::append(PreTokenizer other) {
  for (PreTokenizerStep& step : other.steps_) steps_.push_back(std::move(step));
}

Pieces PreTokenizer::split(std::string_view text, bool at_text_start, MatchScratch& scratch) const {
  Cut cut{.pieces = {}, .scratch = scratch, .matches = {}, .stretches = {}};
  if (!text.empty()) cut.pieces.views.push_back(text);
  std::vector<std::string_view> before;
  for (const PreTokenizerStep& step : steps_) {
    before.swap(cut.pieces.views);
    cut.pieces.views.clear();
    cut.pieces.views.reserve(before.size());
    bool first = at_text_start;
    for (const std::string_view piece : before) {
      std::visit([&](const auto& one) { run(one, piece, first, cut); }, step);
      first = false;
    }
  }
  return std::move(cut.pieces);
}

}  // namespace salient
