// SPDX-License-Identifier: Apache-2.0
#include "engine/runtime/sampler.h"

#include <string>
#include <unordered_set>
#include <vector>

#include "engine/error.h"
#include "engine/number_text.h"

namespace salient {
namespace {

std::vector<float> penalized_logits(std::span<const float> logits,
                                    std::span<const std::int32_t> history, double penalty) {
  std::vector<float> result(logits.begin(), logits.end());
  const std::unordered_set<std::int32_t> seen(history.begin(), history.end());
  for (const std::int32_t id : seen) {
    float& logit = result.at(static_cast<std::size_t>(id));
    logit = penalized(logit, penalty);
  }
  return result;
}

void require(bool holds, const char* name, double value, const char* range) {
  if (holds) return;
  throw Error(ErrorKind::BadInput,
              std::string(name) + " is " + number_text(value) + ", it has to be " + range);
}

}  // namespace

void validate(const SamplingOptions& options) {
  require(options.temperature >= 0 && options.temperature <= 100, "temperature",
          options.temperature, "from 0 to 100");
  require(options.top_k >= 0, "top-k", static_cast<double>(options.top_k), "0 (off) or more");
  require(options.top_p > 0 && options.top_p <= 1, "top-p", options.top_p, "above 0, at most 1");
  require(options.min_p >= 0 && options.min_p < 1, "min-p", options.min_p, "from 0 to below 1");
  require(options.repetition_penalty > 0 && options.repetition_penalty <= 10, "repetition penalty",
          options.repetition_penalty, "above 0, at most 10");
}

std::int32_t Sampler::pick(std::span<const float> logits, std::span<const std::int32_t> history) {
  std::vector<float> adjusted;
  if (options_.repetition_penalty != 1.0) {
    adjusted = penalized_logits(logits, history, options_.repetition_penalty);
    logits = adjusted;
  }
  return pick_token(logits, options_, draws_++);
}

}  // namespace salient
