// SPDX-License-Identifier: Apache-2.0
#include "ui/style/figure_block.h"

#include <QFontMetricsF>
#include <QPainter>
#include <algorithm>
#include <cmath>

#include "ui/style/palette.h"
#include "ui/style/typography.h"

namespace salient::ui {
namespace {

constexpr int kGap = 1;

QString shownFigure(const QString& figure) {
  return figure.isEmpty() ? QStringLiteral("–") : figure;
}

}  // namespace

FigureBlock::FigureBlock(const QString& label, FigureTone tone, QWidget* parent)
    : QWidget(parent), label_(label), tone_(tone) {
  setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Fixed);
  nameYourself();
}

void FigureBlock::setFigure(const QString& figure) {
  figure_ = figure;
  nameYourself();
  updateGeometry();
  update();
}

void FigureBlock::setLabel(const QString& label) {
  label_ = label;
  nameYourself();
  updateGeometry();
  update();
}

void FigureBlock::nameYourself() {
  setAccessibleName(label_);
  setAccessibleDescription(shownFigure(figure_));
}

QSize FigureBlock::sizeHint() const {
  const QFont figureFont = textFont(TextRole::Figure, Weight::Strong);
  const QFont labelFont = textFont(TextRole::Tick);
  const double width = std::max(figuresWidth(figureFont, shownFigure(figure_)),
                                QFontMetricsF(labelFont).horizontalAdvance(label_));
  const double height =
      QFontMetricsF(figureFont).height() + kGap + QFontMetricsF(labelFont).height();
  return {static_cast<int>(std::ceil(width)) + 1, static_cast<int>(std::ceil(height))};
}

void FigureBlock::paintEvent(QPaintEvent*) {
  const Palette& p = paletteOf(*this);
  QPainter painter(this);
  painter.setFont(textFont(TextRole::Figure, Weight::Strong));
  const QColor toned = tone_ == FigureTone::Awq         ? p.awq
                       : tone_ == FigureTone::Secondary ? p.secondary
                                                        : p.text;
  painter.setPen(figure_.isEmpty() ? p.secondary : toned);
  drawFigures(painter, QRectF(rect()), Qt::AlignLeft | Qt::AlignTop, shownFigure(figure_));
  painter.setFont(textFont(TextRole::Tick));
  painter.setPen(p.secondary);
  painter.drawText(rect(), Qt::AlignLeft | Qt::AlignBottom, label_);
}

}  // namespace salient::ui
