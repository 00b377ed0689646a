// SPDX-License-Identifier: Apache-2.0
// The kernel of kernels/cuda/batch_plan.h. Per 32 columns a warp makes 4 operands of weights and
// multiplies each with up to 8 tiles of 8 tokens.

#include "kernels/cuda/batch_plan.h"
#include "kernels/cuda/dependency.cuh"
#include "kernels/cuda/scaled_codes.cuh"

namespace salient::kernels::cuda {
namespace {

/// The row blocks a warp loads: where their tiles begin.
struct ItemPlace {
  int matrix;
  int row_block;
};

__device__ __forceinline__ ItemPlace place_of(const BatchPlan& plan, int item) {
  int matrix = 0;
  if (plan.matrix_count > 1 && item >= plan.matrices[1].first_item) matrix = 1;
  if (plan.matrix_count > 2 && item >= plan.matrices[2].first_item) matrix = 2;
  return {matrix, item - plan.matrices[matrix].first_item};
}

template <int TokenWarps>
class StageLoader {
 public:
  static constexpr int kItems = batch_items(TokenWarps);
  static constexpr int kOwnItems = kItems / BatchPlan::kWarps;

  __device__ __forceinline__ StageLoader(const BatchPlan& plan, int first_item, int first_tile)
      : plan_(plan), first_tile_(first_tile) {
#pragma unroll
    for (int i = 0; i < kOwnItems; ++i) {
      const int item = first_item + own_item(i);
      if (item >= plan.items) continue;
      const ItemPlace place = place_of(plan, item);
      const std::int64_t tile = static_cast<std::int64_t>(place.row_block) * plan.tiles;
      sources_[i] = plan.matrices[place.matrix].weights + (tile + first_tile) * plan.tile_bytes;
    }
  }
  __device__ __forceinline__ void load_weights(std::uint8_t* stage, int tile) const {
#pragma unroll
    for (int i = 0; i < kOwnItems; ++i) {
      if (sources_[i] == nullptr) continue;
      const std::uint8_t* source = sources_[i] + static_cast<std::int64_t>(tile) * plan_.tile_bytes;
      const std::uint32_t slot = shared_address(stage + own_item(i) * plan_.tile_bytes);
      for (int byte = 16 * (threadIdx.x % 32); byte < plan_.tile_bytes; byte += 512) {
        copy_weights_async(slot + byte, source + byte, true);
      }
    }
  }
  /// 128 columns of every token. Slots behind the last token keep what they hold: their columns of
  /// the product are dropped.
  __device__ __forceinline__ void load_activations(std::uint8_t* stage, int tile) const {
    constexpr int kPieces = TiledShape::kColumns / 8;
    std::uint8_t* slot = stage + kItems * plan_.tile_bytes;
    const auto* source =
        static_cast<const __half*>(plan_.prepared) + (first_tile_ + tile) * TiledShape::kColumns;
    const int pieces = plan_.tokens * kPieces;
    for (int i = static_cast<int>(threadIdx.x); i < pieces; i += BatchPlan::kThreads) {
      const int token = i / kPieces;
      const int piece = i % kPieces;
      copy_async(slot + token * BatchPlan::kTokenPitch + 16 * piece,
                 source + static_cast<std::int64_t>(token) * plan_.columns + 8 * piece, true);
    }
  }

 private:
  __device__ __forceinline__ static int own_item(int i) {
    return static_cast<int>(threadIdx.x / 32) * kOwnItems + i;
  }
  const BatchPlan& plan_;
  int first_tile_;
  const std::uint8_t* sources_[kOwnItems] = {};
};

template <int TokenTiles>
using WarpSums = float[BatchPlan::kWarpItems][TokenTiles][4];

/// sums += two tiles of weights times 128 columns of 8 · TokenTiles tokens.
template <int Bits, int TokenTiles>
__device__ __forceinline__ void multiply_stage(const std::uint8_t* tiles, int tile_bytes, int spans,
                                               const std::uint8_t* x, WarpSums<TokenTiles>& sums) {
  const int lane = static_cast<int>(threadIdx.x % 32);
  TileCodes<Bits> codes[2];
  codes[0].load(tiles, lane);
  codes[1].load(tiles + tile_bytes, lane);
  ScaledSpan<Bits> span[2];
  const std::uint8_t* lane_x = x + lane / 4 * BatchPlan::kTokenPitch + lane % 4 * 16;
#pragma unroll
  for (int q = 0; q < 4; ++q) {
    CodeOperands operands[2];
#pragma unroll
    for (int r = 0; r < 2; ++r) {
      if (q * spans % 4 == 0) {
        const std::uint8_t* first = tiles + r * tile_bytes + Bits * 256;
        span[r].load(first + q * spans / 4 * TiledShape::kSpanBytes, lane / 4);
      }
      operands[r] = span[r].operands(codes[r], q);
    }
    uint4 b[TokenTiles];
#pragma unroll
    for (int n = 0; n < TokenTiles; ++n) {
      b[n] = *reinterpret_cast<const uint4*>(lane_x + 8 * n * BatchPlan::kTokenPitch + 64 * q);
    }
    // One sum's two products stand far apart: each waits for the one before it.
#pragma unroll
    for (int i = 0; i < 2 * TokenTiles; ++i) {
      multiply_add(sums[i % 2][i / 2], operands[i % 2].first, b[i / 2].x, b[i / 2].y);
    }
#pragma unroll
    for (int i = 0; i < 2 * TokenTiles; ++i) {
      multiply_add(sums[i % 2][i / 2], operands[i % 2].second, b[i / 2].z, b[i / 2].w);
    }
  }
}

__device__ __forceinline__ void store_sum(const BatchPlan& plan, const BatchMatrix& matrix, int row,
                                          int token, float sum) {
  if (row >= matrix.out_features || token >= plan.tokens) return;
  if (plan.partial != nullptr) {
    const std::int64_t line = static_cast<std::int64_t>(blockIdx.y) * plan.tokens + token;
    plan.partial[line * plan.outputs + matrix.first_output + row] = sum;
    return;
  }
  if (matrix.bias != nullptr) sum += matrix.bias[row];
  float* place = matrix.output + static_cast<std::int64_t>(token) * matrix.out_features + row;
  if (plan.epilogue == Epilogue::AddResidual) sum += __ldcg(place);
  *place = sum;
}

template <int TokenTiles>
__device__ __forceinline__ void store_sums(const BatchPlan& plan, int item, int first_token,
                                           const WarpSums<TokenTiles>& sums) {
  const int lane = static_cast<int>(threadIdx.x % 32);
#pragma unroll
  for (int r = 0; r < BatchPlan::kWarpItems; ++r) {
    if (item + r >= plan.items) return;
    const ItemPlace place = place_of(plan, item + r);
    const int row = place.row_block * TiledShape::kRows + lane / 4;
#pragma unroll
    for (int n = 0; n < TokenTiles; ++n) {
      const int token = first_token + 8 * n + lane % 4 * 2;
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        store_sum(plan, plan.matrices[place.matrix], row + i / 2 * 8, token + i % 2, sums[r][n][i]);
      }
    }
  }
}

__device__ __forceinline__ void wait_for_stage(int stages) {
  if (stages == 4) {
    wait_for_copies<2>();
  } else if (stages == 3) {
    wait_for_copies<1>();
  } else {
    wait_for_copies<0>();
  }
  __syncthreads();
}

template <int Bits, int TokenWarps, int TokenTiles>
__global__ void __launch_bounds__(BatchPlan::kThreads, 1)
    batch_kernel(const __grid_constant__ BatchPlan plan) {
  constexpr int kItems = batch_items(TokenWarps);
  extern __shared__ __align__(128) std::uint8_t shared[];
  let_successor_start();
  const int warp = static_cast<int>(threadIdx.x / 32);
  const int first_item = static_cast<int>(blockIdx.x) * kItems;
  const int first_tile = static_cast<int>(blockIdx.y) * plan.split_tiles;
  const int tiles = min(plan.split_tiles, plan.tiles - first_tile);
  const StageLoader<TokenWarps> loader(plan, first_item, first_tile);
  const auto stage = [&](int tile) { return shared + tile % plan.stages * plan.stage_bytes; };
  for (int i = 0; i < plan.stages - 1 && i < tiles; ++i) loader.load_weights(stage(i), i);
  wait_for_predecessor();
  for (int i = 0; i < plan.stages - 1; ++i) {
    if (i < tiles) loader.load_activations(stage(i), i);
    commit_copies();
  }
  const int warp_items = warp / TokenWarps * BatchPlan::kWarpItems;
  const int first_token = warp % TokenWarps * TokenTiles * 8;
  WarpSums<TokenTiles> sums = {};
  for (int tile = 0; tile < tiles; ++tile) {
    wait_for_stage(plan.stages);
    const int ahead = tile + plan.stages - 1;
    if (ahead < tiles) {
      loader.load_weights(stage(ahead), ahead);
      loader.load_activations(stage(ahead), ahead);
    }
    commit_copies();
    const std::uint8_t* now = stage(tile);
    multiply_stage<Bits, TokenTiles>(
        now + warp_items * plan.tile_bytes, plan.tile_bytes, plan.spans,
        now + kItems * plan.tile_bytes + first_token * BatchPlan::kTokenPitch, sums);
  }
  store_sums<TokenTiles>(plan, first_item + warp_items, first_token, sums);
}

template <int Bits, int TokenWarps, int TokenTiles>
void launch_kernel(const BatchLaunch& plan, cudaStream_t stream) {
  const auto kernel = batch_kernel<Bits, TokenWarps, TokenTiles>;
  check(
      cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, plan.shared_bytes),
      "shared memory of a batched linear");
  check(cudaFuncSetAttribute(kernel, cudaFuncAttributePreferredSharedMemoryCarveout,
                             cudaSharedmemCarveoutMaxShared),
        "carveout of a batched linear");
  const LaunchShape shape = {
      {static_cast<unsigned>(plan.blocks), static_cast<unsigned>(plan.splits)},
      BatchPlan::kThreads,
      static_cast<std::size_t>(plan.shared_bytes),
      plan.dependency};
  launch("batched linear", shape, stream, kernel, plan.plan);
}

template <int Bits>
void launch_width(const BatchLaunch& plan, cudaStream_t stream) {
  if (plan.token_warps == 2) return launch_kernel<Bits, 2, 8>(plan, stream);
  switch (plan.token_tiles) {
    case 2:
      return launch_kernel<Bits, 1, 2>(plan, stream);
    case 4:
      return launch_kernel<Bits, 1, 4>(plan, stream);
    default:
      return launch_kernel<Bits, 1, 8>(plan, stream);
  }
}

}  // namespace

void launch_batch_kernel(int bits, const BatchLaunch& launch, cudaStream_t stream) {
  switch (bits) {
    case 2:
      return launch_width<2>(launch, stream);
    case 3:
      return launch_width<3>(launch, stream);
    case 4:
      return launch_width<4>(launch, stream);
    default:
      return launch_width<8>(launch, stream);
  }
}

}  // namespace salient::kernels::cuda
