// SPDX-License-Identifier: Apache-2.0
// Salient's own form: any bits, ragged groups, each linear as it likes.
#include "engine/checkpoint/run_tensors.h"
#include "engine/export/format_row.h"
#include "engine/export/model_layout.h"

namespace salient {
namespace {

using Json = nlohmann::ordered_json;

std::vector<TensorSpec> run_specs(const std::string& name, const Shape& shape,
                                  const QuantScheme& scheme) {
  const std::int64_t groups = scheme.num_groups(shape[1]);
  return {{name + ".codes", DType::U8, {shape[0], run_row_bytes(shape[1], scheme.bits)}},
          {name + ".steps", DType::F16, {shape[0], groups}},
          {name + ".zero_points", DType::U8, {shape[0], groups}}};
}

std::vector<NamedTensor> pack_run(const std::string& name, const QuantizedMatrix& matrix) {
  RunTensors run = to_run(matrix);
  return {{name + ".codes", run.codes},
          {name + ".steps", run.steps},
          {name + ".zero_points", run.zero_points}};
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

}  // namespace

constinit const CodeForm kRunForm = {.limits = {.groups = Groups::Any},
                                     .fused = FusedLinears::Free,
                                     .tables = TableForm::Coded,
                                     .specs = run_specs,
                                     .pack = pack_run,
                                     .config = run_config};

}  // namespace salient
