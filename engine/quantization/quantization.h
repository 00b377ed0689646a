// SPDX-License-Identifier: Apache-2.0
#pragma once

// The method: pure functions from (weights, statistics, scheme) to results. They never edit a
// model. One scale group at a time: search α, fold s, clip, round, and the statistics that explain
// it.
//
// Objective (paper eq. 3): L(s) = ‖Q(W·diag(s))·diag(s)⁻¹·X − W·X‖² = tr(E·G·Eᵀ), G = X·Xᵀ.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/calibration/calibration.h"

namespace salient {

enum class Method { Rtn, Awq };
enum class ClipMode { Off, Search };
/// Where the loss of the search is measured: at the linears (the paper's equation, from the Gram
/// matrix) or at the output of the attention or MLP block (the reference implementations' way, with
/// forward passes).
enum class LossSite { LinearOutput, BlockOutput };

/// What applies to one linear after defaults and --layer overrides are merged.
struct LinearSettings {
  QuantScheme scheme = {};
  Method method = Method::Awq;
  ClipMode clip = ClipMode::Search;
  std::optional<double> alpha = std::nullopt;  ///< pinned instead of searched
  bool keep_fp16 = false;
  bool operator==(const LinearSettings&) const = default;
};

/// One candidate of the search. `loss` is relative to α = 0 nowhere: it is tr(E G Eᵀ) / tokens.
struct AlphaTrial {
  double alpha = 0;
  double loss = 0;
  bool finite = true;  ///< false: skipped, shown as a cross
};

struct AlphaCurve {
  std::vector<AlphaTrial> trials;  ///< in the order tried; trials[0] is α = 0, the RTN baseline
  std::size_t best = 0;
  double signal = 0;  ///< tr(W G Wᵀ) / tokens, so that loss / signal is relative
  bool exact = true;  ///< false: an estimate from a share of the rows
};

/// Grid of the search: α = i / kAlphaSteps, i = 0 … kAlphaSteps - 1, so α = 0 (RTN) is always in
/// it.
inline constexpr int kAlphaSteps = 20;

/// s = magnitude^α, floored at 1e-4, divided by sqrt(max·min); dead channels (magnitude 0) keep 1
/// and are left out of max and min.
std::vector<float> channel_scales_for(std::span<const float> magnitude, double alpha);
/// Under grouped-query attention: the query heads' channels reduced to one per KV head channel by
/// their maximum, [num_kv_heads·head_dim], and spread back to [num_heads·head_dim].
std::vector<float> reduce_to_kv_heads(std::span<const float> magnitude, const ModelConfig& config);
std::vector<float> spread_to_heads(std::span<const float> per_kv_channel,
                                   const ModelConfig& config);

/// The consumers of one scale group with what the search needs of them.
struct SearchProblem {
  struct Consumer {
    LinearId id;
    const Tensor* weight = nullptr;  ///< [out_features, in_features] F32, unscaled
    LinearSettings settings;
  };
  std::vector<Consumer> consumers;
  const SiteStats* input = nullptr;
  Producer producer = Producer::AttentionNorm;
  const ModelConfig* config = nullptr;
  /// [channels of the producer] the largest |value| that 1/s will multiply, biases included; s
  /// stays 1 where it is 0, and s is bounded so that no folded value passes float16. Empty: not
  /// bounded.
  std::vector<float> producer_peak;
};

/// What takes up 1/s in a group: the row's producer, or None where that would not be exact. A value
/// that is clamped, and an up_proj whose output goes through a curve, cannot.
Producer producer_of(const ModelConfig& config, const ScaleGroupRow& group);
/// Why a group keeps s = 1 although its row has a producer or none at all; empty when it is scaled.
std::string unscaled_because(const ModelConfig& config, const ScaleGroupRow& group);

/// The problem of one scale group, viewing `block` (dense float32) and `stats`.
SearchProblem make_search_problem(Backend& backend, const DecoderShape& shape, const Block& block,
                                  std::int64_t block_index, const ActivationStats& stats,
                                  const ScaleGroupRow& group,
                                  const std::function<LinearSettings(const LinearId&)>& settings);

struct ScaleChoice {
  AlphaCurve curve;                   ///< summed over the consumers
  std::vector<AlphaCurve> by_linear;  ///< one per consumer, same α; no trials when kept FP16
  double alpha = 0;
  std::vector<float> channel_scales;  ///< [in_features] as consumers see it
};

using TrialSink = std::function<void(const AlphaTrial&)>;
/// Share of the rows that an estimate uses: at least 256 rows, fixed for a run.
enum class SearchEffort { Exact, Estimate };
inline constexpr std::int64_t kEstimateRows = 256;

/// Consumers kept in FP16 are left out of the loss; when all others are round-to-nearest, α = 0 is
/// the only trial. A pinned α is tried beside the grid and taken. Throws Error(Cancelled) within
/// one α, and Error(BadInput) when no candidate is finite.
ScaleChoice search_scales(Backend& backend, const SearchProblem& problem, SearchEffort effort,
                          const std::stop_token& stop, const TrialSink& on_trial);

/// Statistics of Δ′/Δ (the paper's Table 2). Steps are exact here, before float16.
struct StepStats {
  double changed_share = 0;     ///< share of all groups with Δ′ ≠ Δ
  double mean_step_ratio = 1;   ///< mean Δ′/Δ over all groups
  double mean_error_ratio = 1;  ///< mean Δ′/(Δ·s) over the salient channels' weights
  double median_step_ratio = 1;
  double salient_error_ratio = 1;  ///< median of Δ′/(Δ·s) over salient channels' weights
  double other_error_ratio = 1;    ///< the same over the others
  double predicted = 1;            ///< median 1/s over salient channels
  /// Histogram of log2(Δ′/(Δ·s)), kHistogramBins bins over [-kHistogramRange, kHistogramRange].
  std::vector<std::int64_t> salient_histogram, other_histogram;
};
inline constexpr int kHistogramBins = 96;
inline constexpr double kHistogramRange = 6.0;

/// Indices of the top `share` channels by magnitude, at least one, in channel order.
std::vector<std::int64_t> salient_channels(std::span<const float> magnitude, double share);
/// Share of Σ x² that these channels carry.
double energy_share(const SiteStats& stats, std::span<const std::int64_t> channels);

/// s is divided by its median first: a common factor cancels in the error and would move every Δ′.
StepStats step_statistics(Backend& backend, const Tensor& weight,
                          std::span<const float> channel_scales,
                          std::span<const std::int64_t> salient, const QuantScheme& scheme);
/// The paper's Table 2 on one linear: s = factor on the salient channels, 1 elsewhere.
struct FixedScaleRow {
  double factor = 1;
  StepStats stats;
  double loss_over_rtn = 1;
  /// The table's third line: mean Δ′/Δ over all groups, divided by the factor.
  double paper_error_ratio() const { return stats.mean_step_ratio / factor; }
};
std::vector<FixedScaleRow> fixed_scale_table(Backend& backend, const Tensor& weight,
                                             const SiteStats& input,
                                             std::span<const std::int64_t> salient,
                                             const QuantScheme& scheme,
                                             std::span<const double> factors);

/// Clip thresholds for the folded weight W·diag(s) and D⁻¹ G D⁻¹ of its input: the backend's search
/// by row and group, and no clip on a row whose whole loss it would raise.
struct ClipChoice {
  Tensor clip;  ///< [out_features, num_groups] F32 max |w·s|, in the device's memory
  std::vector<double> row_losses;  ///< [out_features] e_o G' e_oᵀ with `clip`
};
ClipChoice search_clip(Backend& backend, const Tensor& folded_weight, const Tensor& folded_gram,
                       const QuantScheme& scheme);

/// What happened to one linear: numbers for tables, captions and files. No arrays of weight size.
struct LinearReport {
  LinearId id;
  std::string name;  ///< "model.layers.3.mlp.down_proj"
  std::int64_t out_features = 0;
  std::int64_t in_features = 0;
  LinearSettings settings;
  double alpha = 0;
  double loss_rtn = 0;     ///< tr(E G Eᵀ) / tokens of plain rounding
  double loss_scaled = 0;  ///< after s
  double loss = 0;         ///< after s and clip: what is stored
  double signal = 0;       ///< tr(W G Wᵀ) / tokens
  AlphaCurve curve;        ///< this linear's own
  StepStats steps;
  std::int64_t packed_bytes = 0;
  std::string note;  ///< fallback or oddity in one sentence, empty when none
  double error_cut() const { return loss > 0 ? loss_rtn / loss : 1.0; }
};

/// A quantized block, ready for the journal: every tensor in the host's memory.
struct QuantizedBlock {
  std::int64_t block = 0;
  /// [hidden] F32, 1/s folded in; empty where the family has none.
  Tensor attention_norm, mlp_norm, attention_norm_bias, mlp_norm_bias;
  struct Entry {
    LinearId id;
    std::optional<QuantizedMatrix> codes;  ///< absent: kept FP16
    Tensor dense;                          ///< [out, in] F32 scaled weights when kept FP16
    Tensor bias;                           ///< F32, 1/s folded in where the row is a producer
    std::vector<float> channel_scales;     ///< [in_features] folded into the columns
    /// [out_features, num_groups] F32 max |w·s| in force (in units of W·diag(s), before the rows of
    /// a producer are divided); empty when not clipped.
    Tensor clip;
  };
  std::vector<Entry> linears;         ///< in the order of the row's linears
  std::vector<LinearReport> reports;  ///< same order
};

struct BlockOptions {
  std::function<LinearSettings(const LinearId&)> settings;
  /// BlockOutput needs ActivationStats::kept_inputs; kBlockLossWindows are enough.
  LossSite loss_site = LossSite::LinearOutput;
  double salient_share = 0.01;
};

inline constexpr std::int64_t kBlockLossWindows = 4;

/// What `quantize_block` tells while it works.
struct BlockSink {
  std::function<void(const LinearId&, const AlphaTrial&)> on_trial;
  /// The scales are those of the columns, [in_features].
  std::function<void(const LinearReport&, const std::vector<float>& channel_scales)> on_linear;
};

/// Search, fold, clip and round one block, dense in float32, in the device's memory. Scales of
/// every group are searched on the original weights, then folded, then clip and rounding see the
/// folded weights and G' = D⁻¹ G D⁻¹. Throws Error(Cancelled) within one α; Error(BadInput) when no
/// candidate is finite.
QuantizedBlock quantize_block(Backend& backend, const DecoderShape& shape, const Block& block,
                              std::int64_t block_index, const ActivationStats& stats,
                              const BlockOptions& options, std::stop_token stop,
                              const BlockSink& sink);

/// What the heat map of one linear is made of, each [out_features, in_features] F32, in the host's
/// memory.
struct ErrorPlanes {
  Tensor weight;     ///< W
  Tensor rtn_error;  ///< Q(W) − W
  Tensor awq_error;  ///< Q(W·s)/s − W, clip included
};
ErrorPlanes error_planes(Backend& backend, const Tensor& weight,
                         std::span<const float> channel_scales, const Tensor* clip,
                         const QuantScheme& scheme);

}  // namespace salient
