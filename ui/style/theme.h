// SPDX-License-Identifier: Apache-2.0
// Puts the design on the application: Fusion under our proxy style, the palette of the theme, the
// application font, the keyboard focus ring. Call it again to change theme or font size at run
// time.
#pragma once

#include "ui/style/palette.h"

class QApplication;
class QWidget;

namespace salient::ui {

enum class ThemeSetting { System, Light, Dark };

struct ThemeOptions {
  Theme theme = Theme::Light;
  double fontScale = 1.0;  // 0.8 to 2 in the settings
};

void applyTheme(QApplication& application, const ThemeOptions& options);

// Gives a view or page the surface colour (QPalette::Base); bars keep the window colour.
void setSurface(QWidget& widget);

}  // namespace salient::ui
