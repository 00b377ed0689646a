// SPDX-License-Identifier: Apache-2.0
#pragma once

// Text generation: a model ready to run, its sampler, and the measurements that are always shown
// beside it. Time is compute time of this model alone, so two models that alternate on one thread
// each report their own rate.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/model/decoder.h"
#include "engine/tokenizer/chat_template.h"
#include "engine/tokenizer/tokenizer.h"

namespace salient {

struct SamplingOptions {
  double temperature = 0;         ///< 0: greedy
  std::int64_t top_k = 0;         ///< 0: off
  double top_p = 1.0;             ///< 1: off
  double min_p = 0.0;             ///< 0: off
  double repetition_penalty = 1;  ///< 1: off
  std::uint64_t seed = 0;
};

class Sampler {
 public:
  explicit Sampler(const SamplingOptions& options);
  /// Picks from logits [vocab]; `history` feeds the repetition penalty. The n-th pick depends on
  /// (seed, n, logits, history) only.
  std::int32_t pick(std::span<const float> logits, std::span<const std::int32_t> history);

 private:
  SamplingOptions options_;
  std::uint64_t draws_ = 0;
};

/// A model in memory with everything chat needs. Shared, immutable.
struct LoadedModel {
  std::string name;       ///< "SmolLM2-135M-Instruct"
  std::string precision;  ///< "FP16", "dequantized from Q4_1", "AWQ 4-bit g64"
  Decoder decoder;
  std::shared_ptr<const Tokenizer> tokenizer;         ///< may be null
  std::shared_ptr<const ChatTemplate> chat_template;  ///< may be null
  std::vector<std::int32_t> stop_ids;
};

enum class HeadPrecision { AsStored, Fp16, Int8 };
struct LoadOptions {
  HeadPrecision head = HeadPrecision::AsStored;  ///< AsStored: 8 bits only where the file has Q8_0
};
/// A checkpoint, an AWQ export, or a Salient run folder.
std::shared_ptr<const LoadedModel> load_model(Backend& backend, const std::filesystem::path& path,
                                              const LoadOptions& options);

struct Throughput {
  std::int64_t prompt_tokens = 0;
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

/// One model, one sequence, one step at a time: the caller owns the loop, so two generators can
/// alternate tokens.
class Generator {
 public:
  Generator(Backend& backend, std::shared_ptr<const LoadedModel> model, std::int64_t capacity);

  /// Feeds the prompt and returns the logits after it, [vocab]. Only ids beyond the shared prefix
  /// of what is already cached are computed.
  std::span<const float> prefill(std::span<const std::int32_t> ids, std::stop_token stop);
  /// Appends one token and returns the logits after it.
  std::span<const float> decode(std::int32_t id);

  const std::vector<std::int32_t>& ids() const { return ids_; }
  const LoadedModel& model() const { return *model_; }
  const Throughput& throughput() const { return throughput_; }
  void reset_throughput();

 private:
  Backend& backend_;
  std::shared_ptr<const LoadedModel> model_;
  Sequence sequence_;
  std::vector<std::int32_t> ids_;
  std::vector<float> logits_;
  Throughput throughput_;
};

}  // namespace salient
