// SPDX-License-Identifier: Apache-2.0
#include "engine/checkpoint/config_verdict.h"

#include <algorithm>

#include "engine/checkpoint/architecture.h"
#include "engine/checkpoint/bounded_json.h"
#include "engine/checkpoint/config_keys.h"
#include "engine/checkpoint/config_reader.h"
#include "engine/checkpoint/file_source.h"
#include "engine/checkpoint/foreign_text.h"
#include "engine/checkpoint/limits.h"
#include "engine/error.h"

namespace salient {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

/// Stored quantizations whose tensors can be read.
constexpr std::array<std::string_view, 2> kReadable = {"awq", "salient"};

/// The quantization that stands in the way; empty when none does.
std::string unreadable_quantization(const Json& config) {
  const Json* found = find_key(config, "quantization_config");
  if (found == nullptr) return {};
  const Json* method = find_key(*found, "quant_method");
  if (method == nullptr || !method->is_string())
    return "quantization_config.quant_method is absent";
  const auto& name = method->get_ref<const std::string&>();
  if (std::ranges::find(kReadable, name) != kReadable.end()) return {};
  return "quantization_config.quant_method is " + in_quotes(name) + ", which is not read";
}

/// What follows "file: ", without the list of all that is known.
std::string reason_of(const Error& error, const std::string& file) {
  std::string text = error.what();
  if (text.starts_with(file + ": ")) text.erase(0, file.size() + 2);
  return text.substr(0, text.find(", known: "));
}

}  // namespace

ConfigVerdict verdict_of_config(const fs::path& path) {
  ConfigVerdict verdict;
  verdict.file = path;
  const std::string file = escaped(path.filename().string());
  try {
    const Json config = parse_json(read_text(FileSource(path), limits::kConfigBytes), file);
    const Json* type = find_key(config, "model_type");
    if (type != nullptr && type->is_string()) {
      verdict.model_type = escaped(type->get_ref<const std::string&>());
    }
    std::vector<std::string> warnings;
    const ModelConfig parsed = parse_config(config, file, warnings);
    verdict.text = unreadable_quantization(config);
    verdict.supported = verdict.text.empty();
    if (verdict.supported) verdict.text = find_architecture(parsed.model_type)->display_name;
  } catch (const Error& error) {
    verdict.text = reason_of(error, file);
  }
  return verdict;
}

std::vector<fs::path> configs_below(const fs::path& path) {
  std::error_code error;
  if (!fs::exists(path, error)) {
    throw Error(ErrorKind::BadInput, escaped(path.string(), 4096) + ": does not exist");
  }
  if (!fs::is_directory(path, error)) return {path};
  if (fs::exists(path / "config.json", error)) return {path / "config.json"};
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(path, error)) {
    const std::string name = entry.path().filename().string();
    if (name.ends_with(".json") && name.find("hf_quant") == std::string::npos) {
      found.push_back(entry.path());
    }
  }
  std::ranges::sort(found);
  return found;
}

}  // namespace salient
