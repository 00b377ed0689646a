// SPDX-License-Identifier: Apache-2.0
#include "engine/export/model_layout.h"

#include <algorithm>
#include <cmath>

#include "engine/checkpoint/awq_tensors.h"
#include "engine/checkpoint/run_tensors.h"
#include "engine/error.h"

namespace salient {
namespace {

constexpr float kLargestHalf = 65504.0F;

std::string without_weight(const std::string& tensor) {
  constexpr std::string_view kSuffix = ".weight";
  return tensor.ends_with(kSuffix) ? tensor.substr(0, tensor.size() - kSuffix.size()) : tensor;
}

bool keeps_codes(ExportFormat format, const LinearSettings& settings) {
  return format != ExportFormat::Fp16 && !settings.keep_fp16;
}

std::vector<TensorSpec> awq_specs(const std::string& name, const Shape& shape,
                                  const QuantScheme& scheme) {
  const std::int64_t groups = scheme.num_groups(shape[1]);
  const std::int64_t words = shape[0] / kAwqOutputsPerWord;
  return {{name + ".qweight", DType::I32, {shape[1], words}},
          {name + ".qzeros", DType::I32, {groups, words}},
          {name + ".scales", DType::F16, {groups, shape[0]}}};
}

std::vector<TensorSpec> run_specs(const std::string& name, const Shape& shape,
                                  const QuantScheme& scheme) {
  const std::int64_t groups = scheme.num_groups(shape[1]);
  return {{name + ".codes", DType::U8, {shape[0], run_row_bytes(shape[1], scheme.bits)}},
          {name + ".steps", DType::F16, {shape[0], groups}},
          {name + ".zero_points", DType::U8, {shape[0], groups}}};
}

std::vector<TensorSpec> linear_specs(const ModelLayout& layout, const LinearId& id) {
  const std::string name = layout.shape.architecture->linear_name(id.block, id.role);
  const Shape shape = linear_shape(layout.shape.config, id.role);
  const LinearSettings& settings = layout.settings.at(id);
  std::vector<TensorSpec> specs;
  if (!keeps_codes(layout.format, settings)) {
    specs = {{name + ".weight", DType::F16, shape}};
  } else if (layout.format == ExportFormat::Awq) {
    specs = awq_specs(name, shape, settings.scheme);
  } else {
    specs = run_specs(name, shape, settings.scheme);
  }
  if (has_bias(layout.shape, id.role)) {
    specs.push_back({name + ".bias", vector_dtype(layout.format), {shape[0]}});
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
    layout.tensors.push_back({name, vector_dtype(layout.format), info->shape});
    return;
  }
  const auto scheme =
      layout.format == ExportFormat::Run ? table_scheme(source, *info, tables) : std::nullopt;
  if (!scheme) {
    layout.tensors.push_back({name, DType::F16, info->shape});
    return;
  }
  layout.coded_tables[name] = *scheme;
  append(layout.tensors, run_specs(without_weight(name), info->shape, *scheme));
}

std::vector<NamedTensor> code_tensors(ExportFormat format, const std::string& name,
                                      const QuantizedMatrix& matrix) {
  if (format == ExportFormat::Awq) {
    AwqTensors awq = to_awq(matrix);
    return {{name + ".qweight", awq.qweight},
            {name + ".qzeros", awq.qzeros},
            {name + ".scales", awq.scales}};
  }
  RunTensors run = to_run(matrix);
  return {{name + ".codes", run.codes},
          {name + ".steps", run.steps},
          {name + ".zero_points", run.zero_points}};
}

}  // namespace

DType vector_dtype(ExportFormat format) {
  return format == ExportFormat::Run ? DType::F32 : DType::F16;
}

std::vector<std::string> table_names(const DecoderShape& shape) {
  std::vector<std::string> names = {std::string(shape.architecture->embedding),
                                    std::string(shape.architecture->final_norm)};
  if (!shape.config.tied_head) names.emplace_back(shape.architecture->head);
  return names;
}

ModelLayout make_model_layout(ExportFormat format, const Checkpoint& source,
                              const std::vector<LinearId>& linears,
                              const std::vector<LinearSettings>& settings, CodedTables tables) {
  ModelLayout layout;
  layout.format = format;
  layout.shape = make_decoder_shape(source.config());
  for (std::size_t i = 0; i < linears.size(); ++i) {
    layout.settings.emplace(linears[i], settings.at(i));
    append(layout.tensors, linear_specs(layout, linears[i]));
  }
  const Architecture& row = *layout.shape.architecture;
  const Shape hidden = {layout.shape.config.hidden_size};
  for (std::int64_t block = 0; block < layout.shape.config.num_layers; ++block) {
    for (const std::string_view norm : {row.attention_norm, row.mlp_norm}) {
      layout.tensors.push_back({row.block_tensor(block, norm), vector_dtype(format), hidden});
    }
  }
  for (const std::string& name : table_names(layout.shape)) add_table(layout, source, name, tables);
  return layout;
}

std::vector<NamedTensor> tensors_of(const ModelLayout& layout, const QuantizedBlock::Entry& entry) {
  const std::string name = layout.shape.architecture->linear_name(entry.id.block, entry.id.role);
  std::vector<NamedTensor> tensors;
  if (keeps_codes(layout.format, layout.settings.at(entry.id))) {
    if (!entry.codes) throw Error(ErrorKind::Failure, name + ": the codes are missing");
    tensors = code_tensors(layout.format, name, *entry.codes);
  } else {
    tensors.emplace_back(name + ".weight", narrowed(name, entry.dense, DType::F16));
  }
  if (has_bias(layout.shape, entry.id.role)) {
    tensors.emplace_back(name + ".bias",
                         narrowed(name + ".bias", entry.bias, vector_dtype(layout.format)));
  }
  return tensors;
}

std::vector<NamedTensor> norms_of(const ModelLayout& layout, const QuantizedBlock& block) {
  const Architecture& row = *layout.shape.architecture;
  const DType dtype = vector_dtype(layout.format);
  const std::string attention = row.block_tensor(block.block, row.attention_norm);
  const std::string mlp = row.block_tensor(block.block, row.mlp_norm);
  return {{attention, narrowed(attention, block.attention_norm, dtype)},
          {mlp, narrowed(mlp, block.mlp_norm, dtype)}};
}

std::vector<NamedTensor> tensors_of_table(const ModelLayout& layout, const Checkpoint& source,
                                          const std::string& name) {
  if (layout.coded_tables.contains(name)) {
    const auto codes = source.read_codes(name);
    if (!codes) throw Error(ErrorKind::Failure, name + ": the codes are missing");
    return code_tensors(ExportFormat::Run, without_weight(name), *codes);
  }
  const bool vector = source.find(name)->shape.size() == 1;
  const DType dtype = vector ? vector_dtype(layout.format) : DType::F16;
  return {{name, source.read(name, dtype)}};
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
