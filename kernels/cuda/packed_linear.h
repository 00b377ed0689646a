// SPDX-License-Identifier: Apache-2.0
#pragma once

// Linears of a decoder as fused stages: out = act(norm(x) Wᵀ + bias) for one to three matrices that
// share their input, quantized (kernels/tile_layout.h) or dense float16. Activations are float32 in
// memory and float16 in the products (saturated to ±65504), sums are float32 in a fixed order: the
// same call gives the same bits. Every call only launches on `stream` and can be captured; all
// pointers are device memory. Weights, bias and norm weight are read before earlier launches end
// (sm_90 and later), so nothing on the stream right before may write them.

#include <cstddef>
#include <cstdint>
#include <span>

#include <cuda_runtime_api.h>

#include "kernels/tile_layout.h"

namespace salient::kernels::cuda {

/// What a launch is fitted to. Read once per device.
struct DeviceLimits {
  int multiprocessors = 0;
  int shared_bytes = 0;  ///< the most one block may ask for
  int capability = 0;    ///< 90 for sm_90
};
DeviceLimits device_limits(int device);

/// Codes u8 [out, in], steps float16 bits [out, groups], zero points u8 [out, groups] -> tiles
/// [shape.bytes()].
void pack_tiles(const TiledShape& shape, const std::uint8_t* codes, const std::uint16_t* steps,
                const std::uint8_t* zero_points, std::uint8_t* tiles, cudaStream_t stream);

/// weight float16 [out, in], 16-byte aligned, = (code - zero point) · step, rounded once.
void dequantize_tiles(const TiledShape& shape, const std::uint8_t* tiles, std::uint16_t* weight,
                      cudaStream_t stream);

/// One matrix of a stage.
struct LinearTarget {
  TiledShape shape;               ///< bits 16: dense, group_size unused
  const void* weights = nullptr;  ///< tiles, or float16 [out, in]
  const float* bias = nullptr;    ///< [out] or nullptr
  float* output = nullptr;        ///< [tokens, out]
};

inline TiledShape dense_shape(std::int64_t out_features, std::int64_t in_features) {
  return {16, out_features, in_features, in_features};
}

enum class Epilogue {
  Store,        ///< output = linear
  AddResidual,  ///< output += linear
  SiluGate,     ///< two targets, gate then up: output of gate = silu(gate) · up
};

struct LinearProblem {
  static constexpr int kMostTargets = 3;

  const float* x = nullptr;  ///< [tokens, in]
  std::int64_t tokens = 0;
  std::int64_t in_features = 0;
  const float* norm_weight = nullptr;  ///< [in]: x is RMS-normalized first; nullptr: it is not
  float norm_epsilon = 0;
  LinearTarget targets[kMostTargets];  ///< all [*, in_features], bits alike
  int target_count = 1;
  Epilogue epilogue = Epilogue::Store;
  void* workspace = nullptr;  ///< 256-byte aligned; nothing is kept in it between calls
  std::size_t workspace_bytes = 0;
  DeviceLimits device;
};

/// Enough workspace for every problem with up to `tokens` tokens; 0 for one token.
std::size_t linear_workspace_bytes(std::int64_t tokens, std::int64_t in_features,
                                   std::int64_t out_features_of_all_targets);

/// One way to run a problem. `supports` is cheap and looks at shapes, alignment and device only.
struct LinearVariant {
  const char* name;
  bool (*supports)(const LinearProblem& problem);
  void (*launch)(const LinearProblem& problem, cudaStream_t stream);
};

/// Fastest first; the last one supports everything.
std::span<const LinearVariant> linear_variants();

/// Launches the first variant that supports the problem.
void run_linear(const LinearProblem& problem, cudaStream_t stream);

}  // namespace salient::kernels::cuda
