// SPDX-License-Identifier: Apache-2.0
#pragma once

// The picture on the start page: mean |x| of the inputs of one layer of the demo model (block 28
// mlp.down_proj of SmolLM2-135M-Instruct over the bundled calibration text), pooled by maximum.

#include <QString>
#include <span>

namespace salient::ui {

std::span<const float> sampleChannels();
/// Magnitude from which a channel is among the top 1 %.
float sampleSalientLine();
QString sampleClaim();
QString sampleExplanation();

}  // namespace salient::ui
