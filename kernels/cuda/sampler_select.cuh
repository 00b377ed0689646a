// SPDX-License-Identifier: Apache-2.0
#pragma once

// The n-th logit by rank, or the one at a share of the probability mass, without a sort: one block
// descends histograms of the logits' distance from the largest. Distances are fixed point (2⁻²⁷ of
// a temperature) and so are masses (2⁻⁴⁰ of the largest), hence sums are exact and do not depend
// on the order of threads. What is further than 28 temperatures away has no mass and is left out.

#include <cstdint>

#include "kernels/cuda/warp.cuh"

namespace salient::kernels::cuda {

constexpr int kSelectThreads = 512;
constexpr int kBins = 2048;
constexpr int kBinsEach = kBins / kSelectThreads;
/// Bits of a distance below its first, its second bin.
constexpr int kFirstShift = 21;
constexpr int kSecondShift = 10;
constexpr std::uint32_t kNoDistance = 0xFFFFFFFFU;

using Mass = unsigned long long;

/// From a distance in temperatures.
__device__ __forceinline__ std::uint32_t fixed_distance(float distance) {
  return distance < 28.0F ? static_cast<std::uint32_t>(distance * 0x1p27F) : kNoDistance;
}
/// Whether its first bin is `bin`, without the conversion.
__device__ __forceinline__ bool is_in_bin(float distance, std::uint32_t bin) {
  const float scaled = distance * 0x1p6F;
  return scaled >= static_cast<float>(bin) && scaled < static_cast<float>(bin + 1) &&
         distance < 28.0F;
}
__device__ __forceinline__ Mass mass_at(std::uint32_t distance) {
  const float exponent = static_cast<float>(distance) * (-0x1p-27F * 1.44269504F);
  return static_cast<Mass>(__float2ull_rn(exp2f(exponent) * 0x1p40F));
}

struct Bins {
  std::uint32_t count[kBins];
  Mass mass[kBins];

  __device__ void add(std::uint32_t bin, std::uint32_t distance) {
    atomicAdd(&count[bin], 1U);
    atomicAdd(&mass[bin], mass_at(distance));
  }
  __device__ void clear() {
    for (int i = static_cast<int>(threadIdx.x); i < kBins; i += kSelectThreads) {
      count[i] = 0;
      mass[i] = 0;
    }
  }
};

struct Candidate {
  std::uint32_t distance;
  std::int32_t id;
};

/// A count of candidates and their mass.
struct Amount {
  Mass count;
  Mass mass;
  __device__ Amount operator+(const Amount& other) const {
    return {count + other.count, mass + other.mass};
  }
};

enum class By { Count, Weight };
__device__ __forceinline__ Mass amount_by(By by, const Amount& amount) {
  return by == By::Count ? amount.count : amount.mass;
}

/// A place in the ranks: the candidate, and everything up to it and with it.
struct Rank {
  std::int32_t id;
  Amount through;
};

struct SelectShared {
  Bins bins;
  Amount warps[kSelectThreads / kWarp];
  Amount before;
  std::uint32_t bin;
  std::uint32_t in_bin;  ///< candidates in it
  std::uint32_t listed;
  std::int32_t id;
};

/// Logits lists the candidates of a first bin: logits.gather(bin, candidates, count).
template <class Logits>
class Selection {
 public:
  __device__ Selection(const Logits& logits, Bins& first, Candidate* list, SelectShared& shared)
      : logits_(logits), first_(first), list_(list), shared_(shared) {}

  /// The first rank whose running amount exceeds `target`, which is less than the total.
  __device__ Rank find(By by, Mass target) {
    const std::uint32_t first = descend(first_, by, target);
    Amount before = shared_.before;
    gather(first);
    refill([&](std::uint32_t d) { return d >> kSecondShift; }, [&](std::uint32_t) { return true; });
    const std::uint32_t second = descend(shared_.bins, by, target - amount_by(by, before));
    before = before + shared_.before;
    const std::uint32_t upper = (first << (kFirstShift - kSecondShift)) | second;
    refill([&](std::uint32_t d) { return d & ((1U << kSecondShift) - 1); },
           [&](std::uint32_t d) { return d >> kSecondShift == upper; });
    const std::uint32_t third = descend(shared_.bins, by, target - amount_by(by, before));
    before = before + shared_.before;
    const std::uint32_t distance = (upper << kSecondShift) | third;
    const Mass rest = target - amount_by(by, before);
    const Mass equal = by == By::Count ? rest : rest / mass_at(distance);
    const std::int32_t id = nth_of_equals(distance, static_cast<std::uint32_t>(equal));
    return {id, before + Amount{equal + 1, (equal + 1) * mass_at(distance)}};
  }

  /// Mass of everything up to a distance.
  __device__ Mass mass_within(std::uint32_t limit) {
    const std::uint32_t bin = limit >> kFirstShift;
    gather(bin);
    Amount own = {};
    for (std::uint32_t i = threadIdx.x; i < bin; i += kSelectThreads) own.mass += first_.mass[i];
    for (std::uint32_t i = threadIdx.x; i < shared_.listed; i += kSelectThreads) {
      if (list_[i].distance <= limit) own.mass += mass_at(list_[i].distance);
    }
    return sum(own).mass;
  }

  __device__ Amount total() {
    Amount own = {};
    for (int i = static_cast<int>(threadIdx.x); i < kBins; i += kSelectThreads) {
      own = own + Amount{first_.count[i], first_.mass[i]};
    }
    return sum(own);
  }

 private:
  /// Over the block; every thread gets it.
  __device__ Amount sum(const Amount& own) {
    const Amount warp = {warp_sum(own.count), warp_sum(own.mass)};
    __syncthreads();
    if (threadIdx.x % kWarp == 0) shared_.warps[threadIdx.x / kWarp] = warp;
    __syncthreads();
    Amount all = {};
    for (const Amount& part : shared_.warps) all = all + part;
    return all;
  }

  /// The bin in which the running amount passes `target`; what lies before it is in `before`.
  __device__ std::uint32_t descend(const Bins& bins, By by, Mass target) {
    Amount own[kBinsEach];
    Amount mine = {};
#pragma unroll
    for (int i = 0; i < kBinsEach; ++i) {
      const std::uint32_t bin = threadIdx.x * kBinsEach + static_cast<unsigned>(i);
      own[i] = {bins.count[bin], bins.mass[bin]};
      mine = mine + own[i];
    }
    Amount until = mine;
    const unsigned lane = threadIdx.x % kWarp;
    for (unsigned offset = 1; offset < kWarp; offset *= 2) {
      const Amount other = {__shfl_up_sync(kAllLanes, until.count, offset),
                            __shfl_up_sync(kAllLanes, until.mass, offset)};
      if (lane >= offset) until = until + other;
    }
    __syncthreads();
    if (lane == kWarp - 1) shared_.warps[threadIdx.x / kWarp] = until;
    __syncthreads();
    Amount before = {until.count - mine.count, until.mass - mine.mass};
    for (unsigned w = 0; w < threadIdx.x / kWarp; ++w) before = before + shared_.warps[w];
#pragma unroll
    for (int i = 0; i < kBinsEach; ++i) {
      const Amount after = before + own[i];
      if (amount_by(by, before) <= target && target < amount_by(by, after)) {
        shared_.bin = threadIdx.x * kBinsEach + static_cast<unsigned>(i);
        shared_.in_bin = static_cast<std::uint32_t>(own[i].count);
        shared_.before = before;
      }
      before = after;
    }
    __syncthreads();
    return shared_.bin;
  }

  __device__ void gather(std::uint32_t bin) {
    if (bin == gathered_) return;
    gathered_ = bin;
    __syncthreads();
    if (threadIdx.x == 0) shared_.listed = 0;
    __syncthreads();
    logits_.gather(bin, list_, &shared_.listed);
    __syncthreads();
  }

  /// Bins of the listed candidates that `takes`.
  template <class BinOf, class Takes>
  __device__ void refill(const BinOf& bin_of, const Takes& takes) {
    shared_.bins.clear();
    __syncthreads();
    for (std::uint32_t i = threadIdx.x; i < shared_.listed; i += kSelectThreads) {
      const std::uint32_t distance = list_[i].distance;
      if (takes(distance)) shared_.bins.add(bin_of(distance) % kBins, distance);
    }
    __syncthreads();
  }

  /// The n-th id, rising, among candidates at one distance: by halving the ids where there are
  /// several.
  __device__ std::int32_t nth_of_equals(std::uint32_t distance, std::uint32_t n) {
    if (shared_.in_bin == 1) {
      for (std::uint32_t i = threadIdx.x; i < shared_.listed; i += kSelectThreads) {
        if (list_[i].distance == distance) shared_.id = list_[i].id;
      }
      __syncthreads();
      return shared_.id;
    }
    std::int32_t low = 0;
    std::int32_t high = logits_.last_id();
    while (low < high) {
      const std::int32_t middle = low + (high - low) / 2;
      Amount own = {};
      for (std::uint32_t i = threadIdx.x; i < shared_.listed; i += kSelectThreads) {
        if (list_[i].distance == distance && list_[i].id <= middle) ++own.count;
      }
      if (sum(own).count > n) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return low;
  }

  const Logits& logits_;
  Bins& first_;
  Candidate* list_;
  SelectShared& shared_;
  std::uint32_t gathered_ = kNoDistance;
};

}  // namespace salient::kernels::cuda
