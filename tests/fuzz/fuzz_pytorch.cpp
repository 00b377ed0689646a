// SPDX-License-Identifier: Apache-2.0
// Input: a whole PyTorch file, or else a pickle over a fixed archive. What is accepted lies in the
// file, in an order of our own reckoning: the last element of every view is inside its record.
#include <functional>

#include "engine/checkpoint/pytorch_file.h"
#include "tests/fuzz/memory_source.h"

using namespace salient;

namespace {

void check_accepted(const PytorchFile& file, std::uint64_t file_bytes) {
  std::string_view before;
  for (const PytorchTensor& tensor : file.tensors) {
    fuzz::require(before.empty() || before < tensor.name);
    before = tensor.name;
    const auto elements = static_cast<std::uint64_t>(element_count(tensor.shape));
    const std::uint64_t width = tensor.type->block_bytes();
    fuzz::require(tensor.bytes == elements * width);
    fuzz::require(checked::range_fits(tensor.offset, tensor.bytes, file_bytes));
    if (elements == 0 || tensor.strides.empty()) continue;
    std::uint64_t last = 0;
    for (std::size_t i = 0; i < tensor.shape.size(); ++i) {
      last += static_cast<std::uint64_t>((tensor.shape[i] - 1) * tensor.strides[i]);
    }
    fuzz::require(checked::range_fits(tensor.offset + last * width, width, file_bytes));
  }
}

void check(const std::function<PytorchFile()>& read, std::uint64_t file_bytes) {
  try {
    check_accepted(read(), file_bytes);
  } catch (const Error& error) {
    fuzz::require_one_line(error.what());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::MemorySource source(data, size);
  check([&] { return read_pytorch_file(source); }, size);
  const std::string pickle = fuzz::text_of(data, size);
  const ZipArchive archive{{{"archive/data/0", 0, 32768}, {"archive/data/1", 32768, 128}}, {}};
  check([&] { return parse_pytorch_pickle(pickle, archive, "archive/", "input"); }, 32768 + 128);
  return 0;
}
