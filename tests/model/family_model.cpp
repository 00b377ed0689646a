// SPDX-License-Identifier: Apache-2.0
#include "tests/model/family_model.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>
#include <stdexcept>

#include "tests/model/golden_model.h"
#include "tests/shared_data.h"
#include "tests/tiny_checkpoint.h"

namespace salient::tests {
std::vector<FamilyCase> family_cases() {
  std::ifstream file(source_file("tests/golden/family_golden.json"));
  const auto golden = nlohmann::ordered_json::parse(file);
  std::vector<FamilyCase> cases;
  for (const auto& json : golden.at("cases")) {
    cases.push_back({json.at("name").get<std::string>(), json.at("config"), json.at("tensors"),
                     json.at("ids").get<std::vector<std::int32_t>>(),
                     json.at("largest").get<float>(),
                     json.at("rows").get<std::vector<std::int64_t>>(),
                     json.at("logits").get<std::vector<float>>()});
  }
  return cases;
}

std::vector<float> family_values(const std::string& name, const Shape& shape) {
  std::vector<float> values = golden_uniform(name, element_count(shape));
  if (shape.size() != 1) return values;
  const float shift = name.ends_with("weight") ? 1.0F : 0.0F;
  for (float& value : values) value = value * 0.5F + shift;
  return values;
}

double relative_difference(const FamilyCase& golden, const Tensor& logits) {
  const auto vocab = static_cast<std::size_t>(logits.dim(1));
  if (golden.logits.size() != golden.rows.size() * vocab) throw std::logic_error("other logits");
  double largest = 0;
  for (std::size_t i = 0; i < golden.logits.size(); ++i) {
    const auto row = static_cast<std::size_t>(golden.rows[i / vocab]);
    const float actual = logits.as<float>()[row * vocab + i % vocab];
    largest = std::max(largest, static_cast<double>(std::abs(actual - golden.logits[i])));
  }
  return largest / static_cast<double>(golden.largest);
}

std::filesystem::path write_family(const FamilyCase& golden, const std::filesystem::path& parent) {
  const std::filesystem::path folder = parent / golden.name;
  std::filesystem::create_directories(folder);
  write_bytes(folder / "config.json", golden.config.dump(2));
  std::vector<TinyTensor> tensors;
  for (const auto& tensor : golden.tensors) {
    const auto shape = tensor.at(2).get<Shape>();
    const std::vector<float> values = family_values(tensor.at(0).get<std::string>(), shape);
    tensors.push_back({tensor.at(1).get<std::string>(), "F32", shape,
                       std::string(values.size() * sizeof(float), '\0')});
    std::memcpy(tensors.back().bytes.data(), values.data(), tensors.back().bytes.size());
  }
  write_bytes(folder / "model.safetensors", safetensors_bytes(tensors));
  return folder;
}

}  // namespace salient::tests
