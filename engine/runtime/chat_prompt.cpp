// SPDX-License-Identifier: Apache-2.0
#include "engine/runtime/chat_prompt.h"

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
  std::vector<ChatMessage> shielded = messages;
  for (ChatMessage& message : shielded) {
    message.content = tokenizer.shield_control_tokens(message.content);
  }
  return tokenizer.encode(render(model, shielded), SpecialTokens::Omit, ControlTokens::Parse);
}

}  // namespace salient
