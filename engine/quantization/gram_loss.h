// SPDX-License-Identifier: Apache-2.0
#pragma once

// tr(E G Eᵀ) / tokens of one linear for given channel scales: on all rows, or on seeded rows spread
// over the matrix and weighted up to it.

#include <span>

#include "engine/quantization/quantization.h"

namespace salient {

class GramLoss {
 public:
  /// `rows` 0: all of them. `input` must outlive the object.
  GramLoss(Backend& backend, const Tensor& weight, const SiteStats& input,
           const QuantScheme& scheme, std::int64_t rows);

  /// Of rounding W·diag(s).
  double of_scales(std::span<const float> channel_scales);
  /// tr(W G Wᵀ) / tokens.
  double signal();

 private:
  Backend& backend_;
  const SiteStats& input_;
  QuantScheme scheme_;
  Tensor weight_;  ///< [rows, in_features] F32
  double factor_;  ///< rows of the matrix per row used, over tokens
};

}  // namespace salient
