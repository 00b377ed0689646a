// SPDX-License-Identifier: Apache-2.0
// The only two movements of the window: hover fades in 80 ms, a row that comes or goes takes
// 120 ms. Neither moves where the platform asks for less motion. Plots always jump.
#pragma once

#include <QObject>

class QApplication;
class QStyleOption;
class QWidget;

namespace salient::ui {

enum class Motion { Hover, Collapse };

// Milliseconds; 0 under reduced motion.
int motionDuration(Motion motion);
void setReducedMotion(bool reduced);
bool reducedMotion();

// Watches the application for pointers that come to and leave buttons and combos.
class HoverFade : public QObject {
  Q_OBJECT

 public:
  explicit HoverFade(QApplication& application);

  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  void fade(QWidget& widget, double to);
};

// 0 at rest, 1 hovered, between while it fades.
double hoverShare(const QWidget* widget, bool hovered);

}  // namespace salient::ui
