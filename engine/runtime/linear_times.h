// SPDX-License-Identifier: Apache-2.0
#pragma once

// How fast one linear runs, beside what the device could: weights of many copies are taken in turn,
// more than any cache holds, and the calls follow each other as they do in a decoder. The limit is
// the later of reading the weights at the measured read bandwidth and multiplying at the measured
// product rate.

#include <cstdint>
#include <optional>

#include "engine/runtime/timing.h"

namespace salient {

struct LinearCase {
  std::int64_t in_features = 0;
  std::int64_t out_features = 0;
  std::int64_t tokens = 1;
  std::optional<QuantScheme> scheme = std::nullopt;  ///< nothing: dense float16
};

struct LinearTime {
  double seconds = 0;
  std::int64_t bytes = 0;  ///< of the weights, read once
  double operations = 0;
  double bytes_per_second() const { return static_cast<double>(bytes) / seconds; }
  double operations_per_second() const { return operations / seconds; }
};

struct LinearLimits {
  double read = 0;     ///< bytes per second
  double product = 0;  ///< operations per second of a large dense float16 product
  double seconds(const LinearTime& time) const;
};

/// Random weights of the scheme. `rotation_bytes` of copies at least, where that is practical.
LinearTime time_linear(Backend& backend, const LinearCase& problem, const TimedBatches& how,
                       std::int64_t rotation_bytes = 512'000'000);
/// The largest difference of one linear's outputs on the two, over the largest output.
double linear_difference(Backend& device, Backend& oracle, const LinearCase& problem);
LinearLimits measure_linear_limits(Backend& backend, const TimedBatches& how);

}  // namespace salient
