// SPDX-License-Identifier: Apache-2.0
#pragma once

// A run of one-token stages as one launch. One block stays on every multiprocessor and goes through
// all of them with a barrier of the grid in between, while its ring of weight tiles fills on across
// the barriers: memory never waits for a launch, for attention or for the slowest block. What the
// stages compute is what `run_linear` and `attention` compute, up to the order of sums.
//
// Limits: compute capability 9.0; packed linears of one bit width and one span, every one of one
// token; attention of head_dim 64 or 128 and one set of frequencies, its output read by the next
// stage alone (it is left in parts in the chain's memory, `out` is not written). The grid has to
// fit the device at once: the launch is cooperative.

#include <cstddef>
#include <span>
#include <variant>
#include <vector>

#include "kernels/cuda/attention.h"
#include "kernels/cuda/packed_linear.h"

namespace salient::kernels::cuda {

using ChainStage = std::variant<LinearProblem, AttentionProblem>;

/// What one launch needs, laid out for one place in device memory.
struct StageChain {
  /// To be copied to the start of that memory before the first launch.
  std::vector<std::byte> image;
  int bits;
  int spans;
  int slots;  ///< of the ring
  int blocks;
  int stages;
  int head_dim;
  int barriers_at;  ///< bytes into shared memory, as the rest
  int x_at;
  int sums_at;
  int partial_at;
  int turns_at;
  int window_at;
  int shared_bytes;
  const std::int32_t* position;
  const float* inverse_frequencies;
  /// Where every block leaves the clock of its multiprocessor, [blocks, stages, 4] on the device: a
  /// stage begins, its inputs are there, they are staged, its products are done. nullptr: nowhere.
  long long* stamps;
};

/// How many of the stages from the first on can be one chain; 0 where the first cannot.
std::size_t chain_length(std::span<const ChainStage> stages);
/// Device bytes of a chain.
std::size_t chain_bytes(std::span<const ChainStage> stages);
/// The chain of all `stages`, `chain_length` of them, for `memory` (`chain_bytes`, 256-byte
/// aligned, kept as long as the chain is launched, on one stream at a time).
StageChain plan_chain(std::span<const ChainStage> stages, void* memory);
void run_chain(const StageChain& chain, void* memory, cudaStream_t stream);

}  // namespace salient::kernels::cuda
