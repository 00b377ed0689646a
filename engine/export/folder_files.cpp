// SPDX-License-Identifier: Apache-2.0
#include "engine/export/folder_files.h"

#include <array>
#include <set>

#include "engine/checkpoint/file_source.h"
#include "engine/checkpoint/limits.h"
#include "engine/export/hugging_face_tokenizer.h"

namespace salient {
namespace {

using Json = nlohmann::ordered_json;

/// Larger than any tokenizer.json; weights never come this way.
constexpr std::uint64_t kCompanionBytes = 256 * limits::kMiB;

std::int64_t awq_group_size(const QuantScheme& scheme) {
  return scheme.group_size == QuantScheme::kWholeRow ? -1 : scheme.group_size;
}

/// Loaders match these as substrings of module names; a full name hits only itself.
Json kept_modules(const ModelLayout& layout) {
  Json modules = Json::array({"lm_head"});
  for (const auto& [id, settings] : layout.settings) {
    if (settings.keep_fp16) {
      modules.push_back(layout.shape.architecture->linear_name(id.block, id.role));
    }
  }
  return modules;
}

Json awq_config(const ModelLayout& layout, const QuantScheme& scheme) {
  return {{"quant_method", "awq"},
          {"bits", 4},
          {"group_size", awq_group_size(scheme)},
          {"zero_point", true},
          {"version", "gemm"},
          {"modules_to_not_convert", kept_modules(layout)}};
}

Json scheme_json(const QuantScheme& scheme, std::int64_t in_features) {
  return {{"bits", scheme.bits},
          {"group_size", scheme.group_size},
          {"symmetric", scheme.symmetry == Symmetry::Symmetric},
          {"in_features", in_features}};
}

Json run_config(const ModelLayout& layout, const QuantScheme& scheme) {
  Json linears = Json::object();
  const DecoderShape& shape = layout.shape;
  for (const auto& [name, table_scheme] : layout.coded_tables) {
    linears[name.substr(0, name.rfind('.'))] = scheme_json(table_scheme, shape.config.hidden_size);
  }
  for (const auto& [id, settings] : layout.settings) {
    if (settings.keep_fp16) continue;
    linears[shape.architecture->linear_name(id.block, id.role)] =
        scheme_json(settings.scheme, linear_shape(shape.config, id.role)[1]);
  }
  return {{"quant_method", "salient"},
          {"format", 1},
          {"bits", scheme.bits},
          {"group_size", scheme.group_size},
          {"symmetric", scheme.symmetry == Symmetry::Symmetric},
          {"linears", linears}};
}

Json quant_config_file(const QuantScheme& scheme) {
  return {{"zero_point", true},
          {"q_group_size", awq_group_size(scheme)},
          {"w_bit", 4},
          {"version", "GEMM"}};
}

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

}  // namespace

std::string json_text(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Json exported_config(const ModelLayout& layout, const Checkpoint& source,
                     const QuantScheme& scheme) {
  Json config = source.config_json();
  // Python beside the source is not carried over, so nothing may point at it.
  for (const char* key : {"quantization_config", "auto_map"}) config.erase(key);
  config["torch_dtype"] = "float16";
  if (config.contains("dtype")) config["dtype"] = "float16";
  if (layout.format == ExportFormat::Awq) {
    config["quantization_config"] = awq_config(layout, scheme);
  } else if (layout.format == ExportFormat::Run) {
    config["quantization_config"] = run_config(layout, scheme);
  }
  return config;
}

void write_folder_files(const ModelLayout& layout, const Checkpoint& source,
                        const QuantScheme& scheme, const Folder& folder) {
  put_file(folder, "config.json", json_text(exported_config(layout, source, scheme)));
  if (layout.format == ExportFormat::Awq) {
    put_file(folder, "quant_config.json", json_text(quant_config_file(scheme)));
  }
  copy_companions(source, folder);
  if (source.tokenizer_source().gguf) {
    for (const auto& [name, text] : hugging_face_tokenizer_files(source))
      put_file(folder, name, text);
  }
}

}  // namespace salient
