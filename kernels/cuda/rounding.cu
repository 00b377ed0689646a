// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <stdexcept>
#include <string>

#include "kernels/cuda/rounding.h"
#include "kernels/cuda/rounding_rows.cuh"

namespace salient::kernels::cuda {
namespace {

constexpr int kMostRows = FourRows::kRows;
constexpr std::size_t kSharedBytes = 44 << 10;

/// Codes with the CPU's bits.
struct ExactCodes {
  __device__ static float code(const GridRule& rule, const SolvedGrid& grid, float scaled,
                               float limit) {
    return code_of(rule, grid.grid, scaled, limit);
  }
};

/// What becomes of one weight. factor() belongs to a column, code() and element() to a weight.
struct ErrorElements : ExactCodes {
  using Element = float;
  static constexpr bool kScalesRows = false;
  float* out;
  std::int64_t stride;

  __device__ float factor(const RowBlock& block, int column) const {
    return block.scales == nullptr ? 1.0F : __fdiv_rn(1.0F, block.scales[column]);
  }
  __device__ float element(float w, float, float code, GroupGrid grid, float factor, float) const {
    return __fsub_rn(__fmul_rn(value_of(grid, code), factor), w);
  }
};

struct CodeElements : ExactCodes {
  using Element = unsigned char;
  static constexpr bool kScalesRows = false;
  unsigned char* out;
  std::int64_t stride;

  __device__ float factor(const RowBlock&, int) const { return 1.0F; }
  __device__ unsigned char element(float, float, float code, GroupGrid, float, float) const {
    return static_cast<unsigned char>(code);
  }
};

/// (Q(w·s) − w·s) · root / s · row scale.
struct ScaledElements {
  using Element = __half;
  static constexpr bool kScalesRows = true;
  __half* out;
  std::int64_t stride;

  __device__ float factor(const RowBlock& block, int column) const {
    return __fdividef(block.root[column], block.scale(column));
  }
  /// One step of Newton's instead of a division: the same but for quotients that overflow.
  __device__ static float code(const GridRule& rule, const SolvedGrid& grid, float scaled,
                               float limit) {
    const float clipped = fmaxf(fminf(scaled, limit), -limit);
    const float near = clipped * grid.inverse;
    const float quotient = fmaf(fmaf(-near, grid.grid.step, clipped), grid.inverse, near);
    return fminf(fmaxf(rintf(quotient) + grid.grid.zero, 0.0F), rule.top);
  }
  __device__ __half element(float, float scaled, float code, GroupGrid grid, float factor,
                            float row_scale) const {
    return __float2half_rn((value_of(grid, code) - scaled) * (factor * row_scale));
  }
};

/// The candidates and rows of a launch: blockIdx.x is a block of rows, blockIdx.y a candidate.
struct RoundingLaunch {
  RoundingInput input;
  GridRule rule;
  std::int64_t clip_stride;
  const float* root;
  float* row_factor;
  int headroom;
  std::uint16_t* steps;
  std::uint8_t* zero_points;
};

template <class T>
struct alignas(4 * sizeof(T)) Four {
  T at[4];
};

__device__ float power_of_two_below(float bound, int headroom) {
  if (!(bound > 0.0F) || bound > 1e30F) return 1.0F;
  int exponent = 0;
  frexpf(bound, &exponent);
  return exp2f(static_cast<float>(-headroom - max(exponent, -90)));
}

template <int kRows, class Output>
__device__ void write_rows_by_four(const RowBlock& block, const GridTable& table,
                                   const float (&row_scales)[kRows], const Output& output) {
  using Element = typename Output::Element;
  for (int column = static_cast<int>(threadIdx.x) * 4; column < block.columns;
       column += kRoundingThreads * 4) {
    const int group = column / block.group_size;
    float s[4], factor[4];
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      s[i] = block.scale(column + i);
      factor[i] = output.factor(block, column + i);
    }
#pragma unroll
    for (int r = 0; r < kRows; ++r) {
      if (r >= block.rows) break;
      const auto w = *reinterpret_cast<const Four<float>*>(
          block.weight + static_cast<std::int64_t>(r) * block.columns + column);
      const SolvedGrid grid = table.at(r, group);
      const float limit = block.limit(r, group);
      Four<Element> out;
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        const float scaled = __fmul_rn(w.at[i], s[i]);
        const float code = output.code(block.rule, grid, scaled, limit);
        out.at[i] = output.element(w.at[i], scaled, code, grid.grid, factor[i], row_scales[r]);
      }
      *reinterpret_cast<Four<Element>*>(output.out + r * output.stride + column) = out;
    }
  }
}

template <int kRows, class Output>
__device__ void write_rows(const RowBlock& block, const GridTable& table,
                           const float (&row_scales)[kRows], const Output& output) {
  for (int column = static_cast<int>(threadIdx.x); column < block.columns;
       column += kRoundingThreads) {
    const int group = column / block.group_size;
    const float s = block.scale(column);
    const float factor = output.factor(block, column);
#pragma unroll
    for (int r = 0; r < kRows; ++r) {
      if (r >= block.rows) break;
      const float w = block.at(r, column);
      const float scaled = __fmul_rn(w, s);
      const SolvedGrid grid = table.at(r, group);
      const float code = output.code(block.rule, grid, scaled, block.limit(r, group));
      output.out[r * output.stride + column] =
          output.element(w, scaled, code, grid.grid, factor, row_scales[r]);
    }
  }
}

/// Steps and zero points of the block's rows.
__device__ void write_grids(const RowBlock& block, const GridTable& table, std::uint16_t* steps,
                            std::uint8_t* zero_points) {
  for (int i = static_cast<int>(threadIdx.x); i < block.rows * block.groups;
       i += kRoundingThreads) {
    steps[i] = __half_as_ushort(__float2half_rn(table.grids[i].grid.step));
    zero_points[i] = static_cast<std::uint8_t>(table.grids[i].grid.zero);
  }
}

template <int kRows, bool kByFour, class Output>
__global__ void __launch_bounds__(kRoundingThreads)
    round_rows(RoundingLaunch launch_, Output output) {
  extern __shared__ SolvedGrid grids[];
  __shared__ RowBounds<kRows> bounds;
  const RoundingInput& input = launch_.input;
  const std::int64_t first = static_cast<std::int64_t>(blockIdx.x) * kRows;
  const std::int64_t candidate = blockIdx.y;
  const auto groups = static_cast<int>(input.num_groups());
  const float* scales = input.channel_scales;
  const float* clip = input.clip;
  const RowBlock block = {
      .weight = input.weight + first * input.in_features,
      .scales = scales == nullptr ? nullptr : scales + candidate * input.in_features,
      .clip = clip == nullptr ? nullptr : clip + candidate * launch_.clip_stride + first * groups,
      .root = Output::kScalesRows ? launch_.root : nullptr,
      .rule = launch_.rule,
      .rows = static_cast<int>(min(static_cast<std::int64_t>(kRows), input.out_features - first)),
      .columns = static_cast<int>(input.in_features),
      .group_size = static_cast<int>(input.group_size),
      .groups = groups};
  const GridTable table{grids, groups};
  if constexpr (kByFour) {
    solve_four_rows<Output::kScalesRows>(block, table, bounds);
  } else {
    solve_rows<kRows>(block, table, bounds);
  }
  __syncthreads();
  float row_scales[kRows] = {};
  if constexpr (Output::kScalesRows) {
    for (int r = 0; r < block.rows; ++r) {
      const float scale = power_of_two_below(bounds.of(r), launch_.headroom);
#pragma unroll
      for (int k = 0; k < kRows; ++k) {
        if (k == r) row_scales[k] = scale;
      }
    }
  }
  const std::int64_t out_row = candidate * input.out_features + first;
  output.out += out_row * output.stride;
  if constexpr (kByFour) {
    write_rows_by_four<kRows>(block, table, row_scales, output);
  } else {
    write_rows<kRows>(block, table, row_scales, output);
  }
  if constexpr (Output::kScalesRows) {
    for (int column = block.columns + static_cast<int>(threadIdx.x); column < output.stride;
         column += kRoundingThreads) {
      for (int r = 0; r < block.rows; ++r) {
        output.out[r * output.stride + column] = __float2half_rn(0.0F);
      }
    }
#pragma unroll
    for (int r = 0; r < kRows; ++r) {
      if (threadIdx.x == 0 && r < block.rows) {
        launch_.row_factor[out_row + r] = 1.0F / row_scales[r];
      }
    }
  }
  if (launch_.steps != nullptr) {
    write_grids(block, table, launch_.steps + first * groups, launch_.zero_points + first * groups);
  }
}

bool aligned(const void* pointer) {
  return reinterpret_cast<std::uintptr_t>(pointer) % 16 == 0;
}

bool goes_by_four(const RoundingInput& input, const void* out, std::int64_t stride) {
  const std::int64_t group = input.group_size;
  return (group == 32 || group == 64 || group == 128) && input.in_features % 4 == 0 &&
         stride % 4 == 0 && aligned(input.weight) && aligned(out) &&
         (input.channel_scales == nullptr || aligned(input.channel_scales));
}

template <int kRows, class Output>
void launch_rows(const char* what, const RoundingLaunch& problem, int candidates,
                 const Output& output, cudaStream_t stream) {
  const RoundingInput& input = problem.input;
  const LaunchShape shape = {
      .grid = dim3(static_cast<unsigned>((input.out_features + kRows - 1) / kRows),
                   static_cast<unsigned>(candidates)),
      .block = dim3(kRoundingThreads),
      .shared_bytes = static_cast<std::size_t>(input.num_groups()) * kRows * sizeof(SolvedGrid)};
  if (kRows == FourRows::kRows && goes_by_four(input, output.out, output.stride)) {
    launch(what, shape, stream, round_rows<FourRows::kRows, true, Output>, problem, output);
  } else {
    launch(what, shape, stream, round_rows<kRows, false, Output>, problem, output);
  }
}

template <class Output>
void launch_rounding(const char* what, const RoundingLaunch& problem, int candidates,
                     const Output& output, cudaStream_t stream) {
  if (problem.input.out_features == 0) return;
  const auto bytes = static_cast<std::size_t>(problem.input.num_groups()) * sizeof(SolvedGrid);
  if (bytes * kMostRows <= kSharedBytes) {
    launch_rows<kMostRows>(what, problem, candidates, output, stream);
  } else if (bytes <= kSharedBytes) {
    launch_rows<1>(what, problem, candidates, output, stream);
  } else {
    throw std::logic_error(std::string(what) + ": " + std::to_string(problem.input.num_groups()) +
                           " groups a row are more than fit into shared memory");
  }
}

RoundingLaunch launch_of(const RoundingInput& input) {
  RoundingLaunch problem = {};
  problem.input = input;
  problem.rule = grid_rule(input.grid, input.bits);
  return problem;
}

}  // namespace

void rounding_error(const RoundingInput& input, float* error, cudaStream_t stream) {
  rounding_errors(input, 1, 0, error, stream);
}

void rounding_errors(const RoundingInput& input, int candidates, std::int64_t clip_stride,
                     float* error, cudaStream_t stream) {
  RoundingLaunch problem = launch_of(input);
  problem.clip_stride = clip_stride;
  launch_rounding("rounding error", problem, candidates,
                  ErrorElements{{}, error, input.in_features}, stream);
}

void round_codes(const RoundingInput& input, const RoundingOutput& output, cudaStream_t stream) {
  RoundingLaunch problem = launch_of(input);
  problem.steps = output.steps;
  problem.zero_points = output.zero_points;
  launch_rounding("rounding codes", problem, 1, CodeElements{{}, output.codes, input.in_features},
                  stream);
}

void scaled_rounding_errors(const RoundingInput& input, int candidates, std::int64_t clip_stride,
                            const ScaledErrors& output, cudaStream_t stream) {
  RoundingLaunch problem = launch_of(input);
  problem.clip_stride = clip_stride;
  problem.root = output.root;
  problem.row_factor = output.row_factor;
  problem.headroom = output.headroom;
  if (!aligned(output.root)) throw std::logic_error("rounding: root is not aligned to 16 bytes");
  launch_rounding("scaled rounding errors", problem, candidates,
                  ScaledElements{reinterpret_cast<__half*>(output.error), output.stride}, stream);
}

}  // namespace salient::kernels::cuda
