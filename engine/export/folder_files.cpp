// SPDX-License-Identifier: Apache-2.0
#include "engine/export/folder_files.h"

#include <array>
#include <set>

#include "engine/checkpoint/file_source.h"
#include "engine/checkpoint/limits.h"
#include "engine/export/format_row.h"
#include "engine/export/hugging_face_tokenizer.h"

namespace salient {
namespace {

using Json = nlohmann::ordered_json;

/// Larger than any tokenizer.json; weights never come this way.
constexpr std::uint64_t kCompanionBytes = 256 * limits::kMiB;

/// Names that the export writes itself, or that describe weights which are not carried over.
bool is_replaced(const std::string& name) {
  static const std::set<std::string, std::less<>> replaced = {"config.json", "quant_config.json",
                                                              "quantize_config.json", "README.md"};
  return replaced.contains(name) || name.ends_with(".safetensors") ||
         name.ends_with(".safetensors.index.json");
}

void copy_companions(const Checkpoint& source, const Folder& folder) {
  for (const std::filesystem::path& path : source.companion_files()) {
    const std::string name = path.filename().string();
    if (is_replaced(name)) continue;
    put_file(folder, name, read_text(FileSource(path), kCompanionBytes));
  }
}

/// A GGUF carries the rest inside.
void copy_licences(const Checkpoint& source, const Folder& folder) {
  for (const std::filesystem::path& path : source.companion_files()) {
    const std::string name = path.filename().string();
    const bool wanted =
        name.starts_with("LICENSE") || name.starts_with("NOTICE") || name.starts_with("USE_POLICY");
    if (wanted) put_file(folder, name, read_text(FileSource(path), kCompanionBytes));
  }
}

}  // namespace

std::string json_text(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Json exported_config(const ModelLayout& layout, const Checkpoint& source,
                     const QuantScheme& scheme) {
  Json config = source.config_json();
  // Python beside the source is not carried over, so nothing may point at it.
  for (const char* key : {"quantization_config", "auto_map"}) config.erase(key);
  const FormatRow& row = *layout.row;
  config["torch_dtype"] = name_of(row.dense);
  if (config.contains("dtype")) config["dtype"] = name_of(row.dense);
  if (row.codes != nullptr && row.codes->config != nullptr)
    config["quantization_config"] = row.codes->config(layout, scheme);
  return config;
}

void write_folder_files(const ModelLayout& layout, const Checkpoint& source,
                        const QuantScheme& scheme, const Folder& folder) {
  if (layout.row->container == Container::Gguf) {
    copy_licences(source, folder);
    return;
  }
  put_file(folder, "config.json", json_text(exported_config(layout, source, scheme)));
  const CodeForm* form = layout.row->codes;
  if (form != nullptr && form->courtesy != nullptr) {
    put_file(folder, std::string(form->courtesy_file), json_text(form->courtesy(layout, scheme)));
  }
  copy_companions(source, folder);
  if (source.tokenizer_source().gguf) {
    for (const auto& [name, text] : hugging_face_tokenizer_files(source))
      put_file(folder, name, text);
  }
}

}  // namespace salient
