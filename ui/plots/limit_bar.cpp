// SPDX-License-Identifier: Apache-2.0
#include "ui/plots/limit_bar.h"

#include <QPainter>
#include <algorithm>

#include "ui/style/palette.h"
#include "ui/style/style_painting.h"

namespace salient::ui {

LimitBar::LimitBar(ModelTone tone, QWidget* parent) : QWidget(parent), tone_(tone) {
  setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
}

void LimitBar::setBar(double reached, double limit, const QString& text) {
  limit_ = std::clamp(limit, 0.0, 1.0);
  reached_ = std::clamp(reached, 0.0, limit_);
  setAccessibleName(text);
  update();
}

void LimitBar::paintEvent(QPaintEvent*) {
  const Palette& p = paletteOf(*this);
  QPainter painter(this);
  const QRectF outline(0, 0, width() * limit_, height());
  drawBox(painter, outline, 2, {}, p.border);
  const QRectF filled(0, 0, width() * reached_, height());
  if (filled.width() >= 1) drawBox(painter, filled, 2, toneColor(tone_, p));
}

}  // namespace salient::ui
