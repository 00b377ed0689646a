// SPDX-License-Identifier: Apache-2.0
#include "engine/job/block_reader.h"

#include <utility>

namespace salient {

BlockReader::~BlockReader() {
  if (next_.valid()) next_.wait();
}

Block BlockReader::take(std::int64_t index) {
  Block block;
  if (coming_ == index) {
    coming_ = -1;
    block = next_.get();
  } else {
    if (next_.valid()) next_.wait();
    block = load_block(source_, shape_, index, DType::F32);
  }
  if (ahead_ == Ahead::One && index + 1 < count_) start(index + 1);
  return block;
}

void BlockReader::start(std::int64_t index) {
  coming_ = index;
  next_ = std::async(std::launch::async,
                     [this, index] { return load_block(source_, shape_, index, DType::F32); });
}

BlockReader::Ahead reading_ahead(Backend& backend) {
  const bool own_memory = backend.allocate(DType::U8, {1}).memory() == Memory::Device;
  return own_memory ? BlockReader::Ahead::One : BlockReader::Ahead::None;
}

}  // namespace salient
