// SPDX-License-Identifier: Apache-2.0
#include "ui/style/progress_strip.h"

#include <QPainter>
#include <cmath>

#include "ui/style/palette.h"
#include "ui/style/style_painting.h"

namespace salient::ui {
namespace {

constexpr int kSteps = 1000;

}  // namespace

ProgressStrip::ProgressStrip(QWidget* parent) : QProgressBar(parent) {
  setRange(0, kSteps);
  setTextVisible(false);
  setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
  setAccessibleName(tr("Progress"));
}

void ProgressStrip::setFraction(double fraction) {
  setValue(static_cast<int>(std::lround(std::clamp(fraction, 0.0, 1.0) * kSteps)));
}

void ProgressStrip::setStripState(StripState state) {
  state_ = state;
  update();
}

void ProgressStrip::paintEvent(QPaintEvent*) {
  const Palette& p = paletteOf(*this);
  QPainter painter(this);
  const double radius = height() / 2.0;
  drawBox(painter, rect(), radius, p.pressed);
  QRectF done(rect());
  done.setWidth(done.width() * value() / kSteps);
  if (value() > 0)
    drawBox(painter, done, radius, state_ == StripState::Paused ? p.border : p.accent);
}

}  // namespace salient::ui
