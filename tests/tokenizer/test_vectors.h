// SPDX-License-Identifier: Apache-2.0
#pragma once

// llama.cpp's tokenizer vectors: inputs in one file, a line of ids for each in another.

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "engine/tokenizer/tokenizer.h"

namespace salient::tests {

struct TestVector {
  std::string text;
  std::vector<TokenId> ids;
};

inline std::string file_text(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline std::vector<TestVector> read_vectors(const std::filesystem::path& inputs,
                                            const std::filesystem::path& outputs) {
  const std::string separator = "\n__ggml_vocab_test__\n";
  const std::string text = file_text(inputs);
  std::istringstream lines(file_text(outputs));
  std::vector<TestVector> vectors;
  std::string line;
  for (std::size_t begin = 0; begin < text.size() && std::getline(lines, line);) {
    const auto end = text.find(separator, begin);
    TestVector vector{text.substr(begin, end - begin), {}};
    std::istringstream numbers(line);
    for (TokenId id = 0; numbers >> id;) vector.ids.push_back(id);
    vectors.push_back(std::move(vector));
    begin = end == std::string::npos ? text.size() : end + separator.size();
  }
  return vectors;
}

}  // namespace salient::tests
