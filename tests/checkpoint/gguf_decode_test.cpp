// SPDX-License-Identifier: Apache-2.0
#include <cstring>
#include <fstream>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "engine/checkpoint/stored_type.h"
#include "tests/shared_data.h"

using namespace salient;

namespace {

std::vector<std::byte> from_hex(const std::string& text) {
  std::vector<std::byte> bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    bytes.push_back(static_cast<std::byte>(std::stoi(text.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

}  // namespace

TEST_CASE("every GGUF type is decoded to the same bits as gguf's reference") {
  std::ifstream file(tests::source_file("tests/golden/gguf_golden.json"));
  const nlohmann::json golden = nlohmann::json::parse(file);
  const std::vector<std::uint32_t> types = {0, 1, 2, 3, 6, 7, 8, 10, 11, 12, 13, 14, 20, 23, 30};
  REQUIRE(golden.size() == types.size());
  for (const std::uint32_t number : types) {
    const StoredType* type = find_gguf_type(number);
    REQUIRE(type != nullptr);
    CAPTURE(type->name);
    const auto& entry = golden.at(std::string(type->name));
    const std::vector<std::byte> blocks = from_hex(entry.at("blocks"));
    const std::vector<std::byte> expected = from_hex(entry.at("values"));
    const std::size_t count = blocks.size() / type->block_bytes();
    REQUIRE(count * type->block_elements * sizeof(float) == expected.size());
    std::vector<float> values(count * type->block_elements);
    type->decode(blocks.data(), count, values.data());
    CHECK(std::memcmp(values.data(), expected.data(), expected.size()) == 0);
  }
}

TEST_CASE("removed and unknown GGUF types are not known") {
  for (const std::uint32_t number : {4U, 5U, 31U, 99U, 1U << 31U}) {
    CHECK(find_gguf_type(number) == nullptr);
  }
}
