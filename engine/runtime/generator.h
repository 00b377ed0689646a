// SPDX-License-Identifier: Apache-2.0
#pragma once

// One model, one sequence, one step at a time: the caller owns the loop, so two generators can
// alternate tokens on one thread. Times are compute times of this model alone.

#include <array>
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
  /// Appends `id` and then each time the most likely next token, `count` tokens in all, without a
  /// round trip to the host between them; returns what was picked after each. The last pick is not
  /// appended.
  std::vector<std::int32_t> decode_greedy(std::int32_t id, std::int64_t count);
  /// The same with picks that `sampling` makes, the first of them the `draw`-th of its seed.
  std::vector<std::int32_t> decode_sampled(std::int32_t id, std::int64_t count,
                                           const SamplingOptions& sampling, std::uint64_t draw);
  /// Forgets the last tokens, so that `count` are left. `logits` are then those of a token that is
  /// gone, until the next call.
  void keep_first(std::int64_t count);

  std::span<const float> logits() const { return logits_; }
  const std::vector<std::int32_t>& ids() const { return ids_; }
  std::int64_t capacity() const { return sequence_.capacity; }
  const LoadedModel& model() const { return *model_; }
  const Throughput& throughput() const { return throughput_; }
  void reset_throughput();
  /// Forgets the decoded tokens' times, not the prompt's.
  void reset_decoding();

 private:
  /// One recorded token. Cached positions are read up to a bound that the recording fixes, so it
  /// is made anew when the sequence outgrows it.
  struct Step {
    std::unique_ptr<Program> program;
    std::int64_t limit = 0;
  };
  enum class Next { Given, Greedy, Sampled };

  void append(std::span<const std::int32_t> ids);
  /// Checks the id and the room for `count` tokens, and puts the id where the step reads it.
  void start_decoding(std::int32_t id, std::int64_t count);
  Program& step(Next next);
  /// Tells the device which ids the repetition penalty is for: those of the sequence, and `id`.
  void write_seen(std::int32_t id);
  std::vector<std::int32_t> decode_many(std::int32_t id, std::int64_t count, Next next);
  void read_logits();

  Backend& backend_;
  std::shared_ptr<const LoadedModel> model_;
  Sequence sequence_;
  DecodeState state_;
  Tensor step_logits_;                    ///< [1, vocab] F32, this device
  std::array<Step, 3> steps_;             ///< by Next
  SamplingOptions sampling_;              ///< what the sampled step was recorded with
  std::vector<std::int32_t> seen_words_;  ///< outlives its copy to the device
  std::vector<std::int32_t> ids_;
  std::vector<float> logits_;
  Throughput throughput_;
};

}  // namespace salient
