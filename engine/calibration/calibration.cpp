// SPDX-License-Identifier: Apache-2.0
#include "engine/calibration/calibration.h"

#include <algorithm>
#include <cmath>

#include "engine/error.h"
#include "engine/stop.h"

namespace salient {
namespace {

/// Sums what a block's linears read, window after window.
class StatsTap final : public ActivationTap {
 public:
  StatsTap(Backend& backend, const std::stop_token& stop) : backend_(backend), stop_(stop) {}

  void observe(Site site, const Tensor& x) override {
    throw_if_stopped(stop_);
    SiteStats& stats = stats_[site];
    Magnitudes& magnitudes = magnitudes_[index_of(site)];
    if (stats.gram.empty()) {
      stats.gram = backend_.allocate_zeros(DType::F32, {x.dim(1), x.dim(1)});
      magnitudes.max = backend_.allocate_zeros(DType::F32, {x.dim(1)});
      magnitudes.sum = backend_.allocate_zeros(DType::F64, {x.dim(1)});
    }
    backend_.accumulate_gram(x, stats.gram);
    backend_.accumulate_magnitude(x, magnitudes.sum, magnitudes.max);
    stats.tokens += x.dim(0);
    throw_if_stopped(stop_);
  }

  ActivationStats finish() {
    for (const Site site : kSites) {
      SiteStats& stats = stats_[site];
      if (stats.gram.empty()) continue;
      const Tensor sums = backend_.download(magnitudes_[index_of(site)].sum);
      for (const double sum : sums.as<double>()) {
        stats.magnitude.push_back(static_cast<float>(sum / static_cast<double>(stats.tokens)));
      }
      const Tensor max = backend_.download(magnitudes_[index_of(site)].max);
      stats.max.assign(max.as<float>().begin(), max.as<float>().end());
      stats.energy = backend_.diagonal(stats.gram);
    }
    return std::move(stats_);
  }

 private:
  struct Magnitudes {
    Tensor sum;  ///< [features] F64
    Tensor max;  ///< [features] F32
  };

  Backend& backend_;
  const std::stop_token& stop_;
  ActivationStats stats_;
  std::array<Magnitudes, kSites.size()> magnitudes_;
};

void require_finite(const ActivationStats& stats) {
  for (const Site site : kSites) {
    const std::vector<float>& magnitude = stats[site].magnitude;
    const auto bad = std::find_if(magnitude.begin(), magnitude.end(),
                                  [](float value) { return !std::isfinite(value); });
    if (bad == magnitude.end()) continue;
    throw Error(ErrorKind::BadInput, "the " + std::string(name_of(site)) + " is not finite in " +
                                         "channel " + std::to_string(bad - magnitude.begin()) +
                                         "; the weights of this block or one before are broken");
  }
}

std::int64_t longest_window(const CalibrationState& state) {
  std::int64_t longest = 0;
  for (const Tensor& hidden : state.hidden) longest = std::max(longest, hidden.dim(0));
  return longest;
}

}  // namespace

CalibrationState embed_windows(Backend& backend, const DecoderShape& shape, const Tensor& embedding,
                               const Surroundings& around, const CalibrationWindows& windows) {
  const std::int64_t rows = embedding.dim(0);
  const Linear table = DenseLinear{backend.upload(embedding), {}};
  const Tensor start = backend.allocate_zeros(DType::I32, {1});
  CalibrationState state;
  for (const std::vector<std::int32_t>& ids : windows.windows) {
    for (const std::int32_t id : ids) {
      if (id >= 0 && id < rows) continue;
      throw Error(ErrorKind::BadInput, "the calibration text has token " + std::to_string(id) +
                                           ", the embedding has " + std::to_string(rows) + " rows");
    }
    const auto tokens = static_cast<std::int64_t>(ids.size());
    Tensor window = backend.allocate(DType::I32, {tokens});
    backend.write(ids, window);
    Tensor x = backend.allocate(DType::F32, {tokens, shape.config.hidden_size});
    embed_tokens(backend, shape, table, around, window, {start, tokens}, x);
    state.hidden.push_back(std::move(x));
  }
  return state;
}

CalibrationState embed_windows(Backend& backend, const Tensor& embedding,
                               const CalibrationWindows& windows) {
  static const Architecture kPlain{};
  DecoderShape shape;
  shape.architecture = &kPlain;
  shape.config.hidden_size = embedding.dim(1);
  return embed_windows(backend, shape, embedding, {}, windows);
}

ActivationStats calibrate_block(Backend& backend, const DecoderShape& shape, const Block& block,
                                CalibrationState& state, const std::stop_token& stop,
                                const std::function<void(std::int64_t, std::int64_t)>& progress,
                                std::int64_t kept_windows) {
  StatsTap tap(backend, stop);
  std::vector<Tensor> kept;
  KvLayer cache = make_kv_layer(backend, shape, longest_window(state));
  const Tensor start = backend.allocate_zeros(DType::I32, {1});
  const auto total = static_cast<std::int64_t>(state.hidden.size());
  for (std::int64_t done = 0; done < total; ++done) {
    throw_if_stopped(stop);
    Tensor& hidden = state.hidden[static_cast<std::size_t>(done)];
    if (done < kept_windows) kept.push_back(backend.copy(hidden));
    forward_block(backend, shape, block, hidden, {start, hidden.dim(0)}, cache, &tap);
    if (progress) progress(done + 1, total);
  }
  ActivationStats stats = tap.finish();
  stats.kept_inputs = std::move(kept);
  require_finite(stats);
  return stats;
}

}  // namespace salient
