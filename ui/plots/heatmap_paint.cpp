// SPDX-License-Identifier: Apache-2.0
// The picture of HeatmapWidget.
#include <QFontMetricsF>
#include <QPainter>
#include <algorithm>
#include <cmath>

#include "ui/plots/axis.h"
#include "ui/plots/heatmap_image.h"
#include "ui/plots/heatmap_widget.h"
#include "ui/plots/plot_paint.h"
#include "ui/style/color_table.h"
#include "ui/style/metrics.h"
#include "ui/style/style_painting.h"
#include "ui/style/typography.h"

namespace salient::ui {
namespace {

constexpr double kRuler = 14;
constexpr double kBottom = 38;  // ticks, then the footer line
constexpr double kGroupPixels = 8;
constexpr double kTextPixels = 24;
constexpr double kBarWidth = 110;
constexpr double kBarHeight = 6;
constexpr double kSplitGap = 2;

void drawTriangle(QPainter& painter, double x, double bottom, double half, const QColor& colour) {
  painter.save();
  painter.setRenderHint(QPainter::Antialiasing);
  painter.setPen(Qt::NoPen);
  painter.setBrush(colour);
  const QPointF points[] = {QPointF(x - half, bottom - 1.6 * half),
                            QPointF(x + half, bottom - 1.6 * half), QPointF(x, bottom)};
  painter.drawPolygon(points, 3);
  painter.restore();
}

}  // namespace

QRectF HeatmapWidget::plotArea(const QSizeF& size) const {
  return {double{metrics::kChannelAxisLeft}, kRuler,
          size.width() - metrics::kChannelAxisLeft - metrics::kChannelAxisRight,
          size.height() - kRuler - kBottom};
}

QRectF HeatmapWidget::splitHandle(const QRectF& plot) const {
  const double y = std::round(plot.top() + split_ * plot.height());
  return {plot.left() - 10, y - 7, 10, 14};
}

QRectF HeatmapWidget::colourBar(const QRectF& plot) const {
  const double numbers = figuresWidth(font(), numberText_(colourEnds().upper)) + 12;
  return {plot.right() - numbers - kBarWidth, plot.bottom() + 28, kBarWidth, kBarHeight};
}

void HeatmapWidget::paintPlot(QPainter& painter, const QSizeF& size) {
  const QRectF plot = plotArea(size);
  if (slot(leadPlane()).pyramid == nullptr) {
    painter.fillRect(plot, paletteOf(*this).sunken);
    return;
  }
  paintPlanes(painter, plot);
  paintGroups(painter, plot);
  paintCellTexts(painter, plot);
  paintRuler(painter, plot);
  paintAxes(painter, plot);
  if (splitShown() && !flicker_) paintSplitHandle(painter, plot);
  paintFooter(painter, plot);
}

const QImage& HeatmapWidget::imageOf(ErrorPlane which, const PixelBand& band) {
  Slot& target = slot(which);
  const bool fresh = !target.image.isNull() && target.imageView == view() && target.band == band;
  if (fresh || target.pyramid == nullptr) return target.image;
  const double perRow = view().height() / band.size.height();
  const QRectF rows(view().left(), view().top() + band.first * perRow, view().width(),
                    (band.last - band.first) * perRow);
  const QSize pixels(band.size.width(), band.last - band.first);
  target.image = heatmapImage(target.pyramid->pool(rows, pixels), pixels, target.pyramid->scale(),
                              colourEnds(), themeOf(*this));
  target.imageView = view();
  target.band = band;
  return target.image;
}

// At device pixels, and of a split plane only the rows that are seen.
void HeatmapWidget::paintPlanes(QPainter& painter, const QRectF& plot) {
  const double ratio = painter.deviceTransform().m11();
  const QSize pixels(std::max(1, qRound(plot.width() * ratio)),
                     std::max(1, qRound(plot.height() * ratio)));
  const double perPixel = plot.height() / pixels.height();
  const auto blit = [&](ErrorPlane which, int first, int last) {
    if (last <= first) return;
    const QImage& image = imageOf(which, {pixels, first, last});
    if (image.isNull()) return;
    painter.drawImage(
        QRectF(plot.left(), plot.top() + first * perPixel, plot.width(), (last - first) * perPixel),
        image);
  };
  if (!splitShown() || flicker_) return blit(planeAtRow(0), 0, pixels.height());
  const int border = qRound(split_ * pixels.height());
  const int gap = qRound(kSplitGap / 2 * ratio);
  blit(ErrorPlane::RtnError, 0, std::max(0, border - gap));
  blit(ErrorPlane::AwqError, std::min(pixels.height(), border + gap), pixels.height());
}

// Group borders in every row once a cell is 8 px wide: the boxes that share one step.
void HeatmapWidget::paintGroups(QPainter& painter, const QRectF& plot) {
  const double cell = plot.width() / view().width();
  if (cell < kGroupPixels || groupSize_ <= 0) return;
  const double rowHeight = plot.height() / view().height();
  QColor colour = paletteOf(*this).text;
  colour.setAlphaF(0.55F);
  const int first = static_cast<int>(std::ceil(view().left() / groupSize_));
  const int last = static_cast<int>(std::floor(view().right() / groupSize_));
  for (int group = first; group <= last; ++group) {
    drawVerticalLine(painter, xOf(group * groupSize_, plot), plot.top(), plot.bottom(), colour);
  }
  if (rowHeight < kGroupPixels) return;
  for (int row = static_cast<int>(std::ceil(view().top())); row <= view().bottom(); ++row) {
    const double y = plot.top() + (row - view().top()) * rowHeight;
    drawHorizontalLine(painter, y, plot.left(), plot.right(), colour);
  }
}

void HeatmapWidget::paintCellTexts(QPainter& painter, const QRectF& plot) {
  const double cell = plot.width() / view().width();
  const double rowHeight = plot.height() / view().height();
  if (!cellText_ || cell < kTextPixels || rowHeight < 14) return;
  painter.setFont(monoFont(TextRole::Tick));
  const QColor dark = themePalette(Theme::Light).text;
  const QColor light = themePalette(Theme::Dark).text;
  for (int row = static_cast<int>(std::ceil(view().top())); row + 1 <= view().bottom(); ++row) {
    for (int place = static_cast<int>(std::ceil(view().left())); place + 1 <= view().right();
         ++place) {
      const QRectF box(xOf(place, plot), plot.top() + (row - view().top()) * rowHeight, cell,
                       rowHeight);
      const ErrorPlane plane = planeAtRow((box.center().y() - plot.top()) / plot.height());
      const auto& pyramid = slot(plane).pyramid;
      const QString text = cellText_(plane, row, channelAt(place));
      if (pyramid == nullptr || text.isEmpty()) continue;
      const QRgb ground =
          heatmapColour(pyramid->at(row, place), pyramid->scale(), colourEnds(), themeOf(*this));
      const bool bright = oklabLightness(ground) > 0.6;
      painter.setPen(bright ? dark : light);
      painter.drawText(box, Qt::AlignCenter, text);
    }
  }
}

void HeatmapWidget::paintRuler(QPainter& painter, const QRectF& plot) {
  const Palette& p = paletteOf(*this);
  for (const int channel : salient_) {
    const double centre = placeOf(channel) + 0.5;
    if (channel == currentChannel_ || centre < view().left() || centre > view().right()) continue;
    drawTriangle(painter, xOf(centre, plot), plot.top() - 3, 3.5, p.text);
  }
  const double centre = placeOf(currentChannel_) + 0.5;
  if (currentChannel_ < 0 || centre < view().left() || centre > view().right()) return;
  drawTriangle(painter, xOf(centre, plot), plot.top() - 2, 5.5, p.accent);
}

void HeatmapWidget::paintAxes(QPainter& painter, const QRectF& plot) {
  const Palette& p = paletteOf(*this);
  painter.setFont(font());
  painter.setPen(p.secondary);
  drawLeftTick(painter, plot.left() - 8, plot.top() + 4, tickText(std::floor(view().top())));
  drawLeftTick(painter, plot.left() - 8, plot.bottom() - 4, tickText(std::ceil(view().bottom())));
  // Whole groups between labels, about six of them.
  const double groups = groupSize_ > 0 ? groupSize_ : 1;
  double step = groups;
  while (view().width() / step > 8) step *= 2;
  const double minor = std::max(step / 4, groups);
  const int first = static_cast<int>(std::ceil(view().left() / minor));
  const int last = static_cast<int>(std::floor(view().right() / minor + 1e-9));
  for (int i = first; i <= last; ++i) {
    const double key = i * minor;
    const bool labelled = std::abs(std::remainder(key, step)) < 1e-9;
    const double x = std::min(xOf(key, plot), plot.right() - 1);
    painter.fillRect(QRectF(std::floor(x), plot.bottom(), 1, labelled ? 5 : 3), p.axis);
    const bool room = key <= view().left() || xOf(key, plot) < plot.right() - 40;
    if (!labelled || !room) continue;
    painter.setPen(p.secondary);
    drawBottomTick(painter, x, plot.bottom() + 6, tickText(key), plot.left(), plot.right());
  }
  painter.setPen(p.secondary);
  painter.fillRect(QRectF(plot.right() - 1, plot.bottom(), 1, 5), p.axis);
  drawBottomTick(painter, plot.right(), plot.bottom() + 6, tickText(std::ceil(view().right())),
                 plot.left(), plot.right());
}

void HeatmapWidget::paintSplitHandle(QPainter& painter, const QRectF& plot) {
  const Palette& p = paletteOf(*this);
  painter.setFont(textFont(TextRole::Caption, Weight::Strong));
  const double border = plot.top() + split_ * plot.height();
  if (border - plot.top() > 40) {
    painter.setPen(p.rtn);
    drawLeftTick(painter, plot.left() - 8, (plot.top() + border) / 2, QStringLiteral("RTN"));
  }
  if (plot.bottom() - border > 40) {
    painter.setPen(p.awq);
    drawLeftTick(painter, plot.left() - 8, (plot.bottom() + border) / 2, QStringLiteral("AWQ"));
  }
  const QRectF handle = splitHandle(plot);
  drawBox(painter, handle, 3, p.text);
  for (const double offset : {-2.0, 1.0}) {
    painter.fillRect(QRectF(handle.left() + 3, handle.center().y() + offset, 5, 1), p.surface);
  }
}

QString HeatmapWidget::pooledText(const QSizeF& devicePixels) const {
  const int across = std::max(1, qRound(view().width() / devicePixels.width()));
  const int down = std::max(1, qRound(view().height() / devicePixels.height()));
  QString quantity = slot(leadPlane()).plane.quantity;
  if (view().width() <= devicePixels.width() && view().height() <= devicePixels.height()) {
    return quantity;
  }
  const QString pooled = tr("max of %1 × %2").arg(across).arg(down);
  return quantity.isEmpty() ? pooled : quantity + QStringLiteral(", ") + pooled;
}

void HeatmapWidget::paintFooter(QPainter& painter, const QRectF& plot) {
  painter.setFont(font());
  painter.setPen(paletteOf(*this).secondary);
  const QRectF bar = colourBar(plot);
  const double middle = bar.center().y();
  const QString quantity = pooledText(plot.size() * painter.deviceTransform().m11()) +
                           QStringLiteral("   ") + numberText_(colourEnds().lower);
  drawLeftTick(painter, bar.left() - 6, middle, quantity);
  drawLeftTick(painter, plot.right(), middle, numberText_(colourEnds().upper));
  QString words =
      groupSize_ > 0 ? tr("input channel, groups of %1").arg(groupSize_) : tr("input channel");
  if (flicker_) {
    words = flicker_ == ErrorPlane::RtnError ? tr("showing RTN") : tr("showing AWQ");
  } else if (shown_ == ErrorView::Split || shown_ == ErrorView::Rtn || shown_ == ErrorView::Awq) {
    words += tr("    hold Space to flicker");
  }
  const double room = bar.left() - 6 - figuresWidth(font(), quantity) - plot.left();
  if (figuresWidth(font(), words) < room) {
    drawFigures(painter, QRectF(plot.left(), middle - 10, room, 20),
                Qt::AlignLeft | Qt::AlignVCenter, words);
  }
  paintColourBar(painter, bar);
}

void HeatmapWidget::paintColourBar(QPainter& painter, const QRectF& bar) {
  const bool ratio = slot(leadPlane()).plane.scale == PlaneScale::Ratio;
  const ColorTable& table =
      colorTable(ratio ? ColorScale::Diverging : ColorScale::Sequential, themeOf(*this));
  for (int x = 0; x < static_cast<int>(bar.width()); ++x) {
    painter.fillRect(QRectF(bar.left() + x, bar.top(), 1, bar.height()),
                     QColor::fromRgb(colorAt(table, x / (bar.width() - 1))));
  }
}

void HeatmapWidget::paintCursor(QPainter& painter) {
  if (!cursor() || slot(leadPlane()).pyramid == nullptr) return;
  const QRectF plot = plotRect();
  const double rowHeight = plot.height() / view().height();
  QColor colour = paletteOf(*this).text;
  colour.setAlphaF(0.5F);
  const double x = xOf(cursor()->x() + 0.5, plot);
  const double y = plot.top() + (cursor()->y() + 0.5 - view().top()) * rowHeight;
  if (!plot.contains(x, y)) return;
  drawVerticalLine(painter, x, plot.top(), plot.bottom(), colour);
  drawHorizontalLine(painter, y, plot.left(), plot.right(), colour);
}

}  // namespace salient::ui
