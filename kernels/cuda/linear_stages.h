// SPDX-License-Identifier: Apache-2.0
#pragma once

// What linears of several tokens do in launches of their own: activations become half once, before
// the product; sums of a product that was split along in_features are added up after it.

#include "kernels/cuda/launch.h"
#include "kernels/cuda/packed_linear.h"

namespace salient::kernels::cuda {

inline constexpr int kMostSplits = 8;

/// The parts of a problem's workspace.
struct LinearWorkspace {
  void* prepared;    ///< half [tokens, columns]
  float* span_sums;  ///< [tokens, columns / 32], in units of 2^24
  float* partial;    ///< [splits, tokens, outputs]
};
LinearWorkspace workspace_of(const LinearProblem& problem);
/// Whether it is there and large enough.
bool has_workspace(const LinearProblem& problem);

/// in_features filled up to whole tiles.
std::int64_t padded_columns(std::int64_t in_features);
/// out_features of all targets.
std::int64_t outputs_of(const LinearProblem& problem);
/// Same bits and same spans in all targets.
bool targets_are_alike(const LinearProblem& problem);
/// Whether x and the norm weight can be read 16 bytes at a time.
bool activations_fit(const LinearProblem& problem);
bool weights_are_aligned(const LinearProblem& problem);
Dependency dependency_of(const LinearProblem& problem);

/// prepared = half(norm(x)), zeros from in_features to columns, and its span sums.
void prepare_activations(const LinearProblem& problem, cudaStream_t stream);
/// Epilogue over the sum of `splits` partial sums, in order.
void finish_linear(const LinearProblem& problem, int splits, cudaStream_t stream);

}  // namespace salient::kernels::cuda
