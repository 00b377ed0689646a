// SPDX-License-Identifier: Apache-2.0
// Writes exports and, beside each, the engine's own dequantized weights as .npy files, for
// export_unpack_test.py, which shares no code with it:
//   export_dump FOLDER
#include <cstdio>
#include <fstream>
#include <string>

#include "engine/error.h"
#include "tests/export/made_blocks.h"

using namespace salient;
using namespace salient::tests;
namespace fs = std::filesystem;

namespace {

/// Version 1.0 of NumPy's format: float32, C order.
void write_npy(const fs::path& path, const Tensor& values) {
  std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (" +
                       std::to_string(values.dim(0)) + ", " + std::to_string(values.dim(1)) +
                       "), }";
  constexpr std::size_t kPreamble = 10;
  header.append(63 - (kPreamble + header.size()) % 64, ' ');
  header += '\n';
  std::string bytes = "\x93NUMPY";
  bytes += '\1';
  bytes += '\0';
  bytes += static_cast<char>(header.size() & 0xFFU);
  bytes += static_cast<char>(header.size() >> 8U);
  bytes += header;
  const auto* data = reinterpret_cast<const char*>(values.data());
  bytes.append(data, values.bytes());
  write_bytes(path, bytes);
}

struct Case {
  const char* name;
  ExportFormat format;
  QuantScheme scheme;
  std::map<LinearId, QuantScheme> others = {};  ///< linears with a scheme of their own
};

void dump(const fs::path& folder, const Case& row) {
  MadeExport made({.num_kv_heads = 2, .attention_bias = true}, row.scheme, row.format);
  for (const auto& [id, scheme] : row.others) made.settings[id].scheme = scheme;
  made.settings[{1, LinearRole::Down}].keep_fp16 = true;
  made.refresh();
  made.request.shard_bytes = 60'000;
  export_model(made.request, folder / "model", {}, [](const std::string&, double) {});
  fs::create_directories(folder / "weights");
  const Architecture& architecture = *find_architecture("llama");
  for (std::int64_t index = 0; index < made.blocks->num_blocks(); ++index) {
    for (const auto& entry : made.blocks->block(index).linears) {
      const Tensor weights = entry.codes ? dequantize(*entry.codes) : entry.dense;
      write_npy(folder / "weights" / (architecture.linear_name(index, entry.id.role) + ".npy"),
                weights);
    }
  }
}

std::vector<Case> cases() {
  using enum ExportFormat;
  constexpr auto kSymmetric = Symmetry::Symmetric;
  const std::map<LinearId, QuantScheme> mixed = {{{0, LinearRole::Value}, {8, 32, kSymmetric}},
                                                 {{1, LinearRole::Gate}, {4, 64, kSymmetric}},
                                                 {{1, LinearRole::Up}, {4, 64, kSymmetric}}};
  return {{"awq g32", Awq, {.bits = 4, .group_size = 32}},
          {"awq g64", Awq, {.bits = 4, .group_size = 64}},
          {"awq row", Awq, {.bits = 4, .group_size = QuantScheme::kWholeRow}},
          {"awq symmetric", Awq, {4, 32, kSymmetric}},
          {"gptq 2-bit", Gptq, {2, 32, kSymmetric}},
          {"gptq 3-bit", Gptq, {3, 64, kSymmetric}},
          {"gptq 4-bit", Gptq, {4, 32, kSymmetric}},
          {"gptq 8-bit row", Gptq, {8, QuantScheme::kWholeRow, kSymmetric}},
          {"gptq mixed", Gptq, {4, 32, kSymmetric}, mixed},
          {"gptq v2 3-bit", GptqV2, {.bits = 3, .group_size = 32}},
          {"gptq v2 4-bit", GptqV2, {.bits = 4, .group_size = 64}},
          {"gptq v2 8-bit", GptqV2, {.bits = 8, .group_size = 32}},
          {"ct 4-bit", CompressedTensors, {4, 32, kSymmetric}},
          {"ct 4-bit asymmetric", CompressedTensors, {.bits = 4, .group_size = 64}},
          {"ct 8-bit row", CompressedTensors, {.bits = 8, .group_size = QuantScheme::kWholeRow}},
          {"ct mixed", CompressedTensors, {4, 32, kSymmetric}, mixed},
          {"gguf q4_0", GgufQ4_0, {4, 32, kSymmetric}, mixed},
          {"gguf q4_0 3-bit g128", GgufQ4_0, {3, 128, kSymmetric}},
          {"gguf q4_1", GgufQ4_1, {.bits = 4, .group_size = 64}},
          {"gguf q8_0", GgufQ8_0, {8, QuantScheme::kWholeRow, kSymmetric}},
          {"gguf q8_0 4-bit", GgufQ8_0, {.bits = 4, .group_size = 32}},
          {"fp16 fake", FakeFp16, {.bits = 3, .group_size = 32}},
          {"bf16 fake", FakeBf16, {.bits = 4, .group_size = 32}}};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  try {
    const fs::path folder = argv[1];
    for (const Case& row : cases()) {
      fs::create_directories(folder / row.name);
      dump(folder / row.name, row);
    }
    return 0;
  } catch (const Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
