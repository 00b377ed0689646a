// SPDX-License-Identifier: Apache-2.0
// AutoAWQ's "gemm" form: 4 bits, one scheme for all linears, zero points stored as they are.
#include "engine/checkpoint/awq_tensors.h"
#include "engine/export/format_row.h"
#include "engine/export/model_layout.h"

namespace salient {
namespace {

using Json = nlohmann::ordered_json;

std::vector<TensorSpec> awq_specs(const std::string& name, const Shape& shape,
                                  const QuantScheme& scheme) {
  const std::int64_t groups = scheme.num_groups(shape[1]);
  const std::int64_t words = shape[0] / kAwqOutputsPerWord;
  return {{name + ".qweight", DType::I32, {shape[1], words}},
          {name + ".qzeros", DType::I32, {groups, words}},
          {name + ".scales", DType::F16, {groups, shape[0]}}};
}

std::vector<NamedTensor> pack_awq(const std::string& name, const QuantizedMatrix& matrix) {
  AwqTensors awq = to_awq(matrix);
  return {{name + ".qweight", awq.qweight},
          {name + ".qzeros", awq.qzeros},
          {name + ".scales", awq.scales}};
}

/// Loaders match these as substrings of module names; a full name hits only itself.
Json awq_config(const ModelLayout& layout, const QuantScheme& scheme) {
  Json kept = Json::array({"lm_head"});
  for (const std::string& name : kept_linears(layout)) kept.push_back(name);
  return {{"quant_method", "awq"}, {"bits", 4},         {"group_size", group_size_on_disk(scheme)},
          {"zero_point", true},    {"version", "gemm"}, {"modules_to_not_convert", kept}};
}

Json quant_config_file(const ModelLayout& /*layout*/, const QuantScheme& scheme) {
  return {{"zero_point", true},
          {"q_group_size", group_size_on_disk(scheme)},
          {"w_bit", 4},
          {"version", "GEMM"}};
}

}  // namespace

constinit const CodeForm kAwqForm = {
    .limits = {.bits = {4}, .mixing = Mixing::OneScheme, .outputs_multiple = kAwqOutputsPerWord},
    .specs = awq_specs,
    .pack = pack_awq,
    .config = awq_config,
    .courtesy_file = "quant_config.json",
    .courtesy = quant_config_file};

}  // namespace salient
