// SPDX-License-Identifier: Apache-2.0
// Input: a whole GGUF file. What is accepted lies inside the file, aligned to whole blocks and
// disjoint; then config and vocabulary are read from it, and a small tensor is decoded.
#include <algorithm>

#include "engine/checkpoint/architecture.h"
#include "engine/checkpoint/gguf_config.h"
#include "engine/checkpoint/gguf_vocabulary.h"
#include "engine/checkpoint/tensor_reader.h"
#include "tests/fuzz/memory_source.h"

using namespace salient;

namespace {

constexpr std::uint64_t kSmallBytes = 1 << 16;

void check_accepted(const GgufHeader& header, std::uint64_t file_bytes) {
  std::uint64_t covered = header.data_start;
  for (const GgufTensorEntry& tensor : header.tensors) {
    fuzz::require(tensor.offset >= covered);
    fuzz::require(checked::range_fits(tensor.offset, tensor.bytes, file_bytes));
    const auto elements = static_cast<std::uint64_t>(element_count(tensor.shape));
    fuzz::require(elements % tensor.type->block_elements == 0);
    fuzz::require(tensor.bytes ==
                  elements / tensor.type->block_elements * tensor.type->block_bytes());
    covered = tensor.offset + tensor.bytes;
  }
}

void read_small_tensors(const ByteSource& source, const GgufHeader& header) {
  for (const GgufTensorEntry& tensor : header.tensors) {
    if (tensor.bytes > kSmallBytes || tensor.type->decode == nullptr) continue;
    const StoredTensor stored{
        {tensor.name, std::string(tensor.type->name), tensor.shape, tensor.bytes, 0, tensor.offset},
        tensor.type,
        {}};
    read_tensor(source, stored, DType::F16);
    read_q8_0_codes(source, stored);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::MemorySource source(data, size);
  try {
    const GgufHeader header = read_gguf_header(source);
    check_accepted(header, size);
    read_vocabulary(header.metadata, source.name());
    const Architecture& row = read_gguf_architecture(header.metadata);
    for (const GgufTensorEntry& tensor : header.tensors) huggingface_name(row, tensor.name);
    const ModelConfig config = read_gguf_config(source, header);
    fuzz::require(config.num_heads % config.num_kv_heads == 0 && config.head_dim % 2 == 0);
    read_small_tensors(source, header);
  } catch (const Error& error) {
    fuzz::require_one_line(error.what());
  }
  return 0;
}
