// SPDX-License-Identifier: Apache-2.0
// Writes an AWQ export and, beside it, the engine's own dequantized weights as .npy files, for
// awq_unpack_test.py, which shares no code with it:
//   awq_dump FOLDER
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

void dump(const fs::path& folder, const QuantScheme& scheme) {
  MadeExport made({.num_kv_heads = 2, .attention_bias = true}, scheme, ExportFormat::Awq);
  made.settings[{1, LinearRole::Down}].keep_fp16 = true;
  made.refresh();
  export_model(made.request, folder / "model", {}, [](const std::string&, double) {});
  fs::create_directories(folder / "weights");
  const Architecture& row = *find_architecture("llama");
  for (std::int64_t index = 0; index < made.blocks->num_blocks(); ++index) {
    for (const auto& entry : made.blocks->block(index).linears) {
      const Tensor weights = entry.codes ? dequantize(*entry.codes) : entry.dense;
      write_npy(folder / "weights" / (row.linear_name(index, entry.id.role) + ".npy"), weights);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  try {
    const fs::path folder = argv[1];
    for (const auto& [name, scheme] :
         {std::pair<const char*, QuantScheme>{"g32", {.bits = 4, .group_size = 32}},
          {"g64", {.bits = 4, .group_size = 64}},
          {"row", {.bits = 4, .group_size = QuantScheme::kWholeRow}},
          {"symmetric", {4, 32, Symmetry::Symmetric}}}) {
      fs::create_directories(folder / name);
      dump(folder / name, scheme);
    }
    return 0;
  } catch (const Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
