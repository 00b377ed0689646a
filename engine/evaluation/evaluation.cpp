// SPDX-License-Identifier: Apache-2.0
#include "engine/evaluation/evaluation.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <stdexcept>

#include "engine/error.h"
#include "engine/runtime/distribution.h"
#include "engine/runtime/sampler.h"

namespace salient {
namespace {

/// Tokens per forward pass: bounds the logits in memory to chunk x vocab floats.
constexpr std::size_t kChunk = 128;

/// Sums over the predictions of one window.
struct WindowScore {
  double predictions = 0;
  double nll_a = 0, nll_b = 0;
  double kl = 0;
  double agreements = 0;
};

void score_place(std::span<const float> a, std::span<const float> b, std::int32_t next,
                 WindowScore& score) {
  const auto target = static_cast<std::size_t>(next);
  score.predictions += 1;
  if (b.empty()) {
    score.nll_a += log_sum_exp(a) - static_cast<double>(a[target]);
    return;
  }
  const RowComparison rows = compare_rows(a, b);
  score.nll_a += rows.p_log_sum - static_cast<double>(a[target]);
  score.nll_b += rows.q_log_sum - static_cast<double>(b[target]);
  score.kl += rows.kl;
  score.agreements += greedy_pick(a) == greedy_pick(b) ? 1 : 0;
}

WindowScore score_window(Backend& backend, const Decoder& a, const Decoder* b,
                         std::span<const std::int32_t> ids, const std::stop_token& stop) {
  const auto capacity = static_cast<std::int64_t>(ids.size());
  const auto vocab = static_cast<std::size_t>(a.shape.config.vocab_size);
  Sequence sequence_a = make_sequence(backend, a.shape, capacity);
  Sequence sequence_b = b != nullptr ? make_sequence(backend, b->shape, capacity) : Sequence{};
  WindowScore score;
  for (std::size_t begin = 0; begin + 1 < ids.size(); begin += kChunk) {
    if (stop.stop_requested()) throw Error(ErrorKind::Cancelled, "evaluation stopped");
    const auto chunk = ids.subspan(begin, std::min(kChunk, ids.size() - begin));
    const Tensor logits_a =
        backend.download(forward(backend, a, sequence_a, chunk, LogitsOf::EveryToken));
    const Tensor logits_b =
        b != nullptr
            ? backend.download(forward(backend, *b, sequence_b, chunk, LogitsOf::EveryToken))
            : Tensor();
    for (std::size_t i = 0; i < chunk.size() && begin + i + 1 < ids.size(); ++i) {
      const auto row_a = logits_a.as<float>().subspan(i * vocab, vocab);
      const auto row_b =
          b != nullptr ? logits_b.as<float>().subspan(i * vocab, vocab) : std::span<const float>();
      score_place(row_a, row_b, ids[begin + i + 1], score);
    }
  }
  return score;
}

struct MeanWithError {
  double mean = 0, standard_error = 0;
};

/// Mean per prediction of a per-window sum, with the standard error over windows (a ratio estimate:
/// windows differ in length, and predictions inside one are not independent).
MeanWithError ratio_mean(const std::vector<WindowScore>& scores,
                         double (*value)(const WindowScore&)) {
  double sum = 0, predictions = 0;
  for (const WindowScore& score : scores) {
    sum += value(score);
    predictions += score.predictions;
  }
  const double mean = sum / predictions;
  const auto n = static_cast<double>(scores.size());
  if (scores.size() < 2) return {mean, 0};
  double squares = 0;
  for (const WindowScore& score : scores) {
    const double residual = value(score) - mean * score.predictions;
    squares += residual * residual;
  }
  return {mean, std::sqrt(squares * n / (n - 1)) / predictions};
}

Perplexity perplexity_of(const std::vector<WindowScore>& scores,
                         double (*nll)(const WindowScore&)) {
  const MeanWithError mean = ratio_mean(scores, nll);
  double predictions = 0;
  for (const WindowScore& score : scores) predictions += score.predictions;
  const double value = std::exp(mean.mean);
  return {value, value * mean.standard_error, static_cast<std::int64_t>(predictions)};
}

void compare(const std::vector<WindowScore>& scores, Evaluation& result) {
  result.b = perplexity_of(scores, [](const WindowScore& s) { return s.nll_b; });
  const auto kl = ratio_mean(scores, [](const WindowScore& s) { return s.kl; });
  const auto top1 = ratio_mean(scores, [](const WindowScore& s) { return s.agreements; });
  const auto ratio = ratio_mean(scores, [](const WindowScore& s) { return s.nll_b - s.nll_a; });
  result.kl_mean = kl.mean;
  result.kl_stderr = kl.standard_error;
  result.top1_agreement = top1.mean;
  result.top1_stderr = top1.standard_error;
  result.log_ratio = ratio.mean;
  result.log_ratio_stderr = ratio.standard_error;
}

void check_comparable(const Decoder& a, const Decoder* b) {
  if (b == nullptr || a.shape.config.vocab_size == b->shape.config.vocab_size) return;
  throw Error(ErrorKind::BadInput, "the two models have vocabularies of " +
                                       std::to_string(a.shape.config.vocab_size) + " and " +
                                       std::to_string(b->shape.config.vocab_size) +
                                       " tokens and cannot be compared");
}

}  // namespace

std::vector<std::vector<std::int32_t>> evaluation_windows(const Tokenizer& tokenizer,
                                                          std::string_view text,
                                                          const EvaluationOptions& options) {
  if (options.window < 2) {
    throw Error(ErrorKind::BadInput, "the window is " + std::to_string(options.window) +
                                         " tokens, it has to be at least 2");
  }
  const auto ids = tokenizer.encode(text, SpecialTokens::Omit, ControlTokens::PlainText);
  const auto window = static_cast<std::size_t>(options.window);
  std::vector<std::vector<std::int32_t>> windows;
  for (std::size_t begin = 0; begin + window <= ids.size(); begin += window) {
    if (options.max_windows > 0 &&
        windows.size() >= static_cast<std::size_t>(options.max_windows)) {
      break;
    }
    const auto first = ids.begin() + static_cast<std::ptrdiff_t>(begin);
    windows.emplace_back(first, first + options.window);
  }
  // A text shorter than one window is scored as it is rather than not at all.
  if (windows.empty() && ids.size() >= 2) windows.push_back(ids);
  if (windows.empty()) {
    throw Error(ErrorKind::BadInput, "the evaluation text has " + std::to_string(ids.size()) +
                                         " tokens, it needs at least 2");
  }
  return windows;
}

Evaluation evaluate(Backend& backend, const Decoder& a, const Decoder* b,
                    const std::vector<std::vector<std::int32_t>>& windows, std::stop_token stop,
                    const std::function<void(std::int64_t done, std::int64_t total)>& progress) {
  check_comparable(a, b);
  std::vector<WindowScore> scores;
  for (const auto& ids : windows) {
    scores.push_back(score_window(backend, a, b, ids, stop));
    if (progress) {
      progress(static_cast<std::int64_t>(scores.size()), static_cast<std::int64_t>(windows.size()));
    }
  }
  Evaluation result;
  result.window = windows.empty() ? 0 : static_cast<std::int64_t>(windows.front().size());
  result.windows = static_cast<std::int64_t>(windows.size());
  result.a = perplexity_of(scores, [](const WindowScore& s) { return s.nll_a; });
  if (b != nullptr) compare(scores, result);
  return result;
}

}  // namespace salient
