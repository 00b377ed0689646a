// SPDX-License-Identifier: Apache-2.0
#include "tests/quantization/awq_golden.h"

#include <fstream>

#include "tests/shared_data.h"

namespace salient::tests {
namespace {

nlohmann::json read_golden() {
  std::ifstream file(source_file("tests/golden/awq_golden.json"));
  return nlohmann::json::parse(file);
}

}  // namespace

const nlohmann::json& awq_golden() {
  static const nlohmann::json golden = read_golden();
  return golden;
}

Tensor scaled_integers(const nlohmann::json& integers, double unit, std::int64_t rows,
                       std::int64_t columns) {
  Tensor tensor(DType::F32, {rows, columns});
  const auto values = tensor.as<float>();
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<float>(integers.at(i).get<double>() * unit);
  }
  return tensor;
}

QuantScheme scheme_of(const nlohmann::json& json) {
  return {
      .bits = json.at("bits").get<int>(),
      .group_size = json.value("group_size", std::int64_t{32}),
      .symmetry = json.at("symmetric").get<bool>() ? Symmetry::Symmetric : Symmetry::Asymmetric};
}

GoldenSearch golden_search() {
  const nlohmann::json& search = awq_golden().at("search");
  const auto in = search.at("in_features").get<std::int64_t>();
  GoldenSearch golden;
  golden.weight =
      scaled_integers(search.at("weight_units"), awq_golden().at("weight_unit").get<double>(),
                      search.at("out_features").get<std::int64_t>(), in);
  golden.input.tokens = search.at("tokens").get<std::int64_t>();
  golden.input.magnitude = search.at("magnitude").get<std::vector<float>>();
  golden.input.max = search.at("maximum").get<std::vector<float>>();
  golden.input.gram = Tensor::zeros(DType::F32, {in, in});
  const auto unit = awq_golden().at("activation_unit").get<double>();
  const nlohmann::json& triangle = search.at("gram_lower_triangle_units");
  std::size_t next = 0;
  for (std::int64_t i = 0; i < in; ++i) {
    for (std::int64_t j = 0; j <= i; ++j) {
      golden.input.gram.as<float>()[static_cast<std::size_t>(i * in + j)] =
          static_cast<float>(triangle.at(next++).get<double>() * unit * unit);
    }
  }
  return golden;
}

}  // namespace salient::tests
