// SPDX-License-Identifier: Apache-2.0
#pragma once

// The tiny models of tests/golden/family_golden.json, one of every family and form, written as the
// folders that transformers would load: config.json and safetensors in the files' own layout.

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "engine/checkpoint/checkpoint.h"

namespace salient::tests {

struct FamilyCase {
  std::string name;
  nlohmann::ordered_json config;
  /// [name in transformers, name in the file, shape]
  nlohmann::ordered_json tensors;
  std::vector<std::int32_t> ids;
  float largest = 0;               ///< the largest |logit| of all
  std::vector<std::int64_t> rows;  ///< of the logits that are kept
  std::vector<float> logits;       ///< [rows, vocab]
};

std::vector<FamilyCase> family_cases();
/// What make_family_golden.py fills a tensor with.
std::vector<float> family_values(const std::string& name, const Shape& shape);
/// The largest difference to the golden logits over the largest golden logit, for logits of every
/// token.
double relative_difference(const FamilyCase& golden, const Tensor& logits);
/// Writes the model below `parent` and gives its folder.
std::filesystem::path write_family(const FamilyCase& golden, const std::filesystem::path& parent);

}  // namespace salient::tests
