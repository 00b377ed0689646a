// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <numeric>

#include "engine/error.h"
#include "engine/quantization/block_loss.h"
#include "engine/quantization/clip_choice.h"
#include "engine/quantization/fold.h"
#include "engine/quantization/scale_search.h"

namespace salient {
namespace {

/// What the search found for one linear.
struct Searched {
  AlphaCurve curve;
  double alpha = 0;
  std::string note;
};

bool is_identity(std::span<const float> scales) {
  return std::all_of(scales.begin(), scales.end(), [](float s) { return s == 1.0F; });
}

bool all_zero(Backend& backend, const Tensor& weight) {
  const std::vector<float> peaks = backend.column_peaks(weight);
  return std::ranges::all_of(peaks, [](float peak) { return peak == 0.0F; });
}

/// The work on one block: search every group on the original weights, then fold, clip and round
/// one linear after the other.
class BlockWork {
 public:
  BlockWork(Backend& backend, const DecoderShape& shape, const Block& block,
            std::int64_t block_index, const ActivationStats& stats, const BlockOptions& options,
            std::stop_token stop, const BlockSink& sink)
      : backend_(backend),
        shape_(shape),
        block_(block),
        index_(block_index),
        stats_(stats),
        options_(options),
        stop_(std::move(stop)),
        sink_(sink) {}

  QuantizedBlock run() {
    for (const ScaleGroupRow& group : shape_.architecture->scale_groups) search(group);
    QuantizedBlock result;
    result.block = index_;
    const std::span<const float> attention = scales_[index_of(Site::AttentionInput)];
    const std::span<const float> mlp = scales_[index_of(Site::MlpInput)];
    result.attention_norm = fold_norm(backend_, block_.attention_norm, attention);
    result.attention_norm_bias = fold_norm(backend_, block_.attention_norm_bias, attention);
    result.mlp_norm = fold_norm(backend_, block_.mlp_norm, mlp);
    result.mlp_norm_bias = fold_norm(backend_, block_.mlp_norm_bias, mlp);
    for (const LinearRow& row : shape_.architecture->linears) finish(row.role, result);
    return result;
  }

 private:
  void search(const ScaleGroupRow& group);
  void finish(LinearRole role, QuantizedBlock& result);
  LinearReport new_report(LinearRole role, const FoldedLinear& folded) const;
  void round(const FoldedLinear& folded, LinearRole role, QuantizedBlock::Entry& entry,
             LinearReport& report);

  const SiteStats& input_of(LinearRole role) const {
    return stats_[shape_.architecture->row(role).input];
  }
  void check_stop() const {
    if (stop_.stop_requested()) throw Error(ErrorKind::Cancelled, "the search was cancelled");
  }

  Backend& backend_;
  const DecoderShape& shape_;
  const Block& block_;
  std::int64_t index_;
  const ActivationStats& stats_;
  const BlockOptions& options_;
  std::stop_token stop_;
  const BlockSink& sink_;
  BlockScales scales_;
  std::array<Tensor, kSites.size()> folded_gram_;
  std::array<Searched, kLinearRoles.size()> searched_;
};

/// What a reader of the report should know about how this linear got its α.
std::string note_of(const LinearSettings& settings, double alpha) {
  if (settings.keep_fp16) return {};
  if (settings.method == Method::Rtn && alpha != 0) {
    return "rounded to nearest on the channel scales of its group";
  }
  if (settings.alpha && *settings.alpha != alpha) {
    return "its pinned α gave way to that of another linear of its group";
  }
  return {};
}

void BlockWork::search(const ScaleGroupRow& group) {
  const SearchProblem problem =
      make_search_problem(backend_, shape_, block_, index_, stats_, group, options_.settings);
  SearchSinks sinks;
  sinks.on_consumer = [&](std::size_t consumer, const AlphaTrial& trial) {
    if (sink_.on_trial) sink_.on_trial(problem.consumers[consumer].id, trial);
  };
  std::optional<BlockLoss> block_loss;
  std::optional<GroupLoss> group_loss;
  if (options_.loss_site == LossSite::BlockOutput && BlockLoss::measures(group.input)) {
    block_loss.emplace(backend_, shape_, block_, stats_, group, problem);
    group_loss = block_loss->as_group_loss();
  }
  ScaleChoice choice = search_scales(backend_, problem, SearchEffort::Exact, stop_, sinks,
                                     group_loss ? &*group_loss : nullptr);
  for (std::size_t c = 0; c < problem.consumers.size(); ++c) {
    const SearchProblem::Consumer& consumer = problem.consumers[c];
    searched_[index_of(consumer.id.role)] = {std::move(choice.by_linear[c]), choice.alpha,
                                             note_of(consumer.settings, choice.alpha)};
  }
  if (is_identity(choice.channel_scales)) return;
  scales_[index_of(group.input)] = std::move(choice.channel_scales);
}

LinearReport BlockWork::new_report(LinearRole role, const FoldedLinear& folded) const {
  const Searched& searched = searched_[index_of(role)];
  LinearReport report;
  report.id = {index_, role};
  report.name = shape_.architecture->linear_name(index_, role);
  report.out_features = folded.weight.dim(0);
  report.in_features = folded.weight.dim(1);
  report.settings = options_.settings(report.id);
  report.alpha = searched.alpha;
  report.curve = searched.curve;
  report.signal = searched.curve.signal;
  report.note = searched.note;
  if (!searched.curve.trials.empty()) {
    report.loss_rtn = searched.curve.trials.front().loss;
    report.loss_scaled = searched.curve.trials[searched.curve.best].loss;
  }
  return report;
}

void BlockWork::round(const FoldedLinear& folded, LinearRole role, QuantizedBlock::Entry& entry,
                      LinearReport& report) {
  const LinearSettings& settings = report.settings;
  const LinearRow& row = shape_.architecture->row(role);
  Tensor& gram = folded_gram_[index_of(row.input)];
  if (gram.empty()) {
    gram = stats_[row.input].gram;
    if (const auto& scales = scales_[index_of(row.input)]; !scales.empty()) {
      gram = backend_.fold_gram(gram, scales);
    }
  }
  const bool clips = settings.clip == ClipMode::Search && settings.method == Method::Awq &&
                     row.clip == ClipRule::Search;
  auto [clip, losses] =
      clips ? search_clip(backend_, folded.weight, gram, settings.scheme)
            : ClipChoice{{},
                         rounding_losses(backend_, folded.weight, gram, settings.scheme, nullptr)};
  check_stop();
  entry.codes = backend_.quantize({folded.weight, {}, clips ? &clip : nullptr, settings.scheme});
  // In the units of the unfolded linear: a row that was divided counts by its divisor squared.
  const std::vector<float>& divisors = folded.folds.row_divisors;
  for (std::size_t o = 0; o < divisors.size(); ++o) {
    losses[o] *= std::pow(static_cast<double>(divisors[o]), 2);
  }
  report.loss = std::accumulate(losses.begin(), losses.end(), 0.0) /
                static_cast<double>(input_of(role).tokens);
  report.packed_bytes = entry.codes->packed_bytes();
  if (!clips) return;
  entry.clip = backend_.download(clip);
  const auto groups = static_cast<std::size_t>(clip.dim(1));
  for (std::size_t i = 0; i < groups * divisors.size(); ++i) {
    entry.clip.as<float>()[i] *= divisors[i / groups];
  }
}

void BlockWork::finish(LinearRole role, QuantizedBlock& result) {
  check_stop();
  const FoldedLinear folded = fold_linear(backend_, shape_, block_, role, scales_);
  check_stop();
  LinearReport report = new_report(role, folded);
  QuantizedBlock::Entry entry;
  entry.id = report.id;
  entry.bias = folded.bias;
  entry.channel_scales = folded.folds.column_scales;
  if (entry.channel_scales.empty()) {
    entry.channel_scales.assign(static_cast<std::size_t>(report.in_features), 1.0F);
  }
  if (report.settings.keep_fp16) {
    entry.dense = backend_.download(folded.weight);
    report.packed_bytes = report.out_features * report.in_features * 2;
  } else {
    round(folded, role, entry, report);
    check_stop();
    const Tensor& original = std::get<DenseLinear>(block_[role]).weight;
    report.steps = step_statistics(
        backend_, original, entry.channel_scales,
        salient_channels(input_of(role).magnitude, options_.salient_share), report.settings.scheme);
    if (all_zero(backend_, original)) report.note = "all weights are zero";
  }
  if (sink_.on_linear) sink_.on_linear(report, entry.channel_scales);
  result.linears.push_back(std::move(entry));
  result.reports.push_back(std::move(report));
}

}  // namespace

QuantizedBlock quantize_block(Backend& backend, const DecoderShape& shape, const Block& block,
                              std::int64_t block_index, const ActivationStats& stats,
                              const BlockOptions& options, std::stop_token stop,
                              const BlockSink& sink) {
  return BlockWork(backend, shape, block, block_index, stats, options, std::move(stop), sink).run();
}

}  // namespace salient
