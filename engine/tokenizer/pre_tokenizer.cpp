// SPDX-License-Identifier: Apache-2.0
#include "engine/tokenizer/pre_tokenizer.h"

namespace salient {
namespace {

/// One stretch of a piece: a separator or what lies between two.
struct Stretch {
  TextRange range;
  bool separator = false;
};

std::vector<Stretch> stretches(const PatternStep& step, std::string_view piece) {
  std::vector<TextRange> matches;
  step.pattern.find_all(piece, matches);
  const bool matches_separate = step.sense == SplitSense::Matches;
  std::vector<Stretch> result;
  std::size_t at = 0;
  for (const TextRange& match : matches) {
    if (match.begin > at) result.push_back({{at, match.begin}, !matches_separate});
    result.push_back({match, matches_separate});
    at = match.end;
  }
  if (at < piece.size()) result.push_back({{at, piece.size()}, !matches_separate});
  return result;
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

void run(const PatternStep& step, std::string_view piece, bool /*first*/,
         std::vector<std::string>& pieces) {
  const Stretch* previous = nullptr;
  const std::vector<Stretch> all = stretches(step, piece);
  for (const Stretch& stretch : all) {
    if (step.behavior == SplitBehavior::Removed && stretch.separator) continue;
    const std::string_view text =
        piece.substr(stretch.range.begin, stretch.range.end - stretch.range.begin);
    if (previous != nullptr && joins(step.behavior, *previous, stretch)) {
      pieces.back() += text;
    } else {
      pieces.emplace_back(text);
    }
    previous = &stretch;
  }
}

void run(const PrefixSpaceStep& /*step*/, std::string_view piece, bool /*first*/,
         std::vector<std::string>& pieces) {
  pieces.emplace_back((piece.starts_with(' ') ? "" : " ") + std::string(piece));
}

void run(const MetaspaceStep& step, std::string_view piece, bool first,
         std::vector<std::string>& pieces) {
  std::string text;
  for (const char c : piece) c == ' ' ? void(text += step.replacement) : text.push_back(c);
  const bool prepends =
      step.prepend == PrependScheme::Always || (step.prepend == PrependScheme::First && first);
  if (prepends && !text.starts_with(step.replacement)) text.insert(0, step.replacement);
  if (step.split == MetaspaceSplit::No) {
    pieces.push_back(std::move(text));
    return;
  }
  std::size_t begin = 0;
  while (begin < text.size()) {
    const auto next = text.find(step.replacement, begin + 1);
    pieces.push_back(text.substr(begin, next - begin));
    begin = next == std::string::npos ? text.size() : next;
  }
}

}  // namespace

void PreTokenizer::add(PreTokenizerStep step) { steps_.push_back(std::move(step)); }

void PreTokenizer::append(PreTokenizer other) {
  for (PreTokenizerStep& step : other.steps_) steps_.push_back(std::move(step));
}

std::vector<std::string> PreTokenizer::split(std::string_view text, bool at_text_start) const {
  if (text.empty()) return {};
  std::vector<std::string> pieces{std::string(text)};
  for (const PreTokenizerStep& step : steps_) {
    std::vector<std::string> cut;
    cut.reserve(pieces.size());
    bool first = at_text_start;
    for (const std::string& piece : pieces) {
      std::visit([&](const auto& one) { run(one, piece, first, cut); }, step);
      first = false;
    }
    pieces = std::move(cut);
  }
  return pieces;
}

}  // namespace salient
