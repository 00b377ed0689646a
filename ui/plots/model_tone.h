// SPDX-License-Identifier: Apache-2.0
// FP16 is ink, RTN ochre, AWQ blue: in every view, text and export.
#pragma once

#include <QColor>

#include "ui/style/palette.h"

namespace salient::ui {

enum class ModelTone { Fp16, Rtn, Awq };

inline const QColor& toneColor(ModelTone tone, const Palette& p) {
  if (tone == ModelTone::Fp16) return p.fp16;
  return tone == ModelTone::Rtn ? p.rtn : p.awq;
}

}  // namespace salient::ui
