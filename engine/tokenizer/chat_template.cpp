// SPDX-License-Identifier: Apache-2.0
#include "engine/tokenizer/chat_template.h"

#include "engine/tokenizer/template_evaluator.h"
#include "engine/tokenizer/template_parser.h"
#include "engine/tokenizer/utf8.h"

namespace salient {
namespace {

std::tm local_time() {
  const std::time_t now = std::time(nullptr);
  std::tm fields{};
  localtime_r(&now, &fields);
  return fields;
}

}  // namespace

struct ChatTemplate::Program {
  jinja::Block block;
};

ChatTemplate::ChatTemplate(std::string_view source)
    : program_(
          std::make_unique<Program>(Program{jinja::parse_template(utf8::to_valid_utf8(source))})) {}
ChatTemplate::~ChatTemplate() = default;
ChatTemplate::ChatTemplate(ChatTemplate&&) noexcept = default;
ChatTemplate& ChatTemplate::operator=(ChatTemplate&&) noexcept = default;

std::string ChatTemplate::render(const nlohmann::ordered_json& variables) const {
  return render(variables, local_time());
}

std::string ChatTemplate::render(const nlohmann::ordered_json& variables,
                                 const std::tm& now) const {
  return jinja::Evaluator(now).render(program_->block, variables);
}

nlohmann::ordered_json chat_context(const std::vector<ChatMessage>& messages,
                                    std::string_view bos_token, std::string_view eos_token) {
  nlohmann::ordered_json context;
  context["messages"] = nlohmann::ordered_json::array();
  for (const ChatMessage& message : messages) {
    context["messages"].push_back({{"role", message.role}, {"content", message.content}});
  }
  context["add_generation_prompt"] = true;
  context["bos_token"] = bos_token;
  context["eos_token"] = eos_token;
  return context;
}

}  // namespace salient
