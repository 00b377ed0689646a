// SPDX-License-Identifier: Apache-2.0
// Runs one target without a fuzzer: over its seeds, cuts of them and changes of single bytes. With
// --write FOLDER it leaves the seeds there instead, as a corpus for libFuzzer.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <random>

#include "tests/fuzz/text_fuzzing.h"

namespace {

constexpr int kChanges = 150;

void run(const std::string& input) {
  const void* address = input.data();
  LLVMFuzzerTestOneInput(static_cast<const std::uint8_t*>(address), input.size());
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> seeds = fuzz_seeds();
  if (argc == 3 && std::string_view(argv[1]) == "--write") {
    std::filesystem::create_directories(argv[2]);
    for (std::size_t i = 0; i < seeds.size(); ++i) {
      const auto name = std::filesystem::path(argv[2]) / ("seed" + std::to_string(i));
      std::ofstream(name, std::ios::binary) << seeds[i];
    }
    return 0;
  }
  std::mt19937 random(11);
  for (const std::string& seed : seeds) {
    run(seed);
    for (int i = 0; i < kChanges && !seed.empty(); ++i) {
      std::string changed = seed;
      const std::size_t at = random() % seed.size();
      const auto bit = static_cast<unsigned char>(1U << (random() % 8));
      changed[at] = static_cast<char>(static_cast<unsigned char>(changed[at]) ^ bit);
      run(changed);
      if (i % 3 == 0) run(seed.substr(0, at));
    }
  }
  std::printf("%zu seeds, %zu inputs run\n", seeds.size(), seeds.size() * (1 + kChanges * 4 / 3));
  return seeds.empty() ? 1 : 0;
}
