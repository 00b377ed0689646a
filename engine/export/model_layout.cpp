// SPDX-License-Identifier: Apache-2.0
#include "engine/export/model_layout.h"

#include <algorithm>
#include <cmath>

#include "engine/error.h"
#include "engine/export/format_row.h"

namespace salient {
namespace {

constexpr float kLargestHalf = 65504.0F;

std::string without_weight(const std::string& tensor) {
  constexpr std::string_view kSuffix = ".weight";
  return tensor.ends_with(kSuffix) ? tensor.substr(0, tensor.size() - kSuffix.size()) : tensor;
}

std::vector<TensorSpec> linear_specs(const ModelLayout& layout, const LinearId& id) {
  const std::string name = layout.shape.architecture->linear_name(id.block, id.role);
  const Shape shape = linear_shape(layout.shape.config, id.role);
  const LinearSettings& settings = layout.settings.at(id);
  std::vector<TensorSpec> specs = {{name + ".weight", layout.row->dense, shape}};
  if (is_coded(layout, id)) specs = layout.row->codes->specs(name, shape, settings.scheme);
  if (has_bias(layout.shape, id.role)) {
    specs.push_back({name + ".bias", layout.row->vectors, {shape[0]}});
  }
  return specs;
}

void append(std::vector<TensorSpec>& all, std::vector<TensorSpec> more) {
  std::ranges::move(more, std::back_inserter(all));
}

std::optional<QuantScheme> table_scheme(const Checkpoint& source, const TensorInfo& info,
                                        CodedTables tables) {
  if (tables == CodedTables::ByType) {
    constexpr QuantScheme kQ8{.bits = 8, .group_size = 32, .symmetry = Symmetry::Symmetric};
    return info.stored_type == "Q8_0" ? std::optional(kQ8) : std::nullopt;
  }
  const auto codes = source.read_codes(info.name);
  return codes ? std::optional(codes->scheme) : std::nullopt;
}

void add_table(ModelLayout& layout, const Checkpoint& source, const std::string& name,
               CodedTables tables) {
  const TensorInfo* info = source.find(name);
  if (info == nullptr) throw Error(ErrorKind::BadInput, name + " is missing");
  if (info->shape.size() == 1) {
    layout.tensors.push_back({name, layout.row->vectors, info->shape});
    return;
  }
  const CodeForm* form = layout.row->codes;
  const bool coded = form != nullptr && form->tables == TableForm::Coded;
  const auto scheme = coded ? table_scheme(source, *info, tables) : std::nullopt;
  if (!scheme) {
    layout.tensors.push_back({name, layout.row->dense, info->shape});
    return;
  }
  layout.coded_tables[name] = *scheme;
  append(layout.tensors, form->specs(without_weight(name), info->shape, *scheme));
}

/// The linears that read what `group` scales; engines run them as one.
std::vector<LinearId> ids_of(const ScaleGroupRow& group, std::int64_t block) {
  std::vector<LinearId> ids;
  for (const LinearRole role : group.consumers) ids.push_back({block, role});
  return ids;
}

/// vLLM's names: of q, k, v and of gate, up.
std::string_view fused_name(LinearRole first) {
  return first == LinearRole::Query ? "qkv_proj" : "gate_up_proj";
}

bool alike(const LinearSettings& a, const LinearSettings& b) {
  return a.keep_fp16 == b.keep_fp16 && (a.keep_fp16 || a.scheme == b.scheme);
}

}  // namespace

bool is_coded(const ModelLayout& layout, const LinearId& id) {
  return layout.row->codes != nullptr && !layout.settings.at(id).keep_fp16;
}

std::vector<std::string> kept_linears(const ModelLayout& layout) {
  std::vector<std::string> names;
  for (const auto& [id, settings] : layout.settings) {
    if (!settings.keep_fp16) continue;
    names.push_back(layout.shape.architecture->linear_name(id.block, id.role));
  }
  return names;
}

std::vector<LinearUnit> linear_units(const ModelLayout& layout) {
  std::vector<LinearUnit> units;
  const Architecture& row = *layout.shape.architecture;
  for (std::int64_t block = 0; block < layout.shape.config.num_layers; ++block) {
    for (const ScaleGroupRow& group : row.scale_groups) {
      const std::vector<LinearId> ids = ids_of(group, block);
      const LinearSettings& first = layout.settings.at(ids.front());
      const bool fused = ids.size() > 1 && std::ranges::all_of(ids, [&](const LinearId& id) {
                           return alike(layout.settings.at(id), first);
                         });
      if (fused) units.push_back({{}, first});
      for (const LinearId& id : ids) {
        if (!fused) units.push_back({{}, layout.settings.at(id)});
        units.back().names.push_back(row.linear_name(block, id.role));
      }
      if (!fused) continue;
      const std::string& name = units.back().names.front();
      units.back().names.push_back(name.substr(0, name.rfind('.') + 1) +
                                   std::string(fused_name(ids.front().role)));
    }
  }
  return units;
}

std::int64_t group_size_on_disk(const QuantScheme& scheme) {
  return scheme.group_size == QuantScheme::kWholeRow ? -1 : scheme.group_size;
}

std::vector<std::string> table_names(const DecoderShape& shape) {
  std::vector<std::string> names;
  for (const ExpectedTensor& table : table_tensors(shape.config)) names.push_back(table.name);
  for (std::int64_t block = 0; block < shape.config.num_layers; ++block) {
    for (const ExpectedTensor& kept : kept_vectors(shape.config, block)) {
      names.push_back(kept.name);
    }
  }
  return names;
}

ModelLayout make_model_layout(ExportFormat format, const Checkpoint& source,
                              const std::vector<LinearId>& linears,
                              const std::vector<LinearSettings>& settings, CodedTables tables) {
  ModelLayout layout;
  layout.row = &row_of(format);
  layout.shape = make_decoder_shape(source.config());
  for (std::size_t i = 0; i < linears.size(); ++i) {
    layout.settings.emplace(linears[i], settings.at(i));
    append(layout.tensors, linear_specs(layout, linears[i]));
  }
  const Architecture& row = *layout.shape.architecture;
  const Shape hidden = {layout.shape.config.hidden_size};
  for (std::int64_t block = 0; block < layout.shape.config.num_layers; ++block) {
    for (const std::string_view norm : {row.attention_norm, row.mlp_norm}) {
      if (norm.empty()) continue;
      const std::string name = row.block_tensor(block, norm);
      layout.tensors.push_back({name, layout.row->vectors, hidden});
      if (row.norm_bias) layout.tensors.push_back({bias_of(name), layout.row->vectors, hidden});
    }
  }
  for (const std::string& name : table_names(layout.shape)) add_table(layout, source, name, tables);
  return layout;
}

std::vector<NamedTensor> tensors_of(const ModelLayout& layout, const QuantizedBlock::Entry& entry) {
  const std::string name = layout.shape.architecture->linear_name(entry.id.block, entry.id.role);
  std::vector<NamedTensor> tensors;
  if (is_coded(layout, entry.id)) {
    if (!entry.codes) throw Error(ErrorKind::Failure, name + ": the codes are missing");
    tensors = layout.row->codes->pack(name, *entry.codes);
  } else {
    tensors.emplace_back(name + ".weight", narrowed(name, entry.dense, layout.row->dense));
  }
  if (has_bias(layout.shape, entry.id.role)) {
    tensors.emplace_back(name + ".bias", narrowed(name + ".bias", entry.bias, layout.row->vectors));
  }
  return tensors;
}

std::vector<NamedTensor> norms_of(const ModelLayout& layout, const QuantizedBlock& block) {
  const Architecture& row = *layout.shape.architecture;
  const DType dtype = layout.row->vectors;
  std::vector<NamedTensor> tensors;
  const auto add = [&](std::string_view norm, const Tensor& weight, const Tensor& bias) {
    if (weight.empty()) return;
    const std::string name = row.block_tensor(block.block, norm);
    Tensor stored = weight.clone();
    for (float& value : stored.as<float>()) value -= row.norm_offset;
    tensors.emplace_back(name, narrowed(name, stored, dtype));
    if (!bias.empty()) tensors.emplace_back(bias_of(name), narrowed(bias_of(name), bias, dtype));
  };
  add(row.attention_norm, block.attention_norm, block.attention_norm_bias);
  add(row.mlp_norm, block.mlp_norm, block.mlp_norm_bias);
  return tensors;
}

std::vector<NamedTensor> tensors_of_table(const ModelLayout& layout, const Checkpoint& source,
                                          const std::string& name) {
  if (layout.coded_tables.contains(name)) {
    const auto codes = source.read_codes(name);
    if (!codes) throw Error(ErrorKind::Failure, name + ": the codes are missing");
    return layout.row->codes->pack(without_weight(name), *codes);
  }
  const bool vector = source.find(name)->shape.size() == 1;
  return {{name, source.read(name, vector ? layout.row->vectors : layout.row->dense)}};
}

Tensor narrowed(const std::string& tensor, const Tensor& values, DType dtype) {
  if (dtype != DType::F16 || values.dtype() != DType::F32) return values.to(dtype);
  const auto beyond = std::ranges::count_if(
      values.as<float>(), [](float value) { return !(std::abs(value) <= kLargestHalf); });
  if (beyond > 0) {
    throw Error(ErrorKind::BadInput, tensor + ": " + std::to_string(beyond) +
                                         " values lie beyond 65504, which float16 cannot hold");
  }
  return values.to(dtype);
}

}  // namespace salient
