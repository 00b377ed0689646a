// SPDX-License-Identifier: Apache-2.0
#include "engine/tokenizer/tokenizer.h"
#include "engine/tokenizer/utf8.h"

namespace salient {

std::string StreamDecoder::push(TokenId id) {
  if (tokenizer_.is_control(id)) return {};
  std::string bytes = tokenizer_.token_bytes(id);
  if (bytes.empty()) return {};
  if (at_start_ && tokenizer_.drops_leading_space() && bytes.front() == ' ') bytes.erase(0, 1);
  at_start_ = false;
  held_ += bytes;
  const std::size_t complete = held_.size() - utf8::incomplete_tail(held_);
  std::string text = utf8::to_valid_utf8(std::string_view(held_).substr(0, complete));
  held_.erase(0, complete);
  return text;
}

std::string StreamDecoder::finish() {
  at_start_ = true;
  return utf8::to_valid_utf8(std::exchange(held_, {}));
}

}  // namespace salient
