// SPDX-License-Identifier: Apache-2.0
#include "engine/tokenizer/bpe.h"

#include <algorithm>
#include <array>
#include <queue>

#include "engine/tokenizer/utf8.h"

namespace salient {
namespace {

/// Up to here looking at all pairs again after each merge beats a heap (measured on English text).
constexpr std::size_t kShortPiece = 48;
constexpr TokenId kNone = -1;

std::uint64_t pair_of(TokenId left, TokenId right) {
  return (static_cast<std::uint64_t>(static_cast<std::uint32_t>(left)) << 32U) |
         static_cast<std::uint32_t>(right);
}

std::size_t slot_of(std::uint64_t pair, std::size_t mask) {
  // Multiplication by 2^64 / golden ratio; the high bits are the mixed ones.
  return static_cast<std::size_t>((pair * 0x9E3779B97F4A7C15U) >> 20U) & mask;
}

}  // namespace

bool Bpe::add_token(std::string text, TokenId id) {
  return tokens_.emplace(std::move(text), id).second;
}

bool Bpe::add_merge(std::string_view left, std::string_view right) {
  const auto left_id = find(left);
  const auto right_id = find(right);
  const auto result = find(std::string(left) += right);
  if (!left_id || !right_id || !result) return false;
  merges_.push_back(
      {pair_of(*left_id, *right_id), static_cast<std::int32_t>(merges_.size()), *result});
  return true;
}

void Bpe::add_merges_by_id() {
  for (const auto& [text, id] : tokens_) {
    const std::string_view whole = text;
    for (std::size_t cut = 1; cut < whole.size(); ++cut) {
      const auto left = find(whole.substr(0, cut));
      const auto right = left ? find(whole.substr(cut)) : std::nullopt;
      if (right) merges_.push_back({pair_of(*left, *right), id, id});
    }
  }
}

void Bpe::finish() {
  std::size_t size = 16;
  while (size < merges_.size() * 2) size *= 2;
  table_.assign(size, {});
  for (const Merge& merge : merges_) {
    std::size_t slot = slot_of(merge.pair, size - 1);
    while (table_[slot].pair != kEmpty && table_[slot].pair != merge.pair) {
      slot = (slot + 1) & (size - 1);
    }
    // The first of two equal merges has the better rank.
    if (table_[slot].pair == kEmpty) table_[slot] = merge;
  }
  byte_tokens_.assign(256, kNone);
  for (std::size_t byte = 0; byte < 256; ++byte) {
    byte_tokens_[byte] = find(std::string(1, static_cast<char>(byte))).value_or(kNone);
  }
}

std::optional<TokenId> Bpe::find(std::string_view text) const {
  const auto found = tokens_.find(text);
  return found == tokens_.end() ? std::nullopt : std::optional(found->second);
}

const Bpe::Merge* Bpe::find_merge(TokenId left, TokenId right) const {
  const std::uint64_t pair = pair_of(left, right);
  const std::size_t mask = table_.size() - 1;
  for (std::size_t slot = slot_of(pair, mask);; slot = (slot + 1) & mask) {
    if (table_[slot].pair == pair) return &table_[slot];
    if (table_[slot].pair == kEmpty) return nullptr;
  }
}

void Bpe::encode(std::string_view piece, std::vector<TokenId>& ids) const {
  if (piece.empty()) return;
  if (ignore_merges_) {
    if (const auto whole = find(piece)) {
      ids.push_back(*whole);
      return;
    }
  }
  std::vector<TokenId> parts;
  parts.reserve(piece.size());
  first_cut(piece, parts);
  parts.size() <= kShortPiece ? merge_short(parts) : merge_long(parts);
  ids.insert(ids.end(), parts.begin(), parts.end());
}

void Bpe::first_cut(std::string_view piece, std::vector<TokenId>& ids) const {
  for (std::size_t end = 0; end < piece.size();) {
    const std::size_t begin = end;
    if (unit_ == BpeUnit::Byte) {
      ++end;
    } else {
      utf8::next_code_point(piece, end);
    }
    append_unit(piece.substr(begin, end - begin), ids);
  }
}

void Bpe::append_unit(std::string_view unit, std::vector<TokenId>& ids) const {
  if (unit.size() == 1) {
    const TokenId id = byte_tokens_[static_cast<unsigned char>(unit[0])];
    if (id != kNone) return ids.push_back(id);
  } else if (const auto id = find(unit)) {
    return ids.push_back(*id);
  }
  if (!byte_fallback_.empty()) {
    for (const char byte : unit) ids.push_back(byte_fallback_[static_cast<unsigned char>(byte)]);
    return;
  }
  if (!unknown_ || (fuse_unknown_ && !ids.empty() && ids.back() == *unknown_)) return;
  ids.push_back(*unknown_);
}

void Bpe::merge_short(std::vector<TokenId>& ids) const {
  std::array<const Merge*, kShortPiece> merge{};  // of ids[i] with ids[i + 1]
  const auto look_up = [&](std::size_t i) {
    merge[i] = i + 1 < ids.size() ? find_merge(ids[i], ids[i + 1]) : nullptr;
  };
  for (std::size_t i = 0; i < ids.size(); ++i) look_up(i);
  while (true) {
    std::size_t best = ids.size();
    for (std::size_t i = 0; i < ids.size(); ++i) {
      const bool better =
          merge[i] != nullptr && (best == ids.size() || merge[i]->rank < merge[best]->rank);
      if (better) best = i;
    }
    if (best == ids.size()) return;
    ids[best] = merge[best]->result;
    const auto gone = static_cast<std::ptrdiff_t>(best) + 1;
    ids.erase(ids.begin() + gone);
    std::copy(merge.begin() + gone + 1, merge.begin() + static_cast<std::ptrdiff_t>(ids.size()) + 1,
              merge.begin() + gone);
    look_up(best);
    if (best > 0) look_up(best - 1);
  }
}

void Bpe::merge_long(std::vector<TokenId>& ids) const {
  struct Candidate {
    std::int32_t rank;
    std::size_t left;
    TokenId left_id, right_id;  ///< stale when the places hold other tokens by now
    bool operator<(const Candidate& other) const {
      return rank != other.rank ? rank > other.rank : left > other.left;
    }
  };
  const std::size_t count = ids.size();
  std::vector<std::size_t> next(count);
  std::vector<std::size_t> previous(count);
  std::priority_queue<Candidate> queue;
  const auto look_up = [&](std::size_t left) {
    const std::size_t right = next[left];
    if (right >= count) return;
    const Merge* merge = find_merge(ids[left], ids[right]);
    if (merge != nullptr) queue.push({merge->rank, left, ids[left], ids[right]});
  };
  for (std::size_t i = 0; i < count; ++i) {
    next[i] = i + 1;
    previous[i] = i == 0 ? count : i - 1;
  }
  for (std::size_t i = 0; i < count; ++i) look_up(i);
  while (!queue.empty()) {
    const Candidate candidate = queue.top();
    queue.pop();
    const std::size_t left = candidate.left;
    const std::size_t right = next[left];
    if (right >= count || ids[left] != candidate.left_id || ids[right] != candidate.right_id) {
      continue;
    }
    ids[left] = find_merge(ids[left], ids[right])->result;
    ids[right] = kNone;
    next[left] = next[right];
    if (next[left] < count) previous[next[left]] = left;
    look_up(left);
    if (previous[left] < count) look_up(previous[left]);
  }
  std::erase(ids, kNone);
}

}  // namespace salient
