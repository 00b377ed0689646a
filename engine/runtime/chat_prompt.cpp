// SPDX-License-Identifier: Apache-2.0
#include "engine/runtime/chat_prompt.h"

#include <algorithm>
#include <string_view>

#include "engine/error.h"

namespace salient {
namespace {

std::string text_of(const Tokenizer& tokenizer, std::optional<TokenId> id) {
  return id ? tokenizer.token_bytes(*id) : std::string();
}

std::string render(const LoadedModel& model, const std::vector<ChatMessage>& messages) {
  const Tokenizer& tokenizer = *model.tokenizer;
  return model.chat_template->render(chat_context(messages, text_of(tokenizer, tokenizer.bos()),
                                                  text_of(tokenizer, tokenizer.eos())));
}

bool spells_control_token(const Tokenizer& tokenizer, const std::string& text) {
  const auto ids = tokenizer.encode(text, SpecialTokens::Omit, ControlTokens::Parse);
  return std::any_of(ids.begin(), ids.end(), [&](TokenId id) { return tokenizer.is_control(id); });
}

/// A private-use character frames the number of a message, so that its place in the rendered text
/// can be found again.
std::string placeholder(std::size_t index) {
  return "\xEF\xA3\xBF" + std::to_string(index) + "\xEF\xA3\xBF";
}

void append(std::vector<std::int32_t>& ids, const std::vector<TokenId>& more) {
  ids.insert(ids.end(), more.begin(), more.end());
}

/// Renders with placeholders for the contents and encodes template and contents piece by piece: the
/// template's own text may hold control tokens, the contents may not.
std::vector<std::int32_t> encode_apart(const LoadedModel& model,
                                       const std::vector<ChatMessage>& messages) {
  std::vector<ChatMessage> framed = messages;
  for (std::size_t i = 0; i < framed.size(); ++i) framed[i].content = placeholder(i);
  const std::string rendered = render(model, framed);
  const Tokenizer& tokenizer = *model.tokenizer;
  std::vector<std::int32_t> ids;
  std::string_view rest = rendered;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    const std::string mark = placeholder(i);
    const std::size_t at = rest.find(mark);
    if (at == std::string_view::npos) continue;
    append(ids, tokenizer.encode(rest.substr(0, at), SpecialTokens::Omit, ControlTokens::Parse));
    append(ids,
           tokenizer.encode(messages[i].content, SpecialTokens::Omit, ControlTokens::PlainText));
    rest.remove_prefix(at + mark.size());
  }
  append(ids, tokenizer.encode(rest, SpecialTokens::Omit, ControlTokens::Parse));
  return ids;
}

std::string plain_lines(const std::vector<ChatMessage>& messages) {
  std::string text;
  for (const ChatMessage& message : messages) {
    if (!text.empty()) text += "\n\n";
    text += message.content;
  }
  return text;
}

}  // namespace

std::vector<std::int32_t> chat_prompt_ids(const LoadedModel& model,
                                          const std::vector<ChatMessage>& messages) {
  if (model.tokenizer == nullptr) {
    throw Error(ErrorKind::BadInput,
                model.name + " has no tokenizer, so it cannot chat; put tokenizer.json beside it");
  }
  const Tokenizer& tokenizer = *model.tokenizer;
  if (model.chat_template == nullptr) {
    return tokenizer.encode(plain_lines(messages), SpecialTokens::Add, ControlTokens::PlainText);
  }
  const bool hostile = std::any_of(messages.begin(), messages.end(), [&](const ChatMessage& m) {
    return spells_control_token(tokenizer, m.content);
  });
  if (hostile) return encode_apart(model, messages);
  return tokenizer.encode(render(model, messages), SpecialTokens::Omit, ControlTokens::Parse);
}

}  // namespace salient
