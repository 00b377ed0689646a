// SPDX-License-Identifier: Apache-2.0
#include "ui/plots/histogram_plot.h"

#include <QFontMetricsF>
#include <QPainter>
#include <algorithm>
#include <cmath>

#include "ui/plots/chart_canvas.h"
#include "ui/plots/plot_paint.h"
#include "ui/style/metrics.h"
#include "ui/style/palette.h"
#include "ui/style/typography.h"

namespace salient::ui {
namespace {

constexpr double kTop = 20;
constexpr double kBottom = 16;
constexpr double kGapPixels = 1;

// Peaks drawn equal: salient channels are one in a hundred and would be a flat line.
std::vector<double> overPeak(const std::vector<double>& counts) {
  const double peak = counts.empty() ? 0 : *std::max_element(counts.begin(), counts.end());
  std::vector<double> shares(counts);
  for (double& share : shares) share = peak > 0 ? share / peak : 0;
  return shares;
}

QString ratioText(double value) {
  return tickText(value) + u'\u00d7';
}

double centreOfMass(const std::vector<double>& counts) {
  double sum = 0;
  double weighted = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    sum += counts[i];
    weighted += counts[i] * (static_cast<double>(i) + 0.5);
  }
  return sum > 0 ? weighted / sum : 0;
}

}  // namespace

HistogramPlot::HistogramPlot(QWidget* parent)
    : PlotWidget(ZoomAxes::None, parent), canvas_(std::make_unique<ChartCanvas>()) {
  setAccessibleName(tr("Step ratio"));
}

HistogramPlot::~HistogramPlot() = default;

void HistogramPlot::setData(const HistogramData& histogram) {
  data_ = histogram;
  const std::size_t count = data_.salient.size();
  const bool sound = count > 0 && data_.others.size() == count && data_.edges.size() == count + 1 &&
                     data_.edges.front() > 0 && data_.edges.back() > data_.edges.front();
  if (!sound) data_ = HistogramData();
  if (sound) axis_ = {data_.edges.front(), data_.edges.back(), AxisScale::Log};
  setCursorCell({});
  setFullView(QRectF(0, 0, std::max(1, bins()), 1));
  update();
}

void HistogramPlot::setReadout(std::function<QString(int)> readout) {
  readout_ = std::move(readout);
}

QRectF HistogramPlot::plotArea(const QSizeF& size) const {
  return {0, kTop, size.width(), size.height() - kTop - kBottom};
}

double HistogramPlot::xOfValue(double value, const QRectF& plot) const {
  return plot.left() + std::clamp(axis_.toUnit(value), 0.0, 1.0) * plot.width();
}

void HistogramPlot::paintPlot(QPainter& painter, const QSizeF& size) {
  const Palette& p = paletteOf(*this);
  const QRectF plot = plotArea(size);
  if (bins() > 0) {
    const double width = 1 - kGapPixels * bins() / plot.width();
    const std::vector<double> others = overPeak(data_.others);
    // A second set of bars, one pixel shorter, leaves the edge that carries the others' shape.
    std::vector<double> inner(others);
    for (double& height : inner) height = std::max(0.0, height - 1 / plot.height());
    canvas_->setAxes({0, double(bins()), 0, 1});
    canvas_->setBars({{others, 0, 1, width, p.fp16Mid},
                      {inner, 0, 1, width, p.fp16Tint},
                      {overPeak(data_.salient), 0, 1, width, p.awq}});
    canvas_->paint(painter, plot, ChartEdges::Crisp);
  }
  paintAxis(painter, plot);
  paintMarks(painter, plot);
  paintNames(painter, plot);
}

void HistogramPlot::paintAxis(QPainter& painter, const QRectF& plot) {
  const Palette& p = paletteOf(*this);
  drawHorizontalLine(painter, plot.bottom(), plot.left(), plot.right(), p.axis);
  painter.setFont(font());
  painter.setPen(p.secondary);
  const double quantity = figuresWidth(font(), data_.quantity);
  drawLeftTick(painter, plot.right(), plot.bottom() + 10, data_.quantity);
  double taken = plot.left();
  for (const double decade : {0.01, 0.1, 1.0, 10.0, 100.0}) {
    for (const double digit : {1.0, 2.0, 5.0}) {
      const double value = decade * digit;
      if (value < axis_.lower || value > axis_.upper) continue;
      const double half = figuresWidth(font(), ratioText(value)) / 2;
      const double x = xOfValue(value, plot);
      if (x - half < taken || x + half > plot.right() - quantity - 8) continue;
      drawBottomTick(painter, x, plot.bottom() + 3, ratioText(value), plot.left(), plot.right());
      taken = x + half + 10;
    }
  }
}

void HistogramPlot::paintMarks(QPainter& painter, const QRectF& plot) {
  const Palette& p = paletteOf(*this);
  const auto broken = [&](double value, const Dashes& dashes, const QColor& colour) {
    const double x = std::round(xOfValue(value, plot));
    drawVerticalDashes(painter, x, kTop - 4, plot.bottom(), dashes, colour);
  };
  if (axis_.lower < 1 && axis_.upper > 1) broken(1, {5, 3, 2}, p.rtn);
  if (data_.predicted) broken(*data_.predicted, {2, 2, 1}, p.text);
}

/// Left of every bar that reaches the words' line and of the prediction; at the edge without room.
double HistogramPlot::salientNameEnd(const QRectF& plot) const {
  constexpr double kLine = 18;  // below the top of the plot
  const double width =
      QFontMetricsF(textFont(TextRole::Tick, Weight::Strong)).horizontalAdvance(tr("salient"));
  const double perBin = plot.width() / bins();
  double end = plot.right();
  const auto giveWay = [&](const std::vector<double>& heights) {
    for (std::size_t bin = 0; bin < heights.size(); ++bin) {
      if (heights[bin] * plot.height() < plot.height() - kLine) continue;
      end = std::min(end, plot.left() + static_cast<double>(bin) * perBin - 5);
    }
  };
  giveWay(overPeak(data_.salient));
  if (data_.predicted) {
    const double x = xOfValue(*data_.predicted, plot);
    if (end > x - 5 && end - width < x + 5) end = x - 5;
  }
  return std::max(end, plot.left() + width);
}

void HistogramPlot::paintNames(QPainter& painter, const QRectF& plot) {
  const Palette& p = paletteOf(*this);
  const QFont regular = textFont(TextRole::Tick);
  const QFont strong = textFont(TextRole::Tick, Weight::Strong);
  const double rtn = xOfValue(1, plot);
  painter.setFont(strong);
  painter.setPen(p.rtn);
  painter.drawText(QPointF(rtn + 6, 12), QStringLiteral("RTN"));
  painter.setFont(regular);
  if (data_.predicted) {
    painter.setPen(p.text);
    const double x = xOfValue(*data_.predicted, plot);
    drawFigures(painter, QRectF(x - 30, 2, 60, 12), Qt::AlignHCenter | Qt::AlignVCenter,
                QStringLiteral("1/s"));
  }
  if (bins() == 0) return;
  painter.setPen(p.secondary);
  const double peaksRoom = plot.right() - rtn - 40;
  if (QFontMetricsF(regular).horizontalAdvance(tr("peaks equal")) < peaksRoom) {
    drawLeftTick(painter, plot.right(), 8, tr("peaks equal"));
  }
  const double perBin = plot.width() / bins();
  const double others = centreOfMass(data_.others) * perBin;
  painter.setFont(strong);
  painter.setPen(p.awq);
  drawLeftTick(painter, salientNameEnd(plot), kTop + 10, tr("salient"));
  painter.setFont(regular);
  painter.setPen(p.secondary);
  const double width = QFontMetricsF(regular).horizontalAdvance(tr("others"));
  painter.drawText(QPointF(std::min(plot.right() - width, others + 36), kTop + 14), tr("others"));
}

void HistogramPlot::paintCursor(QPainter& painter) {
  if (!cursor()) return;
  const QRectF plot = plotRect();
  QColor colour = paletteOf(*this).text;
  colour.setAlphaF(0.5F);
  drawVerticalLine(painter, xOf(cursor()->x() + 0.5, plot), plot.top(), plot.bottom(), colour);
}

QString HistogramPlot::readoutText() const {
  if (!cursor()) return {};
  if (readout_) return readout_(cursor()->x());
  const auto bin = static_cast<std::size_t>(cursor()->x());
  return tr("**%1** to **%2**  salient **%3**  others **%4**")
      .arg(ratioText(data_.edges[bin]), ratioText(data_.edges[bin + 1]))
      .arg(data_.salient[bin])
      .arg(data_.others[bin]);
}

double HistogramPlot::cursorValue() const {
  return cursor() ? data_.salient[static_cast<std::size_t>(cursor()->x())] : 0;
}

QSize HistogramPlot::cellCount() const {
  return {bins(), 1};
}

QString HistogramPlot::csv() const {
  QString text = QStringLiteral("from,to,salient,others\n");
  for (std::size_t bin = 0; bin < data_.salient.size(); ++bin) {
    text += QStringLiteral("%1,%2,%3,%4\n")
                .arg(data_.edges[bin], 0, 'g', 6)
                .arg(data_.edges[bin + 1], 0, 'g', 6)
                .arg(data_.salient[bin])
                .arg(data_.others[bin]);
  }
  return text;
}

}  // namespace salient::ui
