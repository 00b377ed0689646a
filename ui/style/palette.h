// SPDX-License-Identifier: Apache-2.0
// Every colour of the design's table, for light and for dark: the only place where ui names a
// colour value. A widget asks paletteOf(*this) inside its paint event, so a theme change needs no
// signal: Qt repaints on PaletteChange and the next paint reads the other table.
#pragma once

#include <QColor>
#include <QPalette>

class QWidget;

namespace salient::ui {

enum class Theme { Light, Dark };

struct Palette {
  // Grounds: header and bars, views, cards; fields and tracks; the states of a fill.
  QColor window, surface, raised, sunken, hover, pressed;
  QColor hairline, border;
  QColor text, secondary, disabled;
  QColor accent, accentHover, accentPressed, accentTint, onAccent;
  // The three models. Full for lines and words, mid for edges, tint only for fills.
  QColor fp16, fp16Mid, fp16Tint;
  QColor awq, awqMid, awqTint;
  QColor rtn, rtnMid;
  QColor positive, positiveTint, warning, warningTint, danger, dangerTint;
  QColor axis, grid, ghost;
};

const Palette& themePalette(Theme theme);

// The theme whose window colour the QPalette carries (by lightness, so a desktop's own tint works).
Theme themeOf(const QPalette& palette);
Theme themeOf(const QWidget& widget);
const Palette& paletteOf(const QWidget& widget);

// The Qt roles filled from the table, for QApplication::setPalette.
QPalette qtPalette(Theme theme);

// WCAG 2 contrast ratio of two opaque colours, 1 to 21.
double contrastRatio(const QColor& first, const QColor& second);

}  // namespace salient::ui
