// SPDX-License-Identifier: Apache-2.0
#include "engine/checkpoint/quantized_form.h"

#include <algorithm>

#include "engine/checkpoint/foreign_text.h"
#include "engine/error.h"

namespace salient::quantized {

using Json = nlohmann::ordered_json;

void refuse(const std::string& sentence) {
  throw Error(ErrorKind::BadInput, "config.json: quantization_config: " + sentence);
}

std::int64_t integer(const Json& object, const char* key, std::int64_t fallback) {
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return fallback;
  if (!found->is_number_integer()) refuse(std::string(key) + " is not an integer");
  return found->get<std::int64_t>();
}

bool flag(const Json& object, const char* key, bool fallback) {
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return fallback;
  if (!found->is_boolean()) refuse(std::string(key) + " is not true or false");
  return found->get<bool>();
}

std::string word(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_string()) return {};
  std::string text = found->get<std::string>();
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

QuantScheme scheme_of(const Json& object, const char* symmetry_key) {
  const std::int64_t bits = integer(object, "bits", 4);
  const std::int64_t group = integer(object, "group_size", 128);
  const bool known = bits == 2 || bits == 3 || bits == 4 || bits == 8;
  if (!known) refuse("bits is " + std::to_string(bits) + ", 2, 3, 4 and 8 are known");
  const bool symmetric = flag(object, symmetry_key, false);
  return {static_cast<int>(bits), group_size_of(group),
          symmetric ? Symmetry::Symmetric : Symmetry::Asymmetric};
}

std::int64_t group_size_of(std::int64_t stored) {
  if (stored == -1 || stored == QuantScheme::kWholeRow) return QuantScheme::kWholeRow;
  if (stored > 0) return stored;
  refuse("group_size is " + std::to_string(stored) + ", it is above 0, or -1 for the whole row");
}

std::string place_of(const Checkpoint& stored, const TensorInfo& info) {
  const std::filesystem::path file = stored.files().at(info.file).path.filename();
  return escaped(file.string()) + ": tensor " + in_quotes(info.name);
}

const TensorInfo& part(const QuantizedSource& source, const std::string& linear,
                       std::string_view kind, std::size_t rank) {
  const std::string name = linear + std::string(kind);
  const TensorInfo* found = source.stored.find(name);
  if (found == nullptr) {
    throw Error(ErrorKind::BadInput, escaped(source.stored.config().name) + ": tensor " +
                                         in_quotes(name) + " is missing; download the model again");
  }
  if (found->shape.size() == rank) return *found;
  throw Error(ErrorKind::BadInput, place_of(source.stored, *found) + " has shape " +
                                       to_string(found->shape) + ", " + std::to_string(rank) +
                                       " dimensions are expected");
}

void check_shape(const QuantizedSource& source, const TensorInfo& found, const Shape& expected) {
  if (found.shape == expected) return;
  throw Error(ErrorKind::BadInput, place_of(source.stored, found) + " has shape " +
                                       to_string(found.shape) + ", " + to_string(expected) +
                                       " expected");
}

QuantScheme with_groups(const QuantizedSource& source, const TensorInfo& steps, QuantScheme scheme,
                        std::int64_t in_features, std::int64_t groups) {
  if (in_features > 0 && scheme.num_groups(in_features) == groups) return scheme;
  const bool even = groups > 0 && in_features > 0 && in_features % groups == 0;
  if (!even) {
    throw Error(ErrorKind::BadInput, place_of(source.stored, steps) + " has " +
                                         std::to_string(groups) + " groups for " +
                                         std::to_string(in_features) + " inputs");
  }
  scheme.group_size = groups == 1 ? QuantScheme::kWholeRow : in_features / groups;
  return scheme;
}

std::vector<float> numbers(const QuantizedSource& source, const std::string& name) {
  const Tensor values = source.stored.read(name, DType::F32);
  return {values.as<float>().begin(), values.as<float>().end()};
}

std::vector<std::int32_t> groups_of_inputs(const QuantizedSource& source, const std::string& name,
                                           const LinearGrid& grid) {
  if (!source.stored.has(name)) return {};
  const Tensor values = source.stored.read(name, DType::I32);
  const auto groups = values.as<std::int32_t>();
  const std::int64_t count = grid.scheme.num_groups(grid.in_features);
  const std::int64_t size = grid.scheme.group_of(grid.in_features);
  bool in_order = true;
  bool unset = true;  // compressed-tensors begins with -1 and may leave it
  for (std::size_t k = 0; k < groups.size(); ++k) {
    in_order = in_order && groups[k] == static_cast<std::int64_t>(k) / size;
    unset = unset && groups[k] == -1;
  }
  if (in_order || unset) return {};
  const auto outside =
      std::ranges::find_if(groups, [&](std::int32_t group) { return group < 0 || group >= count; });
  if (outside != groups.end()) {
    throw Error(ErrorKind::BadInput, place_of(source.stored, *source.stored.find(name)) +
                                         ": group " + std::to_string(*outside) + " of " +
                                         std::to_string(count) + " groups");
  }
  return {groups.begin(), groups.end()};
}

}  // namespace salient::quantized
