// SPDX-License-Identifier: Apache-2.0
#include "engine/backend/cuda_memory.h"

#include <string>
#include <utility>

#include <cuda_runtime_api.h>

#include "engine/error.h"

namespace salient {
namespace {

constexpr std::size_t kGrain = 512;
/// Blocks of a mebibyte and more are rounded up to whole ones, so that sizes meet again.
constexpr std::size_t kLargeGrain = std::size_t{1} << 20U;

std::size_t rounded(std::size_t bytes) {
  const std::size_t grain = bytes < kLargeGrain ? kGrain : kLargeGrain;
  return (bytes / grain + 1) * grain;
}

std::string gigabytes(std::int64_t bytes) {
  std::string text = std::to_string(static_cast<double>(bytes) / 1e9);
  return text.substr(0, text.find('.') + 3) + " GB";
}

}  // namespace

CudaMemory::~CudaMemory() {
  return_to_driver();
}

std::shared_ptr<std::byte> CudaMemory::allocate(std::size_t bytes) {
  const std::size_t size = rounded(bytes);
  std::byte* block = recording_ ? take(recorded_, size) : nullptr;
  return hand_out(block, size);
}

std::shared_ptr<std::byte> CudaMemory::allocate_apart(std::size_t bytes) {
  return hand_out(nullptr, rounded(bytes));
}

std::shared_ptr<std::byte> CudaMemory::hand_out(std::byte* block, std::size_t size) {
  if (block == nullptr) block = take(free_, size);
  if (block == nullptr) block = ask_driver(size);
  in_use_ += static_cast<std::int64_t>(size);
  return {block, [memory = shared_from_this(), size](std::byte* given) {
            memory->give_back(given, size);
          }};
}

/// A block of at most an eighth more than asked.
std::byte* CudaMemory::take(FreeBlocks& blocks, std::size_t bytes) {
  const auto found = blocks.lower_bound(bytes);
  if (found == blocks.end() || found->first != bytes) return nullptr;
  std::byte* block = found->second;
  blocks.erase(found);
  return block;
}

std::byte* CudaMemory::ask_driver(std::size_t bytes) {
  const auto wanted = static_cast<std::int64_t>(bytes);
  void* block = nullptr;
  for (int attempt = 0; attempt < 2; ++attempt) {
    const bool allowed = limit_ == 0 || held_ + wanted <= limit_;
    if (allowed && cudaMalloc(&block, bytes) == cudaSuccess) {
      held_ += wanted;
      return static_cast<std::byte*>(block);
    }
    static_cast<void>(cudaGetLastError());
    if (attempt == 0) return_to_driver();
  }
  std::size_t free = 0, total = 0;
  static_cast<void>(cudaMemGetInfo(&free, &total));
  const std::int64_t left = limit_ == 0 ? static_cast<std::int64_t>(free) : limit_ - held_;
  throw Error(ErrorKind::Resources, "the GPU has " + gigabytes(left) + " left where " +
                                        gigabytes(wanted) +
                                        " are needed; close other programs on it or use the CPU");
}

void CudaMemory::give_back(std::byte* block, std::size_t bytes) {
  in_use_ -= static_cast<std::int64_t>(bytes);
  (recording_ ? recorded_ : free_).emplace(bytes, block);
}

void CudaMemory::return_to_driver() {
  if (recording_) return;
  for (const auto& [bytes, block] : free_) {
    static_cast<void>(cudaFree(block));
    held_ -= static_cast<std::int64_t>(bytes);
  }
  free_.clear();
}

void CudaMemory::start_recording() {
  recording_ = true;
}

std::shared_ptr<void> CudaMemory::finish_recording() {
  recording_ = false;
  auto kept = new FreeBlocks(std::move(recorded_));
  recorded_.clear();
  return {static_cast<void*>(kept), [memory = shared_from_this()](void* given) {
            const std::unique_ptr<FreeBlocks> blocks(static_cast<FreeBlocks*>(given));
            memory->free_.insert(blocks->begin(), blocks->end());
          }};
}

}  // namespace salient
