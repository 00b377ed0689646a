// SPDX-License-Identifier: Apache-2.0
#include "engine/tokenizer/token_list.h"

#include <algorithm>

#include "engine/checkpoint/foreign_text.h"
#include "engine/checkpoint/limits.h"
#include "engine/error.h"

namespace salient {

std::size_t TokenList::checked_id(const std::string& text, std::int64_t id) const {
  if (text.size() > limits::kTokenBytes) {
    throw Error(ErrorKind::BadInput, file_ + ": token " + std::to_string(id) + " has " +
                                         std::to_string(text.size()) +
                                         " bytes, at most 65536 are read");
  }
  if (id < 0 || id >= limits::kVocabulary) {
    throw Error(ErrorKind::BadInput, file_ + ": token " + in_quotes(text) + " has id " +
                                         std::to_string(id) + ", 0 to " +
                                         std::to_string(limits::kVocabulary - 1) + " are allowed");
  }
  return static_cast<std::size_t>(id);
}

void TokenList::add(std::string text, std::int64_t id) {
  const std::size_t index = checked_id(text, id);
  if (index >= texts_.size()) {
    texts_.resize(index + 1);
    present_.resize(index + 1, false);
  }
  if (present_[index]) {
    throw Error(ErrorKind::BadInput, file_ + ": id " + std::to_string(id) + " belongs to both " +
                                         in_quotes(texts_[index]) + " and " + in_quotes(text));
  }
  texts_[index] = std::move(text);
  present_[index] = true;
}

void TokenList::add_known(std::string text, std::int64_t id) {
  const std::size_t index = checked_id(text, id);
  if (index < texts_.size() && present_[index] && texts_[index] == text) return;
  add(std::move(text), id);
}

std::string TokenList::hole_warning() const {
  const auto holes = std::count(present_.begin(), present_.end(), false);
  if (holes == 0) return {};
  const auto first = std::find(present_.begin(), present_.end(), false) - present_.begin();
  return file_ + ": " + std::to_string(holes) + " ids have no token, the first is " +
         std::to_string(first);
}

std::string row_warning(std::size_t tokens, std::int64_t embedding_rows) {
  if (embedding_rows <= 0 || tokens <= static_cast<std::size_t>(embedding_rows)) return {};
  return "the tokenizer has " + std::to_string(tokens) + " tokens, the embedding has " +
         std::to_string(embedding_rows) + " rows";
}

}  // namespace salient
