// SPDX-License-Identifier: Apache-2.0
// Runs one fuzz target without a fuzzer: over the valid model, over every file of the bad-input
// table and over each of their cuts and single-byte changes at a few places. With --write FOLDER it
// leaves the files there instead, as a corpus for libFuzzer.
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "tests/bad_inputs/bad_input.h"
#include "tests/fuzz/memory_source.h"
#include "tests/quantized_golden.h"
#include "tests/shared_data.h"
#include "tests/tiny_checkpoint.h"
#include "tests/tiny_pytorch.h"

namespace {

namespace fs = std::filesystem;
using namespace salient;

constexpr std::uintmax_t kMaxSeedBytes = 1 << 20;

void make_valid(const fs::path& folder) {
  const auto tiny = tests::make_tiny_checkpoint();
  tests::write_sharded_folder(tiny, folder / "valid", 2);
  tests::write_folder(tiny, folder / "single");
  tests::write_bytes(folder / "valid.gguf", tests::gguf_bytes(tests::make_tiny_gguf(tiny)));
  std::size_t linear = 0;
  for (const tests::GoldenLinear& golden : tests::quantized_golden()) {
    tests::write_bytes(folder / ("linear" + std::to_string(linear++)),
                       golden.config.dump() + "\n" + tests::safetensors_bytes(golden.tensors));
  }
  tests::write_sharded_pytorch_folder(tiny, folder / "pytorch");
  fs::copy_file(tests::source_file("tests/golden/torch_views.bin"), folder / "torch.bin");
  tests::write_bytes(folder / "q8.gguf",
                     tests::gguf_bytes(tests::make_tiny_gguf(tiny, tests::GgufWeights::Q8_0)));
}

std::string read(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

/// Every content once: most rows change one file of the same model.
std::set<std::string> seeds_in(const fs::path& folder) {
  std::set<std::string> seeds;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    std::error_code error;
    const bool file = fs::is_regular_file(entry.symlink_status(error));
    if (file && entry.file_size() <= kMaxSeedBytes) seeds.insert(read(entry.path()));
  }
  return seeds;
}

/// Returns how many inputs were run.
std::size_t run_around(std::vector<std::uint8_t> bytes) {
  LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
  std::size_t runs = 1;
  std::uint32_t state = 1;
  for (int round = 0; round < 12 && !bytes.empty(); ++round, runs += 2) {
    state = state * 1664525U + 1013904223U;
    // Headers stand at the front: most places are taken there.
    const std::size_t reach =
        round % 3 == 0 ? bytes.size() : std::min<std::size_t>(bytes.size(), 600);
    const std::size_t at = (state >> 8U) % reach;
    LLVMFuzzerTestOneInput(bytes.data(), at);
    const std::uint8_t kept = bytes[at];
    bytes[at] = static_cast<std::uint8_t>(kept ^ (1U << (state >> 29U)));
    LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
    bytes[at] = kept;
  }
  return runs;
}

}  // namespace

int main(int argc, char** argv) {
  const bool write = argc == 3 && std::string_view(argv[1]) == "--write";
  const tests::TemporaryFolder folder;
  make_valid(folder.path());
  for (const auto& rows :
       {tests::bad_inputs(), tests::tokenizer_inputs(), tests::template_inputs()}) {
    for (const tests::BadInput& row : rows) {
      fs::create_directories(folder.path() / row.id);
      row.make(folder.path() / row.id);
    }
  }
  std::size_t runs = 0;
  const auto seeds = seeds_in(folder.path());
  if (write) fs::create_directories(argv[2]);
  for (const std::string& seed : seeds) {
    if (write) {
      std::ofstream(fs::path(argv[2]) / ("seed" + std::to_string(runs++)), std::ios::binary)
          << seed;
    } else {
      runs += run_around({seed.begin(), seed.end()});
    }
  }
  std::printf("%zu seeds, %zu %s\n", seeds.size(), runs, write ? "written" : "inputs run");
  return seeds.size() > 200 ? EXIT_SUCCESS : EXIT_FAILURE;
}
