// SPDX-License-Identifier: Apache-2.0
// Input: a whole safetensors file. What is accepted tiles the data section exactly, in an order of
// our own reckoning, and every size is shape times dtype.
#include <algorithm>

#include "engine/checkpoint/safetensors.h"
#include "tests/fuzz/memory_source.h"

using namespace salient;

namespace {

void check_accepted(const SafetensorsHeader& header, std::uint64_t file_bytes) {
  fuzz::require(header.data_start >= 8 && header.data_start <= file_bytes);
  std::vector<std::pair<std::uint64_t, std::uint64_t>> ranges;
  std::string_view before;
  for (const SafetensorsTensor& tensor : header.tensors) {
    fuzz::require(ranges.empty() || before < tensor.name);
    before = tensor.name;
    const auto elements = static_cast<std::uint64_t>(element_count(tensor.shape));
    fuzz::require(tensor.bytes() * 8 == elements * tensor.type->block_bits);
    ranges.emplace_back(tensor.begin, tensor.end);
  }
  std::sort(ranges.begin(), ranges.end());
  std::uint64_t covered = 0;
  for (const auto& [begin, end] : ranges) {
    fuzz::require(begin == covered && end >= begin);
    covered = end;
  }
  fuzz::require(covered == file_bytes - header.data_start);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    check_accepted(read_safetensors_header(fuzz::MemorySource(data, size)), size);
  } catch (const Error& error) {
    fuzz::require_one_line(error.what());
  }
  return 0;
}
