// SPDX-License-Identifier: Apache-2.0
#include "ui/panes/estimate_bars.h"

#include <QPainter>
#include <algorithm>
#include <utility>

#include "ui/style/caption_label.h"
#include "ui/style/palette.h"
#include "ui/style/typography.h"

namespace salient::ui {
namespace {

constexpr double kTitleHeight = 34;
constexpr double kRowHeight = 22;
constexpr double kNames = 72;
constexpr double kValues = 84;

}  // namespace

EstimateBars::EstimateBars(IconName icon, const QString& title, QWidget* parent)
    : QWidget(parent), icon_(icon), title_(title) {
  setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
  setAccessibleName(title);
}

void EstimateBars::setRows(const QString& sum, std::vector<EstimateRow> rows, const QString& foot) {
  sum_ = sum;
  foot_ = foot;
  rows_ = std::move(rows);
  QStringList spoken{withoutMarks(sum_)};
  for (const EstimateRow& row : rows_) spoken << row.name + QLatin1Char(' ') + row.value;
  setAccessibleDescription(spoken.join(QStringLiteral("; ")));
  updateGeometry();
  update();
}

QSize EstimateBars::sizeHint() const {
  const double lines = static_cast<double>(rows_.size()) + (foot_.isEmpty() ? 0 : 1);
  return {320, static_cast<int>(kTitleHeight + lines * kRowHeight)};
}

void EstimateBars::paintTitle(QPainter& painter) {
  const Palette& colours = paletteOf(*this);
  painter.drawPixmap(QPointF(0, 5), iconPixmap(icon_, colours.secondary, 16, devicePixelRatioF()));
  painter.setFont(textFont(TextRole::Body, Weight::Strong));
  painter.setPen(colours.text);
  const QRectF line(24, 0, width() - 24, 26);
  painter.drawText(line, Qt::AlignLeft | Qt::AlignVCenter, title_);
  // The sum from the right, its marked words strong.
  QStringList parts = sum_.split(QStringLiteral("**"));
  // Where both do not fit, the marked words alone stay.
  const double room = width() - 32 - painter.fontMetrics().horizontalAdvance(title_);
  const QFontMetricsF strongFace(textFont(TextRole::Body, Weight::Strong));
  if (strongFace.horizontalAdvance(withoutMarks(sum_)) > room && parts.size() > 1) {
    parts = {QString(), parts[1]};
  }
  double right = width();
  for (qsizetype i = parts.size() - 1; i >= 0; --i) {
    const bool strong = i % 2 == 1;
    painter.setFont(textFont(TextRole::Body, strong ? Weight::Strong : Weight::Regular));
    painter.setPen(strong ? colours.text : colours.secondary);
    const double wide = painter.fontMetrics().horizontalAdvance(parts[i]);
    painter.drawText(QRectF(right - wide, 0, wide + 1, 26), Qt::AlignLeft | Qt::AlignVCenter,
                     parts[i]);
    right -= wide;
  }
}

void EstimateBars::paintEvent(QPaintEvent* /*event*/) {
  QPainter painter(this);
  painter.setRenderHint(QPainter::Antialiasing);
  paintTitle(painter);
  const Palette& colours = paletteOf(*this);
  painter.setFont(textFont(TextRole::Caption));
  const double track = std::max(10.0, width() - kNames - kValues);
  double y = kTitleHeight;
  for (const EstimateRow& row : rows_) {
    painter.setPen(colours.secondary);
    painter.drawText(QRectF(0, y, kNames, kRowHeight), Qt::AlignLeft | Qt::AlignVCenter, row.name);
    const QRectF bar(kNames, y + 6.5, track * row.high, 9);
    if (row.high > row.low) {
      painter.setPen(QPen(colours.border, 1));
      painter.setBrush(Qt::NoBrush);
      painter.drawRoundedRect(bar.adjusted(0.5, 0.5, -0.5, -0.5), 1.5, 1.5);
    }
    painter.setPen(Qt::NoPen);
    painter.setBrush(row.peak ? colours.text : colours.border);
    painter.drawRoundedRect(QRectF(bar.left(), bar.top(), track * row.low, bar.height()), 1.5, 1.5);
    painter.setPen(colours.text);
    drawFigures(painter, QRectF(width() - kValues, y, kValues, kRowHeight),
                Qt::AlignRight | Qt::AlignVCenter, row.value);
    y += kRowHeight;
  }
  if (foot_.isEmpty()) return;
  painter.setPen(colours.secondary);
  painter.drawText(QRectF(0, y, width(), kRowHeight), Qt::AlignLeft | Qt::AlignVCenter,
                   painter.fontMetrics().elidedText(foot_, Qt::ElideRight, width()));
}

}  // namespace salient::ui
