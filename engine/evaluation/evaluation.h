// SPDX-License-Identifier: Apache-2.0
#pragma once

// Quality in numbers with error bars: perplexity of each model and, in the same pass over both,
// KL(A‖B) and top-1 agreement. A is the reference. Non-overlapping windows, no BOS; a window of n
// ids gives n - 1 predictions.

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/runtime/loaded_model.h"

namespace salient {

struct EvaluationOptions {
  std::int64_t window = 512;
  std::int64_t max_windows = 0;  ///< 0: all of the text
};

struct Perplexity {
  double value = 0;         ///< exp(mean negative log likelihood)
  double stderr_value = 0;  ///< of `value`, from the spread over windows (delta method)
  std::int64_t tokens = 0;  ///< predictions scored
};

struct Evaluation {
  std::int64_t window = 0;
  std::int64_t windows = 0;
  std::string text_name;  ///< "wikitext2-raw-test.txt"
  Perplexity a;
  std::optional<Perplexity> b;
  double kl_mean = 0, kl_stderr = 0;           ///< nats, KL(A‖B)
  double top1_agreement = 0, top1_stderr = 0;  ///< share
  double log_ratio = 0, log_ratio_stderr = 0;  ///< ln(ppl B / ppl A), paired by window
};

std::vector<std::vector<std::int32_t>> evaluation_windows(const Tokenizer& tokenizer,
                                                          std::string_view text,
                                                          const EvaluationOptions& options);

/// `b` may be null. Throws Error(Cancelled) within one window.
Evaluation evaluate(Backend& backend, const Decoder& a, const Decoder* b,
                    const std::vector<std::vector<std::int32_t>>& windows, std::stop_token stop,
                    const std::function<void(std::int64_t done, std::int64_t total)>& progress);

}  // namespace salient
