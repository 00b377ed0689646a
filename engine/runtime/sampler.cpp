// SPDX-License-Identifier: Apache-2.0
#include "engine/runtime/sampler.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <unordered_set>
#include <vector>

#include "engine/error.h"

namespace salient {
namespace {

struct Candidate {
  std::int32_t id;
  double weight;  ///< a logit, later a probability
};

/// SplitMix64 over (seed, draw): uniform in [0, 1) with 53 bits.
double uniform(std::uint64_t seed, std::uint64_t draw) {
  std::uint64_t z = seed + (draw + 1) * 0x9E3779B97F4A7C15ULL;
  z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27U)) * 0x94D049BB133111EBULL;
  return static_cast<double>((z ^ (z >> 31U)) >> 11U) * 0x1p-53;
}

std::vector<float> penalized(std::span<const float> logits, std::span<const std::int32_t> history,
                             double penalty) {
  std::vector<float> result(logits.begin(), logits.end());
  const std::unordered_set<std::int32_t> seen(history.begin(), history.end());
  for (const std::int32_t id : seen) {
    float& logit = result.at(static_cast<std::size_t>(id));
    const auto factor = static_cast<float>(penalty);
    logit = logit > 0 ? logit / factor : logit * factor;
  }
  return result;
}

/// The candidates by falling logit: all of them, or only the best `top_k`.
std::vector<Candidate> ranked(std::span<const float> logits, std::int64_t top_k) {
  std::vector<Candidate> candidates(logits.size());
  for (std::size_t i = 0; i < logits.size(); ++i) {
    candidates[i] = {static_cast<std::int32_t>(i), static_cast<double>(logits[i])};
  }
  const auto kept = top_k > 0
                        ? std::min<std::size_t>(static_cast<std::size_t>(top_k), logits.size())
                        : logits.size();
  const auto better = [](const Candidate& a, const Candidate& b) {
    return a.weight != b.weight ? a.weight > b.weight : a.id < b.id;
  };
  std::partial_sort(candidates.begin(), candidates.begin() + static_cast<std::ptrdiff_t>(kept),
                    candidates.end(), better);
  candidates.resize(kept);
  return candidates;
}

void softmax(std::vector<Candidate>& candidates, double temperature) {
  const double top = candidates.front().weight;
  double sum = 0;
  for (Candidate& candidate : candidates) {
    candidate.weight = std::exp((candidate.weight - top) / temperature);
    sum += candidate.weight;
  }
  for (Candidate& candidate : candidates) candidate.weight /= sum;
}

/// Cuts the ranked list behind the mass `top_p` and below `min_p` of the best; keeps at least one.
void cut(std::vector<Candidate>& candidates, double top_p, double min_p) {
  const double floor = candidates.front().weight * min_p;
  double mass = 0;
  std::size_t kept = 0;
  while (kept < candidates.size() && (kept == 0 || candidates[kept].weight >= floor)) {
    mass += candidates[kept++].weight;
    if (top_p < 1.0 && mass >= top_p) break;
  }
  candidates.resize(kept);
}

void require(bool holds, const char* name, double value, const char* range) {
  if (holds) return;
  std::string text = std::to_string(value);
  throw Error(ErrorKind::BadInput, std::string(name) + " is " + text + ", it has to be " + range);
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

std::int32_t greedy_pick(std::span<const float> logits) {
  return static_cast<std::int32_t>(std::max_element(logits.begin(), logits.end()) - logits.begin());
}

std::int32_t Sampler::pick(std::span<const float> logits, std::span<const std::int32_t> history) {
  std::vector<float> adjusted;
  if (options_.repetition_penalty != 1.0) {
    adjusted = penalized(logits, history, options_.repetition_penalty);
    logits = adjusted;
  }
  if (options_.temperature <= 0) return greedy_pick(logits);

  std::vector<Candidate> candidates = ranked(logits, options_.top_k);
  softmax(candidates, options_.temperature);
  cut(candidates, options_.top_p, options_.min_p);

  double mass = 0;
  for (const Candidate& candidate : candidates) mass += candidate.weight;
  double point = uniform(options_.seed, draws_++) * mass;
  for (const Candidate& candidate : candidates) {
    point -= candidate.weight;
    if (point < 0) return candidate.id;
  }
  return candidates.back().id;
}

}  // namespace salient
