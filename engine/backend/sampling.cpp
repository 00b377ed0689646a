// SPDX-License-Identifier: Apache-2.0
#include "engine/backend/sampling.h"

#include <algorithm>
#include <cmath>
#include <vector>

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

}  // namespace

std::int32_t greedy_pick(std::span<const float> logits) {
  return static_cast<std::int32_t>(std::max_element(logits.begin(), logits.end()) - logits.begin());
}

float penalized(float logit, double penalty) {
  const auto factor = static_cast<float>(penalty);
  return logit > 0 ? logit / factor : logit * factor;
}

std::int32_t pick_token(std::span<const float> logits, const SamplingOptions& options,
                        std::uint64_t draw) {
  if (options.temperature <= 0) return greedy_pick(logits);
  std::vector<Candidate> candidates = ranked(logits, options.top_k);
  softmax(candidates, options.temperature);
  cut(candidates, options.top_p, options.min_p);

  double mass = 0;
  for (const Candidate& candidate : candidates) mass += candidate.weight;
  double point = uniform(options.seed, draw) * mass;
  for (const Candidate& candidate : candidates) {
    point -= candidate.weight;
    if (point < 0) return candidate.id;
  }
  return candidates.back().id;
}

}  // namespace salient
