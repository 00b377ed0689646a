// SPDX-License-Identifier: Apache-2.0
#include "tests/quantized_golden.h"

#include <fstream>
#include <stdexcept>

#include "tests/shared_data.h"

namespace salient::tests {
namespace {

std::string from_hex(const std::string& text) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(text.substr(i, 2), nullptr, 16));
  }
  return bytes;
}

}  // namespace

std::vector<GoldenLinear> quantized_golden() {
  std::ifstream file(source_file("tests/golden/quantized_golden.json"));
  std::vector<GoldenLinear> all;
  for (const auto& json : nlohmann::ordered_json::parse(file)) {
    GoldenLinear linear{json.at("name"),  json.at("config"),      {},
                        json.at("codes"), json.at("first").at(1), json.at("sha256")};
    for (const auto& [part, tensor] : json.at("tensors").items()) {
      linear.tensors.push_back({kGoldenLinear + "." + part, tensor.at("dtype"),
                                tensor.at("shape").get<Shape>(), from_hex(tensor.at("bytes"))});
    }
    all.push_back(std::move(linear));
  }
  return all;
}

GoldenLinear quantized_golden(std::string_view name) {
  for (const GoldenLinear& linear : quantized_golden()) {
    if (linear.name == name) return linear;
  }
  throw std::out_of_range(std::string(name));
}

TinyCheckpoint with_linear(const GoldenLinear& linear) {
  TinyCheckpoint tiny = make_tiny_checkpoint({.num_layers = 1, .num_heads = 2, .num_kv_heads = 1});
  std::erase_if(tiny.tensors,
                [](const TinyTensor& t) { return t.name == kGoldenLinear + ".weight"; });
  tiny.tensors.insert(tiny.tensors.end(), linear.tensors.begin(), linear.tensors.end());
  tiny.config["quantization_config"] = linear.config;
  return tiny;
}

}  // namespace salient::tests
