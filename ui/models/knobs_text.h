// SPDX-License-Identifier: Apache-2.0
#pragma once

// Knobs as one line of JSON for the settings file, so that an unfinished run is opened again with
// the very knobs it was started with. Pure.

#include <QString>
#include <optional>

#include "ui/models/knobs.h"

namespace salient::ui {

QString knobsText(const Knobs& knobs);
/// Empty when `text` is not what knobsText wrote.
std::optional<Knobs> readKnobsText(const QString& text);

}  // namespace salient::ui
