// SPDX-License-Identifier: Apache-2.0
// GPTQ's form, versions 1 and 2:
//
//   qweight [in·bits/32, out] int32      bit stream along the inputs
//   qzeros  [groups, out·bits/32] int32  bit stream along the outputs; v1 stores zero point - 1
//   scales  [groups, out] f16            the steps
//   g_idx   [in] int32                   the group of every input
//
// Readers of v1 add 1 to a zero point after unpacking it, so that 0 cannot be said: v1 is for
// symmetric grids. Other settings of single linears go into "dynamic", whose patterns also match
// the fused names under which vLLM looks them up.
#include "engine/export/bit_words.h"
#include "engine/export/format_row.h"
#include "engine/export/model_layout.h"

namespace salient {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::int64_t kPackedTogether = 32;

std::vector<TensorSpec> gptq_specs(const std::string& name, const Shape& shape,
                                   const QuantScheme& scheme) {
  const std::int64_t groups = scheme.num_groups(shape[1]);
  return {{name + ".qweight", DType::I32, {bit_words(shape[1], scheme.bits), shape[0]}},
          {name + ".qzeros", DType::I32, {groups, bit_words(shape[0], scheme.bits)}},
          {name + ".scales", DType::F16, {groups, shape[0]}},
          {name + ".g_idx", DType::I32, {shape[1]}}};
}

Tensor packed_codes(const QuantizedMatrix& matrix) {
  const auto rows = static_cast<std::size_t>(matrix.out_features);
  const auto columns = static_cast<std::size_t>(matrix.in_features);
  Tensor words(DType::I32,
               {bit_words(matrix.in_features, matrix.scheme.bits), matrix.out_features});
  const auto out = words.as<std::int32_t>();
  for (std::size_t row = 0; row < rows; ++row) {
    pack_bit_words(
        columns, matrix.scheme.bits, [&](std::size_t k) { return matrix.codes[row * columns + k]; },
        [&](std::size_t word, std::int32_t value) { out[word * rows + row] = value; });
  }
  return words;
}

Tensor packed_zeros(const QuantizedMatrix& matrix, int offset) {
  const auto rows = static_cast<std::size_t>(matrix.out_features);
  const auto groups = static_cast<std::size_t>(matrix.num_groups());
  const std::int64_t row_words = bit_words(matrix.out_features, matrix.scheme.bits);
  Tensor words(DType::I32, {matrix.num_groups(), row_words});
  const auto out = words.as<std::int32_t>();
  for (std::size_t group = 0; group < groups; ++group) {
    pack_bit_words(
        rows, matrix.scheme.bits,
        [&](std::size_t row) {
          return static_cast<unsigned>(matrix.zero_points[row * groups + group] - offset);
        },
        [&](std::size_t word, std::int32_t value) {
          out[group * static_cast<std::size_t>(row_words) + word] = value;
        });
  }
  return words;
}

Tensor steps_by_group(const QuantizedMatrix& matrix) {
  const auto rows = static_cast<std::size_t>(matrix.out_features);
  const auto groups = static_cast<std::size_t>(matrix.num_groups());
  Tensor scales(DType::F16, {matrix.num_groups(), matrix.out_features});
  const auto out = scales.as<std::uint16_t>();
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t group = 0; group < groups; ++group) {
      out[group * rows + row] = matrix.steps[row * groups + group];
    }
  }
  return scales;
}

Tensor group_of_inputs(const QuantizedMatrix& matrix) {
  const std::int64_t group = matrix.scheme.group_of(matrix.in_features);
  Tensor indices(DType::I32, {matrix.in_features});
  const auto out = indices.as<std::int32_t>();
  for (std::int64_t k = 0; k < matrix.in_features; ++k) {
    out[static_cast<std::size_t>(k)] = static_cast<std::int32_t>(k / group);
  }
  return indices;
}

std::vector<NamedTensor> pack(const std::string& name, const QuantizedMatrix& matrix, int offset) {
  return {{name + ".qweight", packed_codes(matrix)},
          {name + ".qzeros", packed_zeros(matrix, offset)},
          {name + ".scales", steps_by_group(matrix)},
          {name + ".g_idx", group_of_inputs(matrix)}};
}

std::vector<NamedTensor> pack_v1(const std::string& name, const QuantizedMatrix& matrix) {
  return pack(name, matrix, 1);
}

std::vector<NamedTensor> pack_v2(const std::string& name, const QuantizedMatrix& matrix) {
  return pack(name, matrix, 0);
}

/// A regular expression that matches exactly these names.
std::string pattern_of(const std::vector<std::string>& names) {
  std::string pattern = names.size() > 1 ? "^(?:" : "^";
  for (const std::string& name : names) {
    if (&name != &names.front()) pattern += "|";
    for (const char c : name) {
      if (c == '.') pattern += '\\';
      pattern += c;
    }
  }
  return pattern + (names.size() > 1 ? ")$" : "$");
}

/// What differs from `scheme`: "+:pattern" with other settings, "-:pattern" for what stays FP16.
Json dynamic_rules(const ModelLayout& layout, const QuantScheme& scheme) {
  Json rules = Json::object();
  for (const LinearUnit& unit : linear_units(layout)) {
    const LinearSettings& settings = unit.settings;
    if (settings.keep_fp16) {
      rules["-:" + pattern_of(unit.names)] = Json::object();
    } else if (settings.scheme != scheme) {
      rules["+:" + pattern_of(unit.names)] = {
          {"bits", settings.scheme.bits},
          {"group_size", group_size_on_disk(settings.scheme)},
          {"sym", settings.scheme.symmetry == Symmetry::Symmetric}};
    }
  }
  return rules;
}

Json config(const ModelLayout& layout, const QuantScheme& scheme, std::string_view version) {
  Json json = {{"quant_method", "gptq"},
               {"bits", scheme.bits},
               {"group_size", group_size_on_disk(scheme)},
               {"desc_act", false},
               {"sym", scheme.symmetry == Symmetry::Symmetric},
               {"lm_head", false},
               {"checkpoint_format", version},
               {"pack_dtype", "int32"},
               {"damp_percent", 0.05},
               {"true_sequential", true},
               {"static_groups", false}};
  if (Json rules = dynamic_rules(layout, scheme); !rules.empty()) json["dynamic"] = rules;
  json["meta"] = {{"quantizer", {"salient:" SALIENT_VERSION}}};
  return json;
}

Json config_v1(const ModelLayout& layout, const QuantScheme& scheme) {
  return config(layout, scheme, "gptq");
}

Json config_v2(const ModelLayout& layout, const QuantScheme& scheme) {
  return config(layout, scheme, "gptq_v2");
}

}  // namespace

constinit const CodeForm kGptqForm = {.limits = {.grids = Grids::SymmetricOnly,
                                                 .inputs_multiple = kPackedTogether,
                                                 .outputs_multiple = kPackedTogether},
                                      .specs = gptq_specs,
                                      .pack = pack_v1,
                                      .config = config_v1,
                                      .courtesy_file = "quantize_config.json",
                                      .courtesy = config_v1};

constinit const CodeForm kGptqV2Form = {
    .limits = {.inputs_multiple = kPackedTogether, .outputs_multiple = kPackedTogether},
    .specs = gptq_specs,
    .pack = pack_v2,
    .config = config_v2,
    .courtesy_file = "quantize_config.json",
    .courtesy = config_v2};

}  // namespace salient
