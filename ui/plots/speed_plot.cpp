// SPDX-License-Identifier: Apache-2.0
#include "ui/plots/speed_plot.h"

#include <QPainter>
#include <algorithm>
#include <cmath>

#include "ui/style/metrics.h"
#include "ui/style/palette.h"
#include "ui/style/style_painting.h"
#include "ui/style/typography.h"

namespace salient::ui {
namespace {

constexpr double kNameRow = metrics::kCaptionLine;
constexpr double kBar = 8;
constexpr double kFootRow = 16;
constexpr double kRow = kNameRow + kBar + kFootRow + 8;

}  // namespace

SpeedPlot::SpeedPlot(QWidget* parent) : PlotWidget(ZoomAxes::None, parent) {
  setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
  setAccessibleName(tr("Speed"));
}

void SpeedPlot::setBars(std::vector<SpeedBar> bars) {
  const bool other = bars.size() != bars_.size();
  bars_ = std::move(bars);
  setFullView(QRectF(0, 0, 1, std::max(1.0, static_cast<double>(bars_.size()))));
  if (other) updateGeometry();
  update();
}

QSize SpeedPlot::sizeHint() const {
  return {262, static_cast<int>(kRow * std::max(1.0, static_cast<double>(bars_.size())))};
}

QSize SpeedPlot::cellCount() const {
  return {bars_.empty() ? 0 : 1, static_cast<int>(bars_.size())};
}

QRectF SpeedPlot::plotArea(const QSizeF& size) const {
  return {0, 0, size.width(), size.height()};
}

std::optional<QPoint> SpeedPlot::cellAt(const QPointF& position) const {
  const int row = static_cast<int>(std::floor(position.y() / kRow));
  if (row < 0 || row >= static_cast<int>(bars_.size())) return {};
  return QPoint(0, row);
}

const SpeedBar* SpeedPlot::barAtCursor() const {
  if (!cursor() || bars_.empty()) return nullptr;
  const int row = std::clamp(cursor()->y(), 0, static_cast<int>(bars_.size()) - 1);
  return &bars_[static_cast<std::size_t>(row)];
}

QString SpeedPlot::readoutText() const {
  const SpeedBar* bar = barAtCursor();
  if (bar == nullptr) return {};
  QString text = tr("%1 **%2**").arg(bar->name, bar->figure);
  for (const QString& fact : {bar->firstToken, bar->share}) {
    if (!fact.isEmpty()) text += QStringLiteral(", ") + fact;
  }
  return text;
}

double SpeedPlot::cursorValue() const {
  const SpeedBar* bar = barAtCursor();
  return bar == nullptr ? 0 : bar->tokensPerSecond;
}

QString SpeedPlot::csv() const {
  QString text = QStringLiteral("model,tokens_per_second,read_limit,first_token_seconds\n");
  for (const SpeedBar& bar : bars_) {
    text += csvField(bar.name);
    for (const double value : {bar.tokensPerSecond, bar.limit, bar.firstTokenSeconds}) {
      text += QLatin1Char(',') + (value > 0 ? QString::number(value, 'g', 9) : QString());
    }
    text += QLatin1Char('\n');
  }
  return text;
}

double SpeedPlot::fastest() const {
  double most = 0;
  for (const SpeedBar& bar : bars_) most = std::max({most, bar.limit, bar.tokensPerSecond});
  return most;
}

QRectF SpeedPlot::outlineOf(std::size_t bar, double width) const {
  const double most = fastest();
  const double limit = std::max(bars_[bar].limit, bars_[bar].tokensPerSecond);
  const double share = most > 0 ? limit / most : 1;
  return {0, static_cast<double>(bar) * kRow + kNameRow, width * share, kBar};
}

void SpeedPlot::paintPlot(QPainter& painter, const QSizeF& size) {
  const Palette& p = paletteOf(*this);
  const double most = fastest();
  for (std::size_t i = 0; i < bars_.size(); ++i) {
    const SpeedBar& bar = bars_[i];
    const double top = static_cast<double>(i) * kRow;
    const QRectF head(0, top, size.width(), kNameRow - 2);
    painter.setFont(textFont(TextRole::Caption, Weight::Strong));
    painter.setPen(p.text);
    painter.drawText(head, Qt::AlignLeft | Qt::AlignVCenter, bar.name);
    drawFigures(painter, head, Qt::AlignRight | Qt::AlignVCenter, bar.figure);
    const QRectF outline = outlineOf(i, size.width());
    drawBox(painter, outline, 2, {}, p.border);
    const double reached = most > 0 ? bar.tokensPerSecond / most * size.width() : 0;
    if (reached >= 1) {
      drawBox(painter, QRectF(outline.topLeft(), QSizeF(reached, kBar)), 2, toneColor(bar.tone, p));
    }
    const QRectF foot(0, outline.bottom() + 1, size.width(), kFootRow);
    painter.setFont(font());
    painter.setPen(p.secondary);
    drawFigures(painter, foot, Qt::AlignLeft | Qt::AlignVCenter, bar.firstToken);
    drawFigures(painter, foot, Qt::AlignRight | Qt::AlignVCenter, bar.share);
  }
}

void SpeedPlot::paintCursor(QPainter& painter) {
  const SpeedBar* bar = barAtCursor();
  if (bar == nullptr) return;
  const auto row = static_cast<std::size_t>(bar - bars_.data());
  drawBox(painter, outlineOf(row, width()), 2, {}, paletteOf(*this).text);
}

}  // namespace salient::ui
