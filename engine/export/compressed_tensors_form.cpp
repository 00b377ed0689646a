// SPDX-License-Identifier: Apache-2.0
// compressed-tensors "pack-quantized", of 4 and 8 bits (others changed their packing in 2026):
//
//   weight_packed     [out, in·bits/32] int32      bit stream along the inputs
//   weight_scale      [out, groups] f16            the steps
//   weight_zero_point [out·bits/32, groups] int32  bit stream along the outputs; asymmetric only
//   weight_shape      [2] int64                    out, in
//
// Codes and zero points are stored unsigned, as ours are. One entry of "config_groups" for every
// scheme; loaders look a fused linear up by its class before they look at its parts, so "Linear" is
// a target only where all linears have one scheme.
#include <algorithm>
#include <bit>

#include "engine/export/bit_words.h"
#include "engine/export/format_row.h"
#include "engine/export/model_layout.h"

namespace salient {
namespace {

using Json = nlohmann::ordered_json;

bool is_symmetric(const QuantScheme& scheme) {
  return scheme.symmetry == Symmetry::Symmetric;
}

std::vector<TensorSpec> specs(const std::string& name, const Shape& shape,
                              const QuantScheme& scheme) {
  const std::int64_t groups = scheme.num_groups(shape[1]);
  std::vector<TensorSpec> specs = {
      {name + ".weight_packed", DType::I32, {shape[0], bit_words(shape[1], scheme.bits)}},
      {name + ".weight_scale", DType::F16, {shape[0], groups}},
      {name + ".weight_shape", DType::F64, {2}, "I64"}};
  if (!is_symmetric(scheme)) {
    specs.push_back(
        {name + ".weight_zero_point", DType::I32, {bit_words(shape[0], scheme.bits), groups}});
  }
  return specs;
}

Tensor packed_codes(const QuantizedMatrix& matrix) {
  const auto columns = static_cast<std::size_t>(matrix.in_features);
  const std::int64_t row_words = bit_words(matrix.in_features, matrix.scheme.bits);
  Tensor words(DType::I32, {matrix.out_features, row_words});
  const auto out = words.as<std::int32_t>();
  for (std::size_t row = 0; row < static_cast<std::size_t>(matrix.out_features); ++row) {
    pack_bit_words(
        columns, matrix.scheme.bits, [&](std::size_t k) { return matrix.codes[row * columns + k]; },
        [&](std::size_t word, std::int32_t value) {
          out[row * static_cast<std::size_t>(row_words) + word] = value;
        });
  }
  return words;
}

Tensor packed_zeros(const QuantizedMatrix& matrix) {
  const auto groups = static_cast<std::size_t>(matrix.num_groups());
  Tensor words(DType::I32,
               {bit_words(matrix.out_features, matrix.scheme.bits), matrix.num_groups()});
  const auto out = words.as<std::int32_t>();
  for (std::size_t group = 0; group < groups; ++group) {
    pack_bit_words(
        static_cast<std::size_t>(matrix.out_features), matrix.scheme.bits,
        [&](std::size_t row) { return matrix.zero_points[row * groups + group]; },
        [&](std::size_t word, std::int32_t value) { out[word * groups + group] = value; });
  }
  return words;
}

Tensor steps(const QuantizedMatrix& matrix) {
  Tensor scales(DType::F16, {matrix.out_features, matrix.num_groups()});
  std::ranges::copy(matrix.steps, scales.as<std::uint16_t>().begin());
  return scales;
}

/// 64-bit integers have no DType of their own: their bytes stand in float64's room.
Tensor shape_of(const QuantizedMatrix& matrix) {
  Tensor shape(DType::F64, {2});
  shape.as<double>()[0] = std::bit_cast<double>(matrix.out_features);
  shape.as<double>()[1] = std::bit_cast<double>(matrix.in_features);
  return shape;
}

std::vector<NamedTensor> pack(const std::string& name, const QuantizedMatrix& matrix) {
  std::vector<NamedTensor> tensors = {{name + ".weight_packed", packed_codes(matrix)},
                                      {name + ".weight_scale", steps(matrix)},
                                      {name + ".weight_shape", shape_of(matrix)}};
  if (!is_symmetric(matrix.scheme)) {
    tensors.emplace_back(name + ".weight_zero_point", packed_zeros(matrix));
  }
  return tensors;
}

Json weights_json(const QuantScheme& scheme) {
  const bool rows = scheme.group_size == QuantScheme::kWholeRow;
  return {{"num_bits", scheme.bits},
          {"type", "int"},
          {"symmetric", is_symmetric(scheme)},
          {"strategy", rows ? "channel" : "group"},
          {"group_size", rows ? Json(nullptr) : Json(scheme.group_size)},
          {"dynamic", false},
          {"actorder", nullptr},
          {"block_structure", nullptr},
          {"observer", "minmax"},
          {"observer_kwargs", Json::object()}};
}

/// The schemes in use and the linears of each, the default first.
std::vector<std::pair<QuantScheme, Json>> targets_by_scheme(const ModelLayout& layout,
                                                            const QuantScheme& scheme) {
  std::vector<std::pair<QuantScheme, Json>> groups = {{scheme, Json::array()}};
  for (const auto& [id, settings] : layout.settings) {
    if (settings.keep_fp16) continue;
    auto found = std::ranges::find(groups, settings.scheme, &std::pair<QuantScheme, Json>::first);
    if (found == groups.end()) {
      groups.emplace_back(settings.scheme, Json::array());
      found = std::prev(groups.end());
    }
    found->second.push_back(layout.shape.architecture->linear_name(id.block, id.role));
  }
  std::erase_if(groups, [](const auto& group) { return group.second.empty(); });
  if (groups.size() == 1) groups.front().second = Json::array({"Linear"});
  return groups;
}

Json config(const ModelLayout& layout, const QuantScheme& scheme) {
  Json groups = Json::object();
  for (const auto& [group_scheme, targets] : targets_by_scheme(layout, scheme)) {
    groups["group_" + std::to_string(groups.size())] = {{"targets", targets},
                                                        {"weights", weights_json(group_scheme)},
                                                        {"input_activations", nullptr},
                                                        {"output_activations", nullptr},
                                                        {"format", "pack-quantized"}};
  }
  Json ignore = Json::array({"lm_head"});
  for (const std::string& name : kept_linears(layout)) ignore.push_back(name);
  return {{"quant_method", "compressed-tensors"},
          {"format", "pack-quantized"},
          {"quantization_status", "compressed"},
          {"global_compression_ratio", nullptr},
          {"ignore", ignore},
          {"kv_cache_scheme", nullptr},
          {"config_groups", groups}};
}

}  // namespace

constinit const CodeForm kCompressedTensorsForm = {
    .limits = {.bits = {4, 8}, .inputs_multiple = 8, .outputs_multiple = 8},
    .specs = specs,
    .pack = pack,
    .config = config};

}  // namespace salient
