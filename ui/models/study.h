// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the views show of the selected linear at the knobs in force: from the run itself while the
// knobs are those of the run, else searched again from the cached Gram matrix.

#include <QString>
#include <memory>
#include <optional>
#include <vector>

#include "ui/bridge/messages.h"
#include "ui/models/run_state.h"

namespace salient::ui {

/// A curve of settings tried before on the same linear.
struct GhostCurve {
  QString label;  ///< "4-bit g128"
  AlphaCurve curve;
  double lossRtn = 0;
};

enum class StudyStage {
  Nothing,    ///< no linear selected, or its block not measured yet
  Searching,  ///< asked; older pictures may still stand
  Complete,   ///< curve, planes and table belong to the settings
  NotAtHand,  ///< the Gram matrix is gone: "Measure this linear"
  Failed,
};

struct Study {
  std::optional<LinearId> linear;
  LinearSettings settings;
  StudyStage stage = StudyStage::Nothing;
  bool whatIf = false;  ///< the knobs differ from the run
  bool exact = true;
  double seconds = 0;  ///< knob to curve
  std::shared_ptr<const LinearResult> result;
  std::shared_ptr<const StudyPlanes> planes;
  bool planesCurrent = false;  ///< false: a picture of the settings before
  std::vector<FixedScaleRow> fixedScales;
  std::vector<GhostCurve> ghosts;  ///< newest last, at most three
  QString error;
};

}  // namespace salient::ui
