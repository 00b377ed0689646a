// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <utility>

#include "engine/quantization/quantization.h"

namespace salient {
namespace {

/// Medians are read from a histogram this much finer than the one that is shown: log2 is then known
/// to 1/512.
constexpr int kFinePerBin = 64;
constexpr int kFineBins = kHistogramBins * kFinePerBin;
constexpr double kFinePerOctave = kFineBins / (2 * kHistogramRange);

double median(std::vector<double> values) {
  if (values.empty()) return 1.0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// Counts of log2(Δ′/(Δ·s)) over weights.
class ErrorHistogram {
 public:
  ErrorHistogram() : counts_(kFineBins, 0) {}

  void add(int fine_bin, std::int64_t count) {
    counts_[static_cast<std::size_t>(std::clamp(fine_bin, 0, kFineBins - 1))] += count;
  }
  std::vector<std::int64_t> coarse() const {
    std::vector<std::int64_t> bins(kHistogramBins, 0);
    for (std::size_t i = 0; i < counts_.size(); ++i) bins[i / kFinePerBin] += counts_[i];
    return bins;
  }
  /// Middle of the fine bin that holds the median, as a ratio.
  double median_ratio() const {
    const std::int64_t total = std::accumulate(counts_.begin(), counts_.end(), std::int64_t{0});
    if (total == 0) return 1.0;
    std::int64_t seen = 0;
    std::size_t bin = 0;
    while (bin + 1 < counts_.size() && 2 * (seen += counts_[bin]) < total) ++bin;
    return std::exp2((static_cast<double>(bin) + 0.5) / kFinePerOctave - kHistogramRange);
  }

 private:
  std::vector<std::int64_t> counts_;
};

/// log2 of a ratio in fine bins, around the middle of the histogram's range.
int fine_log2(double ratio) {
  return static_cast<int>(std::lround(std::log2(ratio) * kFinePerOctave));
}

/// Per channel what the sums need: s by its median, 1/s, its logarithm, and whether it is salient.
struct Channels {
  std::vector<double> scale, inverse;
  std::vector<int> fine;
  std::vector<char> salient;

  Channels(std::span<const float> channel_scales, std::span<const std::int64_t> salient_channels) {
    const double middle = median({channel_scales.begin(), channel_scales.end()});
    for (const float s : channel_scales) {
      scale.push_back(static_cast<double>(s) / middle);
      inverse.push_back(1 / scale.back());
      fine.push_back(fine_log2(scale.back()));
    }
    salient.assign(scale.size(), 0);
    for (const std::int64_t j : salient_channels) salient[static_cast<std::size_t>(j)] = 1;
  }
};

/// Sums over the groups of a matrix, one column of groups after the other: the weights of a channel
/// differ by their group's ratio alone, so that a channel shifts its column's histogram.
class StepSums {
 public:
  explicit StepSums(const Channels& channels) : channels_(channels) {}

  /// `ratios` of one group column, by row; its channels are [first, first + count).
  void add_column(std::span<const double> ratios, std::size_t first, std::size_t count) {
    int lowest = 2 * kFineBins, highest = -1;
    double sum = 0;
    for (const double ratio : ratios) {
      ratios_.push_back(ratio);
      if (ratio != 1.0) ++changed_;
      const int bin = std::clamp(fine_log2(ratio) + kFineBins, 0, 2 * kFineBins - 1);
      ++column_[static_cast<std::size_t>(bin)];
      lowest = std::min(lowest, bin);
      highest = std::max(highest, bin);
      sum += ratio;
    }
    std::vector<std::pair<int, std::int64_t>> bins;
    for (int bin = lowest; bin <= highest; ++bin) {
      const std::int64_t rows = std::exchange(column_[static_cast<std::size_t>(bin)], 0);
      if (rows > 0) bins.emplace_back(bin - kFineBins / 2, rows);
    }
    for (std::size_t j = first; j < first + count; ++j) {
      ErrorHistogram& histogram = channels_.salient[j] != 0 ? salient_ : other_;
      for (const auto& [bin, rows] : bins) histogram.add(bin - channels_.fine[j], rows);
      if (channels_.salient[j] == 0) continue;
      salient_error_ += sum * channels_.inverse[j];
      salient_weights_ += static_cast<std::int64_t>(ratios.size());
    }
  }

  StepStats finish(std::span<const std::int64_t> salient) const {
    StepStats stats;
    if (ratios_.empty()) return stats;
    const auto groups = static_cast<double>(ratios_.size());
    stats.changed_share = static_cast<double>(changed_) / groups;
    stats.mean_step_ratio = std::accumulate(ratios_.begin(), ratios_.end(), 0.0) / groups;
    stats.median_step_ratio = median(ratios_);
    if (salient_weights_ > 0) {
      stats.mean_error_ratio = salient_error_ / static_cast<double>(salient_weights_);
    }
    stats.salient_error_ratio = salient_.median_ratio();
    stats.other_error_ratio = other_.median_ratio();
    stats.salient_histogram = salient_.coarse();
    stats.other_histogram = other_.coarse();
    std::vector<double> predicted;
    for (const std::int64_t j : salient) {
      predicted.push_back(channels_.inverse[static_cast<std::size_t>(j)]);
    }
    stats.predicted = median(std::move(predicted));
    return stats;
  }

 private:
  const Channels& channels_;
  std::vector<double> ratios_;  ///< Δ′/Δ by group
  /// Of one column while it is counted, else zeros: a map would cost more than all the rest.
  std::vector<std::int64_t> column_ = std::vector<std::int64_t>(2 * kFineBins, 0);
  std::int64_t changed_ = 0;
  double salient_error_ = 0;
  std::int64_t salient_weights_ = 0;
  ErrorHistogram salient_, other_;
};

}  // namespace

std::vector<std::int64_t> salient_channels(std::span<const float> magnitude, double share) {
  const auto wanted = static_cast<std::size_t>(
      std::lround(std::clamp(share, 0.0, 1.0) * static_cast<double>(magnitude.size())));
  std::vector<std::int64_t> channels(magnitude.size());
  std::iota(channels.begin(), channels.end(), std::int64_t{0});
  std::stable_sort(channels.begin(), channels.end(), [&](std::int64_t a, std::int64_t b) {
    return magnitude[static_cast<std::size_t>(a)] > magnitude[static_cast<std::size_t>(b)];
  });
  channels.resize(std::min(std::max<std::size_t>(wanted, 1), channels.size()));
  std::sort(channels.begin(), channels.end());
  return channels;
}

double energy_share(const SiteStats& stats, std::span<const std::int64_t> channels) {
  const double total = std::accumulate(stats.energy.begin(), stats.energy.end(), 0.0);
  double carried = 0;
  for (const std::int64_t j : channels) {
    carried += static_cast<double>(stats.energy[static_cast<std::size_t>(j)]);
  }
  return total > 0 ? carried / total : 0.0;
}

StepStats step_statistics(Backend& backend, const Tensor& weight,
                          std::span<const float> channel_scales,
                          std::span<const std::int64_t> salient, const QuantScheme& scheme) {
  const auto in_features = static_cast<std::size_t>(weight.dim(1));
  const auto group = static_cast<std::size_t>(scheme.group_of(weight.dim(1)));
  const std::vector<float> identity(channel_scales.empty() ? in_features : 0, 1.0F);
  const Channels channels(
      channel_scales.empty() ? std::span<const float>(identity) : channel_scales, salient);
  const Tensor ratios = backend.download(backend.step_ratios(weight, channels.scale, scheme));
  const auto rows = static_cast<std::size_t>(ratios.dim(0));
  const auto columns = static_cast<std::size_t>(ratios.dim(1));
  StepSums sums(channels);
  std::vector<double> column(rows);
  for (std::size_t g = 0; g < columns; ++g) {
    for (std::size_t row = 0; row < rows; ++row) {
      column[row] = ratios.as<double>()[row * columns + g];
    }
    sums.add_column(column, g * group, std::min(group, in_features - g * group));
  }
  return sums.finish(salient);
}

}  // namespace salient
