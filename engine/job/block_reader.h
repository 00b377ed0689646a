// SPDX-License-Identifier: Apache-2.0
#pragma once

// Reads the next block on a thread of its own while a device works on this one, so that the disk
// and the conversion to float32 cost a GPU nothing. One block ahead and no more: that bounds the
// memory. Where the device's memory is the host's, the CPU is the device: nothing is read ahead.

#include <future>

#include "engine/model/decoder.h"

namespace salient {

class BlockReader {
 public:
  enum class Ahead { None, One };

  /// Blocks below `count`; both references outlive this.
  BlockReader(const Checkpoint& source, const DecoderShape& shape, std::int64_t count, Ahead ahead)
      : source_(source), shape_(shape), count_(count), ahead_(ahead) {}
  ~BlockReader();
  BlockReader(const BlockReader&) = delete;
  BlockReader& operator=(const BlockReader&) = delete;

  /// The block in float32, in the host's memory; begins to read the one behind it. Throws what
  /// reading throws, also what reading ahead threw.
  Block take(std::int64_t index);

 private:
  void start(std::int64_t index);

  const Checkpoint& source_;
  const DecoderShape& shape_;
  std::int64_t count_;
  Ahead ahead_;
  std::int64_t coming_ = -1;  ///< the block that `next_` will hold
  std::future<Block> next_;
};

/// One ahead where the device has a memory of its own.
BlockReader::Ahead reading_ahead(Backend& backend);

}  // namespace salient
