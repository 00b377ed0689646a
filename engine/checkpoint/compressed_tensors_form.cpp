// SPDX-License-Identifier: Apache-2.0
// compressed-tensors "pack-quantized", of 4 and 8 bits (others changed their packing in 2026):
//
//   weight_packed     [out, in·bits/32] int32      bit stream along the inputs, the last word
//   padded weight_scale      [out, groups] or [1]         the steps weight_shape      [2] out, in
//   weight_zero_point [out·bits/32, groups] int32  bit stream along the outputs; asymmetric only
//   weight_g_idx      [in] int32, optional         the group of every input (act-order)
//
// Codes and zero points are stored unsigned, as ours are. The config lists groups of settings; the
// shapes of a linear's tensors say which of them it has, so that targets need not be matched.
#include <algorithm>
#include <array>

#include "engine/checkpoint/foreign_text.h"
#include "engine/checkpoint/packed_words.h"
#include "engine/checkpoint/quantized_form.h"
#include "engine/error.h"

namespace salient {
namespace {

using Json = nlohmann::ordered_json;
using namespace quantized;

constexpr std::array<std::string_view, 3> kParts = {".weight_packed", ".weight_scale",
                                                    ".weight_shape"};
constexpr std::array<std::string_view, 2> kOptionalParts = {".weight_zero_point", ".weight_g_idx"};
constexpr const char* kFormat = "pack-quantized";

const Json& groups_of(const Json& config) {
  const auto found = config.find("config_groups");
  if (found == config.end() || !found->is_object() || found->empty()) {
    refuse("config_groups is missing");
  }
  return *found;
}

/// A group's own format counts where it has one.
bool is_packed(const Json& config) {
  if (word(config, "quant_method") != "compressed-tensors") return false;
  const std::string format = word(config, "format");
  const auto all_packed = [&] {
    return std::ranges::all_of(groups_of(config), [](const Json& group) {
      return group.is_object() && word(group, "format") == kFormat;
    });
  };
  return format == kFormat || (format == "mixed-precision" && all_packed());
}

QuantScheme scheme_of_group(const std::string& name, const Json& group) {
  const auto weights = group.is_object() ? group.find("weights") : group.end();
  if (!group.is_object() || weights == group.end() || !weights->is_object()) {
    refuse("config_groups: " + in_quotes(name) + " has no weights");
  }
  const std::int64_t bits = integer(*weights, "num_bits", 0);
  const std::string type = word(*weights, "type");
  if ((bits != 4 && bits != 8) || (!type.empty() && type != "int")) {
    throw Error(ErrorKind::Unsupported,
                "config.json: quantization_config: config_groups: " + in_quotes(name) + ": " +
                    std::to_string(bits) + " bits of type " + in_quotes(type) +
                    ", integers of 4 and 8 bits are read");
  }
  const std::string strategy = word(*weights, "strategy");
  QuantScheme scheme;
  scheme.bits = static_cast<int>(bits);
  scheme.group_size = QuantScheme::kWholeRow;
  if (strategy == "group") scheme.group_size = group_size_of(integer(*weights, "group_size", 128));
  scheme.symmetry = flag(*weights, "symmetric", true) ? Symmetry::Symmetric : Symmetry::Asymmetric;
  return scheme;
}

/// [out, in] as weight_shape says.
Shape shape_of(const QuantizedSource& source, const std::string& linear) {
  const TensorInfo& info = part(source, linear, ".weight_shape", 1);
  check_shape(source, info, {2});
  const Tensor values = source.stored.read(info.name, DType::I32);
  constexpr std::int32_t kMost = 1 << 30;
  for (const std::int32_t value : values.as<std::int32_t>()) {
    if (value > 0 && value <= kMost) continue;
    throw Error(ErrorKind::BadInput,
                place_of(source.stored, info) + " holds " + std::to_string(value));
  }
  return {values.as<std::int32_t>()[0], values.as<std::int32_t>()[1]};
}

LinearGrid describe(const QuantizedSource& source, const std::string& linear) {
  const TensorInfo& codes = part(source, linear, ".weight_packed");
  const TensorInfo* steps = source.stored.find(linear + ".weight_scale");
  if (steps == nullptr || steps->shape.size() != 1) steps = &part(source, linear, ".weight_scale");
  const Shape shape = shape_of(source, linear);
  const std::int64_t groups = steps->shape.size() == 2 ? steps->shape[1] : 1;
  const bool symmetric = !source.stored.has(linear + ".weight_zero_point");
  for (const auto& [name, group] : groups_of(source.config).items()) {
    const QuantScheme scheme = scheme_of_group(name, group);
    if ((scheme.symmetry == Symmetry::Symmetric) != symmetric) continue;
    if (codes.shape[1] != stream_words(shape[1], scheme.bits)) continue;
    if (scheme.num_groups(shape[1]) != groups) continue;
    check_shape(source, codes, {shape[0], codes.shape[1]});
    if (element_count(steps->shape) != 1 || shape[0] == 1) {
      check_shape(source, *steps,
                  steps->shape.size() == 1 ? Shape{shape[0]} : Shape{shape[0], groups});
    }
    if (!symmetric) {
      check_shape(source, part(source, linear, ".weight_zero_point"),
                  {stream_words(shape[0], scheme.bits), groups});
    }
    if (source.stored.has(linear + ".weight_g_idx")) {
      check_shape(source, part(source, linear, ".weight_g_idx", 1), {shape[1]});
    }
    return {scheme, shape[0], shape[1]};
  }
  throw Error(ErrorKind::BadInput, place_of(source.stored, codes) + " has shape " +
                                       to_string(codes.shape) + " for " + to_string(shape) +
                                       " in " + std::to_string(groups) +
                                       " groups, which fits none of config_groups");
}

StoredGrid read(const QuantizedSource& source, const std::string& linear, const LinearGrid& grid) {
  const auto outputs = static_cast<std::size_t>(grid.out_features);
  const auto groups = static_cast<std::size_t>(grid.scheme.num_groups(grid.in_features));
  const int bits = grid.scheme.bits;
  const Tensor codes = source.stored.read(linear + ".weight_packed", DType::I32);
  StoredGrid result{grid.scheme, grid.out_features, grid.in_features, {}, {}, {}, {}};
  result.codes = unpack_rows(codes.as<std::int32_t>(), outputs, bits,
                             static_cast<std::size_t>(grid.in_features));
  result.steps = numbers(source, linear + ".weight_scale");
  if (result.steps.size() == 1) result.steps.assign(outputs, result.steps.front());
  if (grid.scheme.symmetry == Symmetry::Symmetric) {
    result.zero_points.assign(outputs * groups, static_cast<std::uint8_t>(1 << (bits - 1)));
  } else {
    const Tensor zeros = source.stored.read(linear + ".weight_zero_point", DType::I32);
    const auto by_group = unpack_columns(zeros.as<std::int32_t>(), groups, bits, outputs);
    result.zero_points = transposed(std::span(by_group), groups, outputs);
  }
  result.group_of_input = groups_of_inputs(source, linear + ".weight_g_idx", grid);
  return result;
}

}  // namespace

constinit const QuantizedForm quantized::kCompressedTensors = {"",        kParts,   kOptionalParts,
                                                               is_packed, describe, read};

}  // namespace salient
