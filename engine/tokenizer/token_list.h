// SPDX-License-Identifier: Apache-2.0
#pragma once

// The texts of a vocabulary by id while it is read from a file: ids are checked before anything is
// allocated for them.

#include <string>
#include <vector>

#include "engine/tokenizer/tokenizer.h"

namespace salient {

class TokenList {
 public:
  /// `file` names the source in errors.
  explicit TokenList(std::string file) : file_(std::move(file)) {}

  /// Throws Error(BadInput) for a negative or huge id, an id given to two texts, or an overlong
  /// text.
  void add(std::string text, std::int64_t id);
  /// The same, but the id may already have exactly this text.
  void add_known(std::string text, std::int64_t id);

  /// Index = id; a hole is an empty text with `has` false.
  const std::vector<std::string>& texts() const { return texts_; }
  bool has(TokenId id) const { return present_[static_cast<std::size_t>(id)]; }
  /// A sentence when ids are missing below the largest; empty otherwise.
  std::string hole_warning() const;

 private:
  std::size_t checked_id(const std::string& text, std::int64_t id) const;

  std::string file_;
  std::vector<std::string> texts_;
  std::vector<bool> present_;
};

/// A sentence when there are more tokens than rows in the embedding (0: unknown); empty otherwise.
std::string row_warning(std::size_t tokens, std::int64_t embedding_rows);

}  // namespace salient
