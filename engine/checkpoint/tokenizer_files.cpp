// SPDX-License-Identifier: Apache-2.0
#include "engine/checkpoint/tokenizer_files.h"

#include <algorithm>
#include <array>

#include "engine/checkpoint/bounded_json.h"
#include "engine/checkpoint/limits.h"
#include "engine/error.h"

namespace salient {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kTemplateFile = "chat_template.jinja";
constexpr const char* kTokenizerConfig = "tokenizer_config.json";

/// `chat_template` is a string, or a list of {name, template} of which "default" counts.
std::string default_template(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (!value.is_array()) return {};
  for (const Json& entry : value) {
    if (!entry.is_object() || entry.value("name", Json()) != "default") continue;
    const Json text = entry.value("template", Json());
    return text.is_string() ? text.get<std::string>() : std::string();
  }
  return {};
}

std::string template_text(const ModelFolder& folder) {
  if (const auto file = folder.open(kTemplateFile)) {
    return read_text(*file, limits::kChatTemplateBytes);
  }
  const auto file = folder.open(kTokenizerConfig);
  if (file == nullptr) return {};
  const Json config = parse_json(read_text(*file, limits::kTokenizerConfigBytes), file->name());
  if (!config.is_object()) return {};
  const auto found = config.find("chat_template");
  const std::string text = found == config.end() ? "" : default_template(*found);
  if (text.size() <= limits::kChatTemplateBytes) return text;
  throw Error(ErrorKind::BadInput, file->name() + ": chat_template has " +
                                       std::to_string(text.size()) + " bytes, at most " +
                                       std::to_string(limits::kChatTemplateBytes) + " are read");
}

bool is_companion(const std::string& name) {
  static constexpr std::array<std::string_view, 2> kOwn = {"config.json", "README.md"};
  static constexpr std::array<std::string_view, 5> kKinds = {".json", ".txt", ".model", ".jinja",
                                                             ".md"};
  static constexpr std::array<std::string_view, 3> kBare = {"LICENSE", "NOTICE", "USE_POLICY"};
  if (name.starts_with('.') || name.ends_with(".index.json")) return false;
  if (std::find(kOwn.begin(), kOwn.end(), name) != kOwn.end()) return false;
  const auto ends = [&](std::string_view kind) { return name.ends_with(kind); };
  const auto is = [&](std::string_view bare) { return name == bare; };
  return std::any_of(kKinds.begin(), kKinds.end(), ends) ||
         std::any_of(kBare.begin(), kBare.end(), is);
}

}  // namespace

std::string read_chat_template(const ModelFolder& folder, std::vector<std::string>& warnings) {
  try {
    return template_text(folder);
  } catch (const Error& error) {
    warnings.push_back(std::string(error.what()) + " (no chat template is used)");
    return {};
  }
}

std::vector<std::filesystem::path> find_companions(const ModelFolder& folder) {
  std::vector<std::filesystem::path> result;
  for (const std::string& name : folder.names()) {
    if (!is_companion(name)) continue;
    try {
      const auto file = folder.open(name);
      const bool is_tokenizer = name.starts_with("tokenizer");
      const std::uint64_t limit = is_tokenizer ? limits::kTokenizerBytes : limits::kCompanionBytes;
      if (file != nullptr && file->size() <= limit) result.push_back(folder.path() / name);
    } catch (const Error&) {
      continue;  // a folder, a pipe or a link out: nothing to carry over
    }
  }
  return result;
}

}  // namespace salient
