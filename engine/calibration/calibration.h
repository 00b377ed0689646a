// SPDX-License-Identifier: Apache-2.0
#pragma once

// Calibration: text to token windows, and what a block's linear inputs looked like over them.
// Windows are pushed through one float32 block at a time; statistics are summed window by window,
// so the same text gives the same bytes for any batch size and thread count.

#include <array>
#include <cstdint>
#include <functional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/model/decoder.h"
#include "engine/tokenizer/tokenizer.h"

namespace salient {

struct CalibrationOptions {
  std::int64_t samples = 64;
  std::int64_t seq_len = 512;
  std::uint64_t seed = 0;  ///< chooses which windows of a longer text
};

struct CalibrationWindows {
  std::vector<std::vector<std::int32_t>> windows;  ///< each seq_len ids (the last may be shorter)
  std::int64_t token_count = 0;
  /// Empty, or what the user should know: fewer windows than asked, text that is not UTF-8.
  std::string warning;
};

/// Windows do not overlap, carry no BOS, and stand in the order of the text. Of a text that is much
/// longer than needed only seeded pieces are tokenized, so time and memory follow the windows
/// asked, not the text; a piece ends at a line where it can, else at a character.
/// Throws Error(BadInput) when the text gives fewer than `kMinCalibrationTokens` tokens, and
/// Error(Cancelled) within a piece of the text.
inline constexpr std::int64_t kMinCalibrationTokens = 32;
CalibrationWindows make_windows(const Tokenizer& tokenizer, std::string_view text,
                                const CalibrationOptions& options,
                                const std::stop_token& stop = {});

/// What one distinct linear input looked like.
struct SiteStats {
  std::int64_t tokens = 0;
  std::vector<float> magnitude;  ///< [features] mean |x|
  std::vector<float> max;        ///< [features] max |x|
  std::vector<float> energy;     ///< [features] Σ x², the diagonal of the Gram matrix
  Tensor gram;  ///< [features, features] F32, lower triangle of Σ x xᵀ, in the device's memory
};

/// All inputs of one block; those that its family does not have are empty.
struct ActivationStats {
  std::array<SiteStats, kSites.size()> sites;
  /// What entered the block, of the first windows: for a loss at the block's output.
  std::vector<Tensor> kept_inputs;  ///< per window [tokens, hidden_size] F32
  const SiteStats& operator[](Site site) const { return sites[index_of(site)]; }
  SiteStats& operator[](Site site) { return sites[index_of(site)]; }
};

/// Hidden states of every window, carried from block to block, in the device's memory.
struct CalibrationState {
  std::vector<Tensor> hidden;  ///< per window [tokens, hidden_size] F32
};
/// Throws Error(BadInput) for an id beyond the embedding's rows. With what a model has around its
/// blocks, or of a model that has nothing there.
CalibrationState embed_windows(Backend& backend, const DecoderShape& shape, const Tensor& embedding,
                               const Surroundings& around, const CalibrationWindows& windows);
CalibrationState embed_windows(Backend& backend, const Tensor& embedding,
                               const CalibrationWindows& windows);

/// Pushes every window through `block` (in the device's memory) in place and returns the statistics
/// of its inputs, with the inputs of the first `kept_windows` windows. `progress` is called after
/// each window with (done, total). Throws Error(Cancelled) between two stages of a window (`state`
/// is then of no further use), and Error(BadInput) for an activation that is not finite.
ActivationStats calibrate_block(Backend& backend, const DecoderShape& shape, const Block& block,
                                CalibrationState& state, const std::stop_token& stop,
                                const std::function<void(std::int64_t, std::int64_t)>& progress,
                                std::int64_t kept_windows = 0);

}  // namespace salient
