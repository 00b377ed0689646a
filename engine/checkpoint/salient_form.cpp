// SPDX-License-Identifier: Apache-2.0
// Salient's own form (run_tensors.h); its config lists every linear.
#include <array>

#include "engine/checkpoint/foreign_text.h"
#include "engine/checkpoint/quantized_form.h"
#include "engine/checkpoint/run_tensors.h"

namespace salient {
namespace {

using Json = nlohmann::ordered_json;
using namespace quantized;

constexpr std::array<std::string_view, 3> kParts = {".codes", ".steps", ".zero_points"};

bool is_salient(const Json& config) {
  return word(config, "quant_method") == "salient";
}

LinearGrid describe(const QuantizedSource& source, const std::string& linear) {
  const std::int64_t format = integer(source.config, "format", 0);
  if (format != 1) {
    refuse("format " + std::to_string(format) +
           " was written by another version of Salient, 1 is known");
  }
  const auto list = source.config.find("linears");
  if (list == source.config.end() || !list->is_object()) refuse("linears is missing");
  const auto object = list->find(linear);
  if (object == list->end() || !object->is_object()) {
    refuse("linears: " + in_quotes(linear) + " is not an object");
  }
  const std::int64_t in_features = integer(*object, "in_features", 0);
  if (in_features < 1 || in_features > (std::int64_t{1} << 30)) {
    refuse("linears: " + in_quotes(linear) + " has " + std::to_string(in_features) + " inputs");
  }
  for (const std::string_view name : kParts) part(source, linear, name);
  return {scheme_of(*object, "symmetric"), part(source, linear, ".codes").shape[0], in_features};
}

StoredGrid read(const QuantizedSource& source, const std::string& linear, const LinearGrid& grid) {
  const RunTensors tensors{source.stored.read(linear + ".codes", DType::U8),
                           source.stored.read(linear + ".steps", DType::F16),
                           source.stored.read(linear + ".zero_points", DType::U8)};
  return grid_of(from_run(linear, tensors, grid.scheme, grid.in_features));
}

}  // namespace

constinit const QuantizedForm quantized::kSalient = {"", kParts, {}, is_salient, describe, read};

}  // namespace salient
