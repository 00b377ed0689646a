// SPDX-License-Identifier: Apache-2.0
#include "engine/tokenizer/added_tokens.h"

#include <algorithm>

#include <utf8proc.h>

#include "engine/tokenizer/utf8.h"

namespace salient {
namespace {

constexpr std::string_view kShield = "\uFDD0";

/// The byte at `at` and the one behind it, which is 0 at the end of the text.
std::size_t two_bytes(std::string_view text, std::size_t at) {
  const std::size_t second = at + 1 < text.size() ? static_cast<unsigned char>(text[at + 1]) : 0;
  return static_cast<std::size_t>(static_cast<unsigned char>(text[at])) << 8U | second;
}

bool is_word(char32_t c) {
  const auto category = utf8proc_category(static_cast<utf8proc_int32_t>(c));
  return category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_NO;
}

std::size_t previous_start(std::string_view text, std::size_t at) {
  --at;
  while (at > 0 && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U) --at;
  return at;
}

bool inside_word(std::string_view text, std::size_t begin, std::size_t end) {
  if (begin > 0) {
    std::size_t before = previous_start(text, begin);
    if (is_word(utf8::next_code_point(text, before))) return true;
  }
  std::size_t after = end;
  return end < text.size() && is_word(utf8::next_code_point(text, after));
}

std::size_t skip_spaces_left(std::string_view text, std::size_t at, std::size_t floor) {
  while (at > floor) {
    const std::size_t start = previous_start(text, at);
    std::size_t end = start;
    if (!utf8::is_space(utf8::next_code_point(text, end))) break;
    at = start;
  }
  return at;
}

std::size_t skip_spaces_right(std::string_view text, std::size_t at) {
  while (at < text.size()) {
    std::size_t end = at;
    if (!utf8::is_space(utf8::next_code_point(text, end))) break;
    at = end;
  }
  return at;
}

}  // namespace

void AddedTokens::add(AddedToken token) {
  const auto [place, added] = index_.try_emplace(token.text, tokens_.size());
  if (!added) {
    tokens_[place->second] = std::move(token);
    return;
  }
  if (!token.text.empty()) {
    auto& lengths = lengths_[static_cast<unsigned char>(token.text[0])];
    lengths.push_back(token.text.size());
    std::sort(lengths.begin(), lengths.end(), std::greater<>());
    lengths.erase(std::unique(lengths.begin(), lengths.end()), lengths.end());
    mark_beginning(token.text);
  }
  tokens_.push_back(std::move(token));
}

void AddedTokens::mark_beginning(std::string_view text) {
  if (text.size() > 1) {
    beginnings_.set(two_bytes(text, 0));
    return;
  }
  for (std::size_t second = 0; second < 256; ++second) {
    beginnings_.set(two_bytes(text, 0) | second);
  }
}

const AddedToken* AddedTokens::find(std::string_view text) const {
  const auto found = index_.find(text);
  return found == index_.end() ? nullptr : &tokens_[found->second];
}

template <typename Counts>
const AddedToken* AddedTokens::longest_at(std::string_view text, std::size_t at,
                                          const Counts& counts) const {
  if (!beginnings_.test(two_bytes(text, at))) return nullptr;
  for (const std::size_t length : lengths_[static_cast<unsigned char>(text[at])]) {
    if (length > text.size() - at) continue;
    const AddedToken* token = find(text.substr(at, length));
    if (token != nullptr && counts(*token)) return token;
  }
  return nullptr;
}

std::vector<TextSegment> AddedTokens::split(std::string_view text, Stage stage,
                                            ControlTokens control) const {
  std::vector<TextSegment> segments;
  std::size_t done = 0;
  std::size_t at = 0;
  const auto counts = [&](const AddedToken& token) {
    return token.normalized == (stage == Stage::Normalized) &&
           (!token.control || control == ControlTokens::Parse) &&
           !(token.single_word && inside_word(text, at, at + token.text.size()));
  };
  while (at < text.size()) {
    const AddedToken* token = longest_at(text, at, counts);
    if (token == nullptr) {
      ++at;
      continue;
    }
    const std::size_t begin = token->takes_left ? skip_spaces_left(text, at, done) : at;
    std::size_t end = at + token->text.size();
    if (token->takes_right) end = skip_spaces_right(text, end);
    if (begin > done) segments.push_back({text.substr(done, begin - done), std::nullopt});
    segments.push_back({text.substr(begin, end - begin), token->id});
    done = at = end;
  }
  if (done < text.size()) segments.push_back({text.substr(done), std::nullopt});
  return segments;
}

std::string AddedTokens::shield(std::string_view text) const {
  const std::string clean = without_shields(text);
  std::string shielded;
  for (std::size_t at = 0; at < clean.size(); ++at) {
    const AddedToken* token =
        longest_at(clean, at, [](const AddedToken& candidate) { return candidate.control; });
    shielded.push_back(clean[at]);
    if (token == nullptr) continue;
    // The mark goes behind the whole first character.
    std::size_t after = at;
    utf8::next_code_point(clean, after);
    shielded.append(clean, at + 1, after - at - 1);
    shielded += kShield;
    at = after - 1;
  }
  return shielded;
}

std::string without_shields(std::string_view text) {
  std::string clean;
  std::size_t done = 0;
  for (auto at = text.find(kShield); at != std::string_view::npos; at = text.find(kShield, done)) {
    clean += text.substr(done, at - done);
    done = at + kShield.size();
  }
  return clean += text.substr(done);
}

}  // namespace salient
