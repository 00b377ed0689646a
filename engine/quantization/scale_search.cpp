// SPDX-License-Identifier: Apache-2.0
#include "engine/quantization/scale_search.h"

#include <algorithm>
#include <cmath>

#include "engine/error.h"
#include "engine/quantization/candidate_scales.h"
#include "engine/quantization/gram_loss.h"

namespace salient {
namespace {

using Consumer = SearchProblem::Consumer;

/// The α that a consumer pins for its whole group; the first one counts.
std::optional<double> pinned_alpha(const SearchProblem& problem) {
  for (const Consumer& consumer : problem.consumers) {
    const LinearSettings& settings = consumer.settings;
    if (settings.keep_fp16 || settings.method == Method::Rtn) continue;
    if (settings.alpha) return settings.alpha;
  }
  return std::nullopt;
}

bool anything_to_search(const SearchProblem& problem) {
  if (problem.producer == Producer::None) return false;
  return std::any_of(problem.consumers.begin(), problem.consumers.end(), [](const Consumer& c) {
    return !c.settings.keep_fp16 && c.settings.method == Method::Awq;
  });
}

/// α in the order tried: the grid from 0, then the pinned one where the grid does not hold it.
std::vector<double> alphas_of(const SearchProblem& problem) {
  if (!anything_to_search(problem)) return {0.0};
  std::vector<double> alphas;
  alphas.reserve(kAlphaSteps + 1);
  for (int i = 0; i < kAlphaSteps; ++i) alphas.push_back(static_cast<double>(i) / kAlphaSteps);
  const std::optional<double> pinned = pinned_alpha(problem);
  if (pinned && std::find(alphas.begin(), alphas.end(), *pinned) == alphas.end()) {
    alphas.push_back(*pinned);
  }
  return alphas;
}

/// Rows of `consumer` that the search scores; 0: all.
std::int64_t rows_scored(const SearchProblem& problem, const Consumer& consumer,
                         SearchEffort effort) {
  if (effort == SearchEffort::Exact) return 0;
  std::int64_t total = 0;
  for (const Consumer& c : problem.consumers) {
    if (!c.settings.keep_fp16) total += c.weight->dim(0);
  }
  if (total <= kEstimateRows) return 0;
  return (kEstimateRows * consumer.weight->dim(0) + total - 1) / total;
}

bool all_finite(std::span<const float> scales) {
  return std::all_of(scales.begin(), scales.end(), [](float s) { return std::isfinite(s); });
}

/// Runs the trials of one group.
class Search {
 public:
  Search(Backend& backend, const SearchProblem& problem, SearchEffort effort,
         const GroupLoss* group_loss)
      : problem_(problem), group_loss_(group_loss), candidates_(backend, problem) {
    choice_.by_linear.resize(problem.consumers.size());
    losses_.resize(problem.consumers.size());
    for (std::size_t c = 0; c < problem.consumers.size(); ++c) {
      const Consumer& consumer = problem.consumers[c];
      if (consumer.settings.keep_fp16) continue;
      const std::int64_t rows = rows_scored(problem, consumer, effort);
      losses_[c].emplace(backend, *consumer.weight, *problem.input, consumer.settings.scheme, rows);
      choice_.by_linear[c].signal = losses_[c]->signal();
      choice_.by_linear[c].exact = rows == 0;
      choice_.curve.signal += choice_.by_linear[c].signal;
      choice_.curve.exact = choice_.curve.exact && rows == 0;
    }
    if (group_loss_ != nullptr) choice_.curve.signal = group_loss_->signal;
  }

  void try_alpha(double alpha, const std::stop_token& stop, const SearchSinks& sinks) {
    const std::vector<float> scales = candidates_(alpha);
    const bool usable = all_finite(scales);
    AlphaTrial sum{alpha, usable ? 0.0 : std::nan(""), true};
    for (std::size_t c = 0; c < losses_.size(); ++c) {
      if (stop.stop_requested()) throw Error(ErrorKind::Cancelled, "the search was cancelled");
      if (!losses_[c]) continue;
      AlphaTrial trial{alpha, usable ? losses_[c]->of_scales(scales) : std::nan(""), true};
      trial.finite = std::isfinite(trial.loss);
      sum.loss += trial.loss;
      choice_.by_linear[c].trials.push_back(trial);
      if (sinks.on_consumer) sinks.on_consumer(c, trial);
    }
    if (usable && group_loss_ != nullptr) sum.loss = group_loss_->loss(scales);
    sum.finite = std::isfinite(sum.loss);
    choice_.curve.trials.push_back(sum);
    if (sinks.on_group) sinks.on_group(sum);
  }

  ScaleChoice finish() {
    const std::size_t best = best_trial();
    choice_.curve.best = best;
    for (AlphaCurve& curve : choice_.by_linear) curve.best = curve.trials.empty() ? 0 : best;
    choice_.alpha = choice_.curve.trials[best].alpha;
    choice_.channel_scales = candidates_(choice_.alpha);
    return std::move(choice_);
  }

 private:
  /// The pinned trial, else the first of the smallest finite losses.
  std::size_t best_trial() const {
    const std::vector<AlphaTrial>& trials = choice_.curve.trials;
    const std::optional<double> pinned =
        anything_to_search(problem_) ? pinned_alpha(problem_) : std::nullopt;
    std::optional<std::size_t> best;
    for (std::size_t i = 0; i < trials.size(); ++i) {
      if (!trials[i].finite) continue;
      if (pinned ? trials[i].alpha == *pinned : !best || trials[i].loss < trials[*best].loss) {
        best = i;
      }
    }
    if (best) return *best;
    throw Error(ErrorKind::BadInput,
                "block " + std::to_string(problem_.consumers.front().id.block) + " " +
                    std::string(short_name(problem_.consumers.front().id.role)) +
                    ": no candidate of the scale search has a finite loss; the weights or the "
                    "activations are out of range");
  }

  const SearchProblem& problem_;
  const GroupLoss* group_loss_;
  CandidateScales candidates_;
  std::vector<std::optional<GramLoss>> losses_;  ///< by consumer; none when kept FP16
  ScaleChoice choice_;
};

}  // namespace

ScaleChoice search_scales(Backend& backend, const SearchProblem& problem, SearchEffort effort,
                          const std::stop_token& stop, const SearchSinks& sinks,
                          const GroupLoss* group_loss) {
  Search search(backend, problem, effort, group_loss);
  for (const double alpha : alphas_of(problem)) search.try_alpha(alpha, stop, sinks);
  return search.finish();
}

ScaleChoice search_scales(Backend& backend, const SearchProblem& problem, SearchEffort effort,
                          const std::stop_token& stop, const TrialSink& on_trial) {
  return search_scales(backend, problem, effort, stop, SearchSinks{on_trial, {}}, nullptr);
}

}  // namespace salient
