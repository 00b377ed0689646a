// SPDX-License-Identifier: Apache-2.0
#pragma once

// From signed errors to the pictures that the heat map shows: error weighed by how strong its input
// channel is. Pure.

#include <span>

#include "engine/quantization/quantization.h"
#include "ui/bridge/linear_study.h"
#include "ui/bridge/messages.h"

namespace salient::ui {

/// `magnitude` [in_features].
StudyPlanes studyPlanes(BothRoundings both, std::span<const float> magnitude);

}  // namespace salient::ui
