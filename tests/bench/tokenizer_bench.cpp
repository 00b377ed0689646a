// SPDX-License-Identifier: Apache-2.0

// Encodes and decodes a text on one thread: tokenizer_bench FOLDER TEXT. Prints MB/s of each, the
// median of nine rounds.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <exception>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <vector>

#include "engine/tokenizer/tokenizer.h"

namespace {

constexpr int kRounds = 9;

double median_seconds(const std::function<void()>& work) {
  std::vector<double> seconds;
  for (int i = 0; i < kRounds; ++i) {
    const auto start = std::chrono::steady_clock::now();
    work();
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
    seconds.push_back(taken.count());
  }
  std::nth_element(seconds.begin(), seconds.begin() + kRounds / 2, seconds.end());
  return seconds[kRounds / 2];
}

int run(const char* folder, const char* path) {
  const auto tokenizer =
      salient::load_tokenizer({.folder = folder, .gguf = {}, .chat_template = {}});
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  if (text.empty()) {
    std::fprintf(stderr, "%s: the text is empty or cannot be read\n", path);
    return 2;
  }
  std::vector<salient::TokenId> ids;
  std::string decoded;
  const double encoding = median_seconds([&] {
    ids = tokenizer->encode(text, salient::SpecialTokens::Omit, salient::ControlTokens::PlainText);
  });
  const double decoding = median_seconds([&] { decoded = tokenizer->decode(ids); });
  const double megabytes = static_cast<double>(text.size()) / 1e6;
  std::printf("%.2f MB, %zu tokens: encode %.1f MB/s, decode %.1f MB/s\n", megabytes, ids.size(),
              megabytes / encoding, megabytes / decoding);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: tokenizer_bench FOLDER TEXT\n");
    return 2;
  }
  try {
    return run(argv[1], argv[2]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
