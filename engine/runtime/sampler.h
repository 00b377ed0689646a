// SPDX-License-Identifier: Apache-2.0
#pragma once

// Picks of one answer on the host, from logits that are there already; `Generator::decode_sampled`
// makes the same picks where the logits are.

#include <cstdint>
#include <span>

#include "engine/backend/sampling.h"

namespace salient {

/// Throws Error(BadInput) naming the setting, its value and its range.
void validate(const SamplingOptions& options);

class Sampler {
 public:
  explicit Sampler(const SamplingOptions& options) : options_(options) {}
  /// Picks from logits [vocab], ties to the lowest id; `history` feeds the repetition penalty.
  std::int32_t pick(std::span<const float> logits, std::span<const std::int32_t> history);

  const SamplingOptions& options() const { return options_; }
  std::uint64_t draws() const { return draws_; }
  /// So many picks were made elsewhere.
  void skip(std::uint64_t draws) { draws_ += draws; }

 private:
  SamplingOptions options_;
  std::uint64_t draws_ = 0;
};

}  // namespace salient
