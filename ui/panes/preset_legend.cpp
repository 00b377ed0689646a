// SPDX-License-Identifier: Apache-2.0
#include "ui/panes/preset_legend.h"

#include <QPainter>

#include "ui/style/palette.h"
#include "ui/style/style_painting.h"
#include "ui/style/typography.h"

namespace salient::ui {
namespace {

constexpr double kSwatch = 9;

}  // namespace

PresetLegend::PresetLegend(QWidget* parent) : QWidget(parent) {
  setFixedHeight(20);
  setSizes({}, {});
}

void PresetLegend::setSizes(const QString& embedding, const QString& fp16) {
  kept_ = tr("embedding and head, %1, as they are").arg(embedding);
  quantized_ = tr("linears, quantized");
  saved_ = tr("saved against %1 of FP16").arg(fp16);
  setAccessibleName(
      QStringList{tr("Choose a preset"), kept_, quantized_, saved_}.join(QStringLiteral("; ")));
  update();
}

void PresetLegend::paintEvent(QPaintEvent* /*event*/) {
  QPainter painter(this);
  painter.setRenderHint(QPainter::Antialiasing);
  const Palette& colours = paletteOf(*this);
  double x = 0;
  const auto words = [&](const QString& text, Weight weight, const QColor& colour) {
    painter.setFont(textFont(TextRole::Body, weight));
    painter.setPen(colour);
    const double wide = painter.fontMetrics().horizontalAdvance(text);
    painter.drawText(QRectF(x, 0, wide + 2, height()), Qt::AlignLeft | Qt::AlignVCenter, text);
    x += wide;
  };
  const auto swatch = [&](const QColor& fill, const QColor& border) {
    drawBox(painter, {x, (height() - kSwatch) / 2, kSwatch, kSwatch}, 2, fill, border);
    x += kSwatch + 6;
  };
  const QFontMetricsF face(textFont(TextRole::Body));
  const bool narrow =
      face.horizontalAdvance(tr("Choose a preset") + kept_ + quantized_ + saved_) + 110 > width();
  words(tr("Choose a preset"), Weight::Strong, colours.text);
  x += 10;
  swatch(colours.fp16, {});
  words(narrow ? tr("as it is") : kept_, Weight::Regular, colours.secondary);
  x += 16;
  swatch(colours.awq, {});
  words(narrow ? tr("quantized") : quantized_, Weight::Regular, colours.secondary);
  x += 16;
  swatch(colours.sunken, colours.border);
  words(saved_, Weight::Regular, colours.secondary);
}

}  // namespace salient::ui
