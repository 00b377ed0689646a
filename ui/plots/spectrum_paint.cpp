// SPDX-License-Identifier: Apache-2.0
// The picture of SpectrumPlot.
#include <QFontMetricsF>
#include <QPainter>
#include <algorithm>
#include <cmath>

#include "ui/plots/decimate.h"
#include "ui/plots/plot_paint.h"
#include "ui/plots/spectrum_plot.h"
#include "ui/style/metrics.h"
#include "ui/style/palette.h"
#include "ui/style/style_painting.h"
#include "ui/style/typography.h"

namespace salient::ui {
namespace {

constexpr double kTop = 16;  // the quantity's line
constexpr double kStripGap = 8;
constexpr double kStripHeight = 46;
constexpr double kStripBelow = 10;  // room under the 1× line for s below 1
constexpr double kDot = 3;
constexpr int kLabels = 4;
constexpr int kTicks = 4;

// A number's share as the line says it: "top 1 %", "top 0.4 %".
QString shareText(double share) {
  const double percent = share * 100;
  const int decimals = percent < 0.95 ? (percent < 0.095 ? 2 : 1) : 0;
  return SpectrumPlot::tr("top %1\u202f%").arg(percent, 0, 'f', decimals);
}

}  // namespace

QRectF SpectrumPlot::plotArea(const QSizeF& size) const {
  const double strip = placedScales_.empty() ? 4 : kStripGap + kStripHeight;
  return {double{metrics::kChannelAxisLeft}, kTop,
          size.width() - metrics::kChannelAxisLeft - metrics::kChannelAxisRight,
          size.height() - kTop - strip};
}

QRectF SpectrumPlot::stripRect(const QRectF& plot) const {
  if (placedScales_.empty()) return {};
  return {plot.left(), plot.bottom() + kStripGap, plot.width(), kStripHeight};
}

double SpectrumPlot::yOf(double magnitude, const QRectF& plot) const {
  return plot.bottom() - std::clamp(axis_.toUnit(magnitude), 0.0, 1.0) * plot.height();
}

QRectF SpectrumPlot::handleRect(const QRectF& plot) const {
  return {plot.right() + 1, std::round(yOf(lineValue(), plot)) - 6, 12, 13};
}

void SpectrumPlot::paintPlot(QPainter& painter, const QSizeF& size) {
  const QRectF plot = plotArea(size);
  paintAxis(painter, plot);
  if (placed_.empty()) return;
  paintChannels(painter, plot);
  paintLine(painter, plot);
  paintSalient(painter, plot);
  drawHorizontalLine(painter, plot.bottom(), plot.left(), plot.right(), paletteOf(*this).axis);
  paintLabels(painter, plot);
  paintStrip(painter, plot);
}

void SpectrumPlot::paintAxis(QPainter& painter, const QRectF& plot) {
  const Palette& p = paletteOf(*this);
  painter.setFont(font());
  painter.setPen(p.secondary);
  painter.drawText(QPointF(plot.left(), QFontMetricsF(font()).ascent()), tr("mean |x|, log scale"));
  for (const double tick : axisTicks(axis_, kTicks)) {
    const double y = yOf(tick, plot);
    if (tick > axis_.lower * 1.001) {
      drawHorizontalLine(painter, y, plot.left(), plot.right(), p.grid);
    }
    painter.setPen(p.secondary);
    drawLeftTick(painter, plot.left() - 8, y, tickText(tick));
  }
}

// Solid up to the smallest value under a pixel column, lighter up to the largest, a dot on top.
void SpectrumPlot::paintChannels(QPainter& painter, const QRectF& plot) {
  const Palette& p = paletteOf(*this);
  const double perPixel = view().width() / plot.width();
  // One column a channel when channels are wider than a pixel, with a gap from 4 px on.
  const int columns = perPixel >= 1 ? static_cast<int>(plot.width())
                                    : static_cast<int>(std::lround(view().width()));
  const double width = plot.width() / columns;
  const double gap = width >= 4 ? 1 : 0;
  const auto values = decimate(placed_, view().left(), view().right(), columns);
  QColor light = p.fp16Tint;
  light.setAlphaF(0.6F);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i].empty || !(values[i].upper > 0)) continue;
    const double left = plot.left() + static_cast<double>(i) * width;
    const double low = std::round(yOf(double{values[i].lower}, plot));
    const double high = std::round(yOf(double{values[i].upper}, plot));
    painter.fillRect(QRectF(left, low, width - gap, plot.bottom() - low), p.fp16Tint);
    if (high < low) painter.fillRect(QRectF(left, high, width - gap, low - high), light);
    painter.fillRect(QRectF(left, high, width - gap, 1), p.fp16Mid);
  }
}

void SpectrumPlot::paintSalient(QPainter& painter, const QRectF& plot) {
  const Palette& p = paletteOf(*this);
  const double width = std::max(2.0, plot.width() / view().width() * 0.6);
  painter.save();
  painter.setRenderHint(QPainter::Antialiasing);
  for (const int channel : salientChannels()) {
    const int place = placeOf(channel);
    const double centre = place + 0.5;
    if (centre < view().left() || centre > view().right()) continue;
    const double x = std::round(xOf(centre, plot));
    const double y = yOf(double{magnitudeAt(place)}, plot);
    painter.fillRect(QRectF(x - width / 2, y, width, plot.bottom() - y), p.fp16);
    painter.setBrush(p.fp16);
    painter.setPen(QPen(p.surface, 1));
    painter.drawEllipse(QPointF(x, y), kDot + 0.5, kDot + 0.5);
  }
  painter.restore();
}

// The strongest few get their number, on the side where no other dot or label stands.
void SpectrumPlot::paintLabels(QPainter& painter, const QRectF& plot) {
  painter.setFont(textFont(TextRole::Caption, Weight::Strong));
  painter.setPen(paletteOf(*this).text);
  const QFontMetricsF face(painter.font());
  const double line = std::round(yOf(lineValue(), plot));
  std::vector<QRectF> taken = {QRectF(plot.left(), line - 1, plot.width(), 3),
                               lineLabelBox(lineText(), line, plot)};
  for (const int channel : salientChannels()) {
    const double centre = placeOf(channel) + 0.5;
    if (centre < view().left() || centre > view().right()) continue;
    const QPointF dot(xOf(centre, plot), yOf(double{magnitudeAt(placeOf(channel))}, plot));
    taken.emplace_back(dot.x() - kDot - 1, dot.y() - kDot - 1, 2 * kDot + 2, 2 * kDot + 2);
  }
  int left = kLabels;
  for (const int channel : salientChannels()) {
    const int place = placeOf(channel);
    if (place + 0.5 < view().left() || place + 0.5 > view().right()) continue;
    if (left-- == 0) break;
    const QPointF dot(xOf(place + 0.5, plot), yOf(double{magnitudeAt(place)}, plot));
    const QString text = QString::number(channel);
    const double width = figuresWidth(painter.font(), text);
    const double height = face.ascent();
    const QRectF onLeft(dot.x() - 8 - width, dot.y() - height / 2, width, height);
    const QRectF onRight(dot.x() + 8, dot.y() - height / 2, width, height);
    for (const QRectF& box : {onLeft, onRight}) {
      const bool inside = box.left() >= plot.left() && box.right() <= plot.right();
      const bool isFree = std::none_of(taken.begin(), taken.end(), [&](const QRectF& other) {
        return other.intersects(box.adjusted(-2, 0, 2, 0));
      });
      if (!inside || !isFree) continue;
      drawFigures(painter, box, Qt::AlignLeft | Qt::AlignVCenter, text);
      taken.push_back(box);
      break;
    }
  }
}

QString SpectrumPlot::lineText() const {
  if (!lineText_.isEmpty()) return lineText_;
  return shareText(static_cast<double>(salientCount_) / static_cast<double>(placed_.size()));
}

/// Above the line at its right end, or further left where no salient channel stands.
QRectF SpectrumPlot::lineLabelBox(const QString& text, double y, const QRectF& plot) const {
  constexpr double kHeight = 14;
  const double width = figuresWidth(textFont(TextRole::Tick, Weight::Strong), text);
  const QRectF first(plot.right() - width - 3, y - kHeight - 3, width, kHeight);
  for (QRectF box = first; box.left() > plot.left(); box.translate(-2, 0)) {
    const auto channels = salientChannels();
    const bool blocked = std::any_of(channels.begin(), channels.end(), [&](int channel) {
      const double x = xOf(placeOf(channel) + 0.5, plot);
      return x > box.left() - kDot - 3 && x < box.right() + kDot + 3;
    });
    if (!blocked) return box;
  }
  return first;
}

void SpectrumPlot::paintLine(QPainter& painter, const QRectF& plot) {
  const Palette& p = paletteOf(*this);
  const double y = std::round(yOf(lineValue(), plot));
  drawHorizontalDashes(painter, y, plot.left(), plot.right(), {4, 2, 1}, p.text);
  const QString text = lineText();
  painter.setFont(textFont(TextRole::Tick, Weight::Strong));
  painter.setPen(p.text);
  drawFigures(painter, lineLabelBox(text, y, plot), Qt::AlignRight | Qt::AlignBottom, text);
  const QRectF handle = handleRect(plot);
  drawBox(painter, handle, 3, p.text);
  for (int i = -1; i <= 1; ++i) {
    painter.fillRect(QRectF(handle.center().x() + i * 2.5 - 0.5, handle.top() + 4, 1, 5),
                     p.surface);
  }
}

// log2 of s around its median: bars up for channels that are scaled up, down for the others.
void SpectrumPlot::paintStrip(QPainter& painter, const QRectF& plot) {
  if (placedScales_.empty()) return;
  const Palette& p = paletteOf(*this);
  const QRectF strip = stripRect(plot);
  const double base = std::round(strip.bottom() - kStripBelow);
  const float highest = *std::max_element(placedScales_.begin(), placedScales_.end());
  const double unit = (base - strip.top() - 4) / std::max(1e-3, double{highest});
  const auto span = [&](double x, double width, double from, double to, const QColor& colour) {
    const double top = std::max(base - to * unit, strip.top());
    const double bottom = std::min(base - from * unit, strip.bottom());
    painter.fillRect(QRectF(x, top, width, std::max(1.0, bottom - top)), colour);
  };
  const double perPixel = view().width() / plot.width();
  const int columns = perPixel >= 1 ? static_cast<int>(plot.width())
                                    : static_cast<int>(std::lround(view().width()));
  const double width = plot.width() / columns;
  const auto values = decimate(placedScales_, view().left(), view().right(), columns);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i].empty) continue;
    span(plot.left() + static_cast<double>(i) * width, width - (width >= 4 ? 1 : 0),
         std::min(0.0, double{values[i].lower}), std::max(0.0, double{values[i].upper}), p.awqMid);
  }
  for (const int channel : salientChannels()) {
    const int place = placeOf(channel);
    if (place + 0.5 < view().left() || place + 0.5 > view().right()) continue;
    const double value = placedScales_[static_cast<std::size_t>(place)];
    span(std::round(xOf(place + 0.5, plot)) - 1, std::max(2.0, width * 0.6), std::min(0.0, value),
         std::max(0.0, value), p.awq);
  }
  drawHorizontalLine(painter, base, plot.left(), plot.right(), p.awq);
  painter.setFont(font());
  painter.setPen(p.awq);
  const double most = std::exp2(double{highest});
  drawLeftTick(painter, plot.left() - 8, strip.top() + 5,
               QString::number(most, 'f', most < 10 ? 1 : 0) + u'\u00d7');
  drawLeftTick(painter, plot.left() - 8, base, QStringLiteral("1\u00d7"));
  painter.setFont(textFont(TextRole::Tick, Weight::Strong));
  painter.drawText(QPointF(plot.right() + 6, base + 3), QStringLiteral("s"));
}

void SpectrumPlot::paintCursor(QPainter& painter) {
  const int place = cursor() ? cursor()->x() : placeOf(currentChannel_);
  const double centre = place + 0.5;
  if (place < 0 || centre < view().left() || centre > view().right()) return;
  const QRectF plot = plotRect();
  QColor colour = paletteOf(*this).text;
  colour.setAlphaF(0.5F);
  const double bottom = placedScales_.empty() ? plot.bottom() : stripRect(plot).bottom();
  drawVerticalLine(painter, xOf(centre, plot), plot.top() - 4, bottom, colour);
}

}  // namespace salient::ui
