// SPDX-License-Identifier: Apache-2.0
#include "ui/plots/curve_plot.h"

#include <QFontMetricsF>
#include <QPainter>
#include <algorithm>
#include <cmath>

#include "ui/plots/chart_canvas.h"
#include "ui/plots/label_column.h"
#include "ui/plots/plot_paint.h"
#include "ui/style/metrics.h"
#include "ui/style/palette.h"
#include "ui/style/typography.h"

namespace salient::ui {
namespace {

constexpr double kLeft = 32;
constexpr double kRight = 64;
constexpr double kTop = 20;
constexpr double kBottom = 18;
constexpr double kNameDistance = 14;
constexpr double kReach = 12;  // px around a point that count as on it

bool landed(const CurvePoint& point) {
  return point.state == PointState::Landed && point.loss > 0 && std::isfinite(point.loss);
}

std::vector<QPointF> logPoints(const Curve& curve) {
  std::vector<QPointF> points;
  for (const CurvePoint& point : curve.points) {
    if (landed(point)) points.emplace_back(point.alpha, std::log10(point.loss));
  }
  return points;
}

}  // namespace

CurvePlot::CurvePlot(QWidget* parent)
    : PlotWidget(ZoomAxes::None, parent), canvas_(std::make_unique<ChartCanvas>()) {
  setAccessibleName(tr("Scale search"));
  alphaAxis_ = {0, 0.95, AxisScale::Linear};
  fitAxes();
  connect(this, &PlotWidget::cursorMoved, this,
          [this](std::optional<QPoint> cell) { Q_EMIT pointHovered(cell ? cell->x() : -1); });
  connect(this, &PlotWidget::selected, this, [this](const QPoint& cell) {
    Q_EMIT pinRequested(curve_.points[static_cast<std::size_t>(cell.x())].alpha);
  });
}

CurvePlot::~CurvePlot() = default;

void CurvePlot::setData(const Curve& curve) {
  curve_ = curve;
  if (cursor() && cursor()->x() >= static_cast<int>(curve_.points.size())) setCursorCell({});
  fitAxes();
  update();
}

void CurvePlot::setGhosts(const std::vector<Curve>& ghosts) {
  ghosts_ = ghosts;
  fitAxes();
  update();
}

void CurvePlot::setBest(int index, const QString& text) {
  best_ = index;
  bestText_ = text;
  update();
}

void CurvePlot::setPinned(std::optional<double> alpha) {
  pinned_ = alpha;
  update();
}

void CurvePlot::setReadout(std::function<QString(int)> readout) {
  readout_ = std::move(readout);
}

// Every curve and RTN's 1 in range, with air above and below; at least two decades' half.
void CurvePlot::fitAxes() {
  double lowest = 1;
  double highest = 1;
  double last = 0.95;
  const auto include = [&](const Curve& curve) {
    for (const CurvePoint& point : curve.points) {
      last = std::max(last, point.alpha);
      if (!landed(point)) continue;
      lowest = std::min(lowest, point.loss);
      highest = std::max(highest, point.loss);
    }
  };
  include(curve_);
  for (const Curve& ghost : ghosts_) include(ghost);
  lossAxis_ = {std::min(lowest / 1.8, 0.3), highest * 1.25, AxisScale::Log};
  alphaAxis_.upper = last;
}

QRectF CurvePlot::plotArea(const QSizeF& size) const {
  return {kLeft, kTop, size.width() - kLeft - kRight, size.height() - kTop - kBottom};
}

QPointF CurvePlot::place(double alpha, double loss, const QRectF& plot) const {
  return {plot.left() + alphaAxis_.toUnit(alpha) * plot.width(),
          plot.bottom() - std::clamp(lossAxis_.toUnit(loss), 0.0, 1.0) * plot.height()};
}

std::optional<QPoint> CurvePlot::cellAt(const QPointF& position) const {
  const QRectF plot = plotRect();
  std::optional<QPoint> nearest;
  double best = kReach;
  for (std::size_t i = 0; i < curve_.points.size(); ++i) {
    const double distance = std::abs(place(curve_.points[i].alpha, 1, plot).x() - position.x());
    if (distance >= best) continue;
    best = distance;
    nearest = QPoint(static_cast<int>(i), 0);
  }
  return nearest;
}

void CurvePlot::paintPlot(QPainter& painter, const QSizeF& size) {
  const QRectF plot = plotArea(size);
  paintFrame(painter, plot);
  feedCanvas(plot);
  canvas_->paint(painter, plot, ChartEdges::Smooth);
  painter.fillRect(QRectF(plot.left(), std::floor(plot.bottom()), plot.width(), 1),
                   paletteOf(*this).axis);
  paintMarks(painter, plot);
  paintNames(painter, plot);
}

void CurvePlot::feedCanvas(const QRectF&) {
  const Palette& p = paletteOf(*this);
  canvas_->setAxes({alphaAxis_.lower, alphaAxis_.upper, std::log10(lossAxis_.lower),
                    std::log10(lossAxis_.upper)});
  std::vector<ChartLine> lines;
  for (const Curve& ghost : ghosts_) {
    lines.push_back({logPoints(ghost), QPen(p.ghost, metrics::kGhost)});
  }
  QPen dashed(p.rtn, metrics::kBaseline);
  dashed.setCapStyle(Qt::FlatCap);
  dashed.setDashPattern({5 / metrics::kBaseline, 3 / metrics::kBaseline});
  lines.push_back({{{alphaAxis_.lower, 0}, {alphaAxis_.upper, 0}}, dashed});
  lines.push_back({logPoints(curve_), QPen(p.awq, metrics::kCurve)});
  canvas_->setLines(lines);
}

void CurvePlot::paintFrame(QPainter& painter, const QRectF& plot) {
  const Palette& p = paletteOf(*this);
  painter.setFont(font());
  painter.setPen(p.secondary);
  painter.drawText(QPointF(plot.left(), QFontMetricsF(font()).ascent()),
                   tr("output error, RTN = 1, log scale"));
  for (const double tick : axisTicks(lossAxis_, 4)) {
    const double y = place(0, tick, plot).y();
    drawHorizontalLine(painter, y, plot.left(), plot.right(), p.grid);
    painter.setPen(p.secondary);
    drawLeftTick(painter, plot.left() - 8, y, tickText(tick));
  }
  for (const double tick : axisTicks(alphaAxis_, 5)) {
    drawBottomTick(painter, place(tick, 1, plot).x(), plot.bottom() + 4, tickText(tick), 0,
                   plot.right() + 12);
  }
  painter.setPen(p.text);
  painter.drawText(QPointF(plot.right() + 8, plot.bottom() + 4 + QFontMetricsF(font()).ascent()),
                   QStringLiteral("α"));
}

void CurvePlot::paintMarks(QPainter& painter, const QRectF& plot) {
  const Palette& p = paletteOf(*this);
  painter.save();
  painter.setRenderHint(QPainter::Antialiasing);
  const auto dot = [&](const QPointF& at, double radius, const QColor& fill) {
    painter.setPen(QPen(p.surface, 1));
    painter.setBrush(fill);
    painter.drawEllipse(at, radius + 0.5, radius + 0.5);
  };
  for (std::size_t i = 0; i < curve_.points.size(); ++i) {
    const CurvePoint& point = curve_.points[i];
    if (landed(point)) {
      dot(place(point.alpha, point.loss, plot), 2.5, p.awq);
      continue;
    }
    const QPointF at = place(point.alpha, 1, plot);
    painter.setPen(QPen(p.warning, 1.5));
    painter.drawLine(at - QPointF(3, 3), at + QPointF(3, 3));
    painter.drawLine(at - QPointF(3, -3), at + QPointF(3, -3));
  }
  dot(place(0, 1, plot), 4, p.rtn);
  if (best_ >= 0 && best_ < static_cast<int>(curve_.points.size())) {
    const CurvePoint& point = curve_.points[static_cast<std::size_t>(best_)];
    const QPointF at = place(point.alpha, point.loss, plot);
    drawVerticalDashes(painter, std::round(at.x()), at.y() + 8, plot.bottom(), {2, 2, 1}, p.awq);
    painter.setPen(QPen(p.awq, 2));
    painter.setBrush(p.surface);
    painter.drawEllipse(at, 5.5, 5.5);
    dot(at, 2.5, p.awq);
  }
  if (pinned_) {
    double loss = 1;
    for (const CurvePoint& point : curve_.points) {
      if (landed(point) && std::abs(point.alpha - *pinned_) < 1e-6) loss = point.loss;
    }
    painter.setPen(QPen(p.text, 2));
    painter.setBrush(Qt::NoBrush);
    painter.drawEllipse(place(*pinned_, loss, plot), 8, 8);
  }
  painter.restore();
}

struct CurvePlot::NameTag {
  QString text;
  QColor colour;
  Weight weight;
};

void CurvePlot::paintNames(QPainter& painter, const QRectF& plot) {
  const Palette& p = paletteOf(*this);
  std::vector<NameTag> tags = {{QStringLiteral("RTN"), p.rtn, Weight::Strong}};
  std::vector<double> wanted = {place(0, 1, plot).y()};
  const auto add = [&](const Curve& curve, const QColor& colour, Weight weight) {
    const auto last = std::find_if(curve.points.rbegin(), curve.points.rend(), landed);
    if (last == curve.points.rend() || curve.name.isEmpty()) return;
    tags.push_back({curve.name, colour, weight});
    wanted.push_back(place(last->alpha, last->loss, plot).y());
  };
  for (const Curve& ghost : ghosts_) add(ghost, p.secondary, Weight::Regular);
  add(curve_, p.awq, Weight::Strong);
  const auto placed = spreadLabels(wanted, kNameDistance, plot.top() + 2, plot.bottom() - 6);
  for (std::size_t i = 0; i < tags.size(); ++i) {
    painter.setFont(textFont(TextRole::Tick, tags[i].weight));
    painter.setPen(tags[i].colour);
    drawFigures(painter, QRectF(plot.right() + 8, placed[i] - 8, kRight - 8, 16),
                Qt::AlignLeft | Qt::AlignVCenter, tags[i].text);
  }
  if (best_ < 0 || best_ >= static_cast<int>(curve_.points.size()) || bestText_.isEmpty()) return;
  const CurvePoint& point = curve_.points[static_cast<std::size_t>(best_)];
  const QPointF at = place(point.alpha, point.loss, plot);
  painter.setFont(textFont(TextRole::Tick, Weight::Strong));
  painter.setPen(p.awq);
  const double width = figuresWidth(painter.font(), bestText_);
  drawFigures(painter, bestLabelBox(at, width, plot), Qt::AlignLeft | Qt::AlignVCenter, bestText_);
}

double CurvePlot::crossings(const QRectF& box, const QRectF& plot) const {
  constexpr int kSamples = 8;
  double crossed = 0;
  const auto follow = [&](const Curve& curve, double weight) {
    for (std::size_t i = 1; i < curve.points.size(); ++i) {
      if (!landed(curve.points[i - 1]) || !landed(curve.points[i])) continue;
      const QPointF from = place(curve.points[i - 1].alpha, curve.points[i - 1].loss, plot);
      const QPointF to = place(curve.points[i].alpha, curve.points[i].loss, plot);
      for (int k = 0; k < kSamples; ++k) {
        if (box.contains(from + (to - from) * k / kSamples)) crossed += weight;
      }
    }
  };
  follow(curve_, 10);
  for (const Curve& ghost : ghosts_) follow(ghost, 1);
  const double rtn = place(0, 1, plot).y();
  return crossed + (box.top() < rtn && rtn < box.bottom() ? 20 : 0);
}

/// The place around the ring where the words cover the least of any curve.
QRectF CurvePlot::bestLabelBox(const QPointF& ring, double width, const QRectF& plot) const {
  constexpr double kHeight = 13;
  QRectF best;
  double least = 1e9;
  for (const double y : {ring.y() + 7, ring.y() - 9 - kHeight, ring.y() - kHeight / 2,
                         ring.y() + 20, ring.y() - 34, ring.y() - 48}) {
    for (const double x : {ring.x() - width - 8, ring.x() + 8, ring.x() - width / 2,
                           ring.x() - width - 34, ring.x() + 34, ring.x() - width - 60}) {
      const QRectF box(std::clamp(x, plot.left(), plot.right() - width), y, width, kHeight);
      if (box.top() < plot.top() - 2 || box.bottom() > plot.bottom() - 1) continue;
      double cost = crossings(box.adjusted(-2, -3, 2, 3), plot);
      // The ring's own line runs down from it.
      if (y > ring.y() && box.left() < ring.x() + 3 && box.right() > ring.x() - 3) cost += 5;
      if (cost >= least) continue;
      least = cost;
      best = box;
    }
  }
  return best;
}

void CurvePlot::paintCursor(QPainter& painter) {
  if (!cursor()) return;
  const CurvePoint& point = curve_.points[static_cast<std::size_t>(cursor()->x())];
  const QRectF plot = plotRect();
  const QPointF at = place(point.alpha, landed(point) ? point.loss : 1, plot);
  painter.save();
  painter.setRenderHint(QPainter::Antialiasing);
  painter.setPen(QPen(paletteOf(*this).text, 1.5));
  painter.setBrush(Qt::NoBrush);
  painter.drawEllipse(at, 5, 5);
  painter.restore();
}

QString CurvePlot::readoutText() const {
  if (!cursor()) return {};
  const CurvePoint& point = curve_.points[static_cast<std::size_t>(cursor()->x())];
  if (readout_) return readout_(cursor()->x());
  const QString alpha = tr("α **%1**").arg(point.alpha, 0, 'f', 2);
  if (point.state == PointState::Skipped) return alpha + tr("  skipped: ") + point.reason;
  return alpha + tr("  error **%1**").arg(tickText(point.loss));
}

double CurvePlot::cursorValue() const {
  return cursor() ? curve_.points[static_cast<std::size_t>(cursor()->x())].loss : 0;
}

QSize CurvePlot::cellCount() const {
  return {static_cast<int>(curve_.points.size()), 1};
}

QString CurvePlot::csv() const {
  QString text = QStringLiteral("curve,alpha,loss_over_rtn,skipped\n");
  const auto write = [&text](const Curve& curve) {
    for (const CurvePoint& point : curve.points) {
      const bool skipped = point.state == PointState::Skipped;
      text += QStringLiteral("%1,%2,%3,%4\n")
                  .arg(csvField(curve.name))
                  .arg(point.alpha, 0, 'g', 6)
                  .arg(skipped ? QString() : QString::number(point.loss, 'g', 9))
                  .arg(skipped ? 1 : 0);
    }
  };
  write(curve_);
  for (const Curve& ghost : ghosts_) write(ghost);
  return text;
}

}  // namespace salient::ui
