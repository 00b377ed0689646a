// SPDX-License-Identifier: Apache-2.0
#pragma once

// A chat template: the subset of Jinja that real templates use, evaluated with bounds (depth 64, a
// million steps, 1 MiB of output, 1 s) and with no way to anything but the values handed in.
// Written here because no C++ Jinja is in the registries. Immutable after parsing.

#include <ctime>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

namespace salient {

struct ChatMessage {
  std::string role;  ///< "system", "user", "assistant"
  std::string content;
};

class ChatTemplate {
 public:
  /// Throws Error(BadInput) with line and column; at most 1 MiB of source.
  explicit ChatTemplate(std::string_view source);
  ~ChatTemplate();
  ChatTemplate(ChatTemplate&&) noexcept;
  ChatTemplate& operator=(ChatTemplate&&) noexcept;

  /// `variables` is the whole context (messages, tools, add_generation_prompt, bos_token, ...), key
  /// order kept. Throws Error(BadInput): a bound was passed, a type was wrong, or the template
  /// called raise_exception (its text is the sentence).
  std::string render(const nlohmann::ordered_json& variables) const;
  /// The same with the local time that strftime_now reports.
  std::string render(const nlohmann::ordered_json& variables, const std::tm& now) const;

 private:
  struct Program;
  std::unique_ptr<Program> program_;
};

/// The usual context for a chat: messages, add_generation_prompt true, bos_token, eos_token.
nlohmann::ordered_json chat_context(const std::vector<ChatMessage>& messages,
                                    std::string_view bos_token, std::string_view eos_token);

}  // namespace salient
