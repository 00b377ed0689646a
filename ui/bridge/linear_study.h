// SPDX-License-Identifier: Apache-2.0
#pragma once

// One linear under the glass: its scale group searched again from the Gram matrix, its error planes
// and the paper's fixed-s table. Plain functions over the engine; engine thread only.

#include <span>
#include <stop_token>
#include <vector>

#include "engine/model/decoder.h"
#include "engine/quantization/quantization.h"
#include "ui/bridge/engine_commands.h"

namespace salient::ui {

/// What a study reads, all of one block.
struct StudyMaterial {
  const DecoderShape& shape;
  const Block& block;  ///< dense F32, unscaled
  const ActivationStats& stats;
};

struct ScaledLinear {
  LinearReport report;
  std::vector<float> channelScales;  ///< [in_features]
};

/// The linears that share s with `role`, in the order of the Architecture row.
std::span<const LinearRole> scaleGroupOf(const Architecture& architecture, LinearRole role);

/// The curve and s for the request's settings. An estimate has no clip and no step statistics.
ScaledLinear searchLinear(Backend& backend, const StudyMaterial& material,
                          const StudyRequest& request, SearchEffort effort, std::stop_token stop);

/// W as it is, rounded plainly, and rounded after s and clip: errors and codes.
struct BothRoundings {
  ErrorPlanes planes;
  RoundedWeights rtn, awq;
};
BothRoundings roundBothWays(Backend& backend, const Tensor& weight,
                            std::span<const float> channelScales, const Tensor* clip,
                            const QuantScheme& scheme);

/// Both roundings for `scaled`, and its report completed with the losses that they show.
BothRoundings measurePlanes(Backend& backend, const StudyMaterial& material,
                            const StudyRequest& request, ScaledLinear& scaled);

/// s = 1.25, 1.5, 2, 3, 4 on the salient channels.
std::vector<FixedScaleRow> measureFixedScales(Backend& backend, const StudyMaterial& material,
                                              const StudyRequest& request);

}  // namespace salient::ui
