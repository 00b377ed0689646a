// SPDX-License-Identifier: Apache-2.0
// Input: the text of config.json. What is accepted promises tensors whose sizes all fit, and means
// the same after it was written by us and read again.
#include "engine/checkpoint/architecture.h"
#include "engine/checkpoint/bounded_json.h"
#include "engine/checkpoint/config_reader.h"
#include "tests/fuzz/memory_source.h"

using namespace salient;

namespace {

void check_accepted(const ModelConfig& config) {
  fuzz::require(config.num_heads % config.num_kv_heads == 0 && config.head_dim % 2 == 0);
  std::uint64_t total = 0;
  for (const ExpectedTensor& tensor : expected_tensors(config)) {
    const auto bytes = static_cast<std::uint64_t>(element_count(tensor.shape)) * sizeof(float);
    fuzz::require(bytes > 0 && bytes < (1ULL << 44U));
    total += bytes;
  }
  fuzz::require(total < (1ULL << 60U));
  std::vector<std::string> warnings;
  const auto written = make_config_json(config, "float16");
  const ModelConfig again = parse_config(written, "config.json", warnings);
  fuzz::require(make_config_json(again, "float16") == written);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    std::vector<std::string> warnings;
    const auto json = parse_json(fuzz::text_of(data, size), "config.json");
    ModelConfig config = parse_config(json, "config.json", warnings);
    add_generation_ids(json, "config.json", config, warnings);
    describe_quantization(json, "config.json");
    for (const std::string& warning : warnings) fuzz::require_one_line(warning);
    check_accepted(config);
  } catch (const Error& error) {
    fuzz::require_one_line(error.what());
  }
  return 0;
}
