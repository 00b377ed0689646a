// SPDX-License-Identifier: Apache-2.0
#pragma once

// One model, one sequence, one step at a time: the caller owns the loop, so two generators can
// alternate tokens on one thread. Times are compute times of this model alone.

#include <cstdint>
#include <memory>
#include <span>
#include <stop_token>
#include <vector>

#include "engine/runtime/loaded_model.h"
#include "engine/runtime/sampler.h"

namespace salient {

struct Throughput {
  std::int64_t prompt_tokens = 0;  ///< computed in prefill, cached ones not counted
  std::int64_t new_tokens = 0;
  double prefill_seconds = 0;
  double decode_seconds = 0;
  std::int64_t bytes_per_token = 0;
  double tokens_per_second() const {
    return decode_seconds > 0 ? static_cast<double>(new_tokens) / decode_seconds : 0;
  }
  double bytes_per_second() const {
    return tokens_per_second() * static_cast<double>(bytes_per_token);
  }
};

class Generator {
 public:
  /// Both references must outlive the generator. `capacity` bounds prompt and answer together.
  Generator(Backend& backend, std::shared_ptr<const LoadedModel> model, std::int64_t capacity);

  /// Makes the sequence be `ids` and returns the logits after it, [vocab]. Only ids behind the
  /// prefix that is already cached are computed. Throws Error(BadInput) when empty or over the
  /// capacity, Error(Cancelled) within one chunk.
  std::span<const float> prefill(std::span<const std::int32_t> ids, std::stop_token stop);
  /// Appends one token and returns the logits after it.
  std::span<const float> decode(std::int32_t id);

  std::span<const float> logits() const { return logits_; }
  const std::vector<std::int32_t>& ids() const { return ids_; }
  std::int64_t capacity() const { return sequence_.capacity; }
  const LoadedModel& model() const { return *model_; }
  const Throughput& throughput() const { return throughput_; }
  void reset_throughput();

 private:
  void append(std::span<const std::int32_t> ids);

  Backend& backend_;
  std::shared_ptr<const LoadedModel> model_;
  Sequence sequence_;
  std::vector<std::int32_t> ids_;
  std::vector<float> logits_;
  Throughput throughput_;
};

}  // namespace salient
