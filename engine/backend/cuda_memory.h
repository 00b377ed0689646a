// SPDX-License-Identifier: Apache-2.0
#pragma once

// The device memory of one CudaBackend: blocks are kept when they are given back and dealt again,
// so that a decode step asks the driver for nothing. Reuse is safe because all work of a backend
// runs on one stream in order. Blocks given back while a graph is recorded stay with that graph,
// which will write to them whenever it is replayed. Thread: the backend's.

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

namespace salient {

class CudaMemory : public std::enable_shared_from_this<CudaMemory> {
 public:
  /// `limit` 0: as much as the device has.
  explicit CudaMemory(std::int64_t limit) : limit_(limit) {}
  ~CudaMemory();
  CudaMemory(const CudaMemory&) = delete;
  CudaMemory& operator=(const CudaMemory&) = delete;

  /// 512-byte aligned, uninitialised. Throws Error(Resources) with what was asked and what is free.
  std::shared_ptr<std::byte> allocate(std::size_t bytes);
  /// The same, but no block that recorded stages write to: for what is written once.
  std::shared_ptr<std::byte> allocate_apart(std::size_t bytes);

  void start_recording();
  /// The blocks that the recorded stages used for themselves; they come back when it dies.
  std::shared_ptr<void> finish_recording();

  bool recording() const { return recording_; }
  std::int64_t limit() const { return limit_; }
  std::int64_t in_use() const { return in_use_; }

 private:
  using FreeBlocks = std::multimap<std::size_t, std::byte*>;

  static std::byte* take(FreeBlocks& blocks, std::size_t bytes);
  /// `block`, a kept one or a new one.
  std::shared_ptr<std::byte> hand_out(std::byte* block, std::size_t size);
  std::byte* ask_driver(std::size_t bytes);
  void give_back(std::byte* block, std::size_t bytes);
  void return_to_driver();

  std::int64_t limit_;
  std::int64_t held_ = 0;    ///< bytes that the driver has given
  std::int64_t in_use_ = 0;  ///< bytes of them that tensors hold
  bool recording_ = false;
  FreeBlocks free_;
  FreeBlocks recorded_;
};

}  // namespace salient
