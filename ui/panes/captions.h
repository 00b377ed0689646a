// SPDX-License-Identifier: Apache-2.0
#pragma once

// The window's own sentences, from values to marked text (**bold** numbers): plans, waiting, the
// job bar. What report and command line say too lives in engine/report/captions.h. Pure functions.

#include <QString>

#include "ui/models/session.h"

namespace salient::ui::captions {

QString map(const RunState& run);
/// Why a view of the selected linear is still empty: "Block 12 is measured next."
QString waiting(const RunState& run, const Study& study);
/// What the views of the selected linear cannot show and why; empty when nothing is missing.
QString missing(const Session& session);
QString channels(const RunState& run, const LinearId& id, double share);
QString weightError(const Study& study, std::optional<std::int64_t> channel);
QString scaleSearch(const RunState& run, const Study& study);
QString stepRatio(const Study& study);
/// Size and quality at the right of the knobs: "**114 MB**  **0.15×** the error of RTN".
QString effect(const Session& session);
/// "self_attn.v_proj" details under the map.
QString linearDetails(const RunState& run, const LinearId& id);

QString jobHeadline(const RunState& run);  ///< "**Block 18 of 30**"
QString jobActivity(const RunState& run);  ///< "searching mlp.down_proj"
QString jobTime(const RunState& run);      ///< "**63 %**  **0:34** left"
QString jobQuality(const EvaluationState& evaluation);
QString jobMemory(const RunState& run);
QString device(const DeviceInfo& device);
QString freeMemory(const DeviceInfo& device);  ///< "9.8 GB memory free"

QString planFacts(const Plan& plan);
QString goToText(const RunState& run, const std::optional<LinearId>& id);

}  // namespace salient::ui::captions
