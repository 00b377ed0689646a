// SPDX-License-Identifier: Apache-2.0
#include "ui/plots/chart_canvas.h"

#include <QAreaSeries>
#include <QChart>
#include <QGraphicsLayout>
#include <QGraphicsScene>
#include <QLegend>
#include <QLineSeries>
#include <QPainter>
#include <QValueAxis>
#include <algorithm>

namespace salient::ui {

struct ChartCanvas::Parts {
  QGraphicsScene scene;
  QChart* chart = new QChart;  // the scene owns it, and it owns axes and series
  QValueAxis* across = new QValueAxis;
  QValueAxis* up = new QValueAxis;
  ChartAxes axes;
  std::vector<QAreaSeries*> bars;
  std::vector<QLineSeries*> lines;

  void attach(QAbstractSeries* series) {
    chart->addSeries(series);
    series->attachAxis(across);
    series->attachAxis(up);
  }

  void forget(QAbstractSeries* series) {
    chart->removeSeries(series);
    delete series;
  }
};

ChartCanvas::ChartCanvas() : parts_(std::make_unique<Parts>()) {
  QChart& chart = *parts_->chart;
  parts_->scene.addItem(&chart);
  chart.setAnimationOptions(QChart::NoAnimation);
  chart.setBackgroundVisible(false);
  chart.setPlotAreaBackgroundVisible(false);
  chart.setMargins(QMargins());
  chart.layout()->setContentsMargins(0, 0, 0, 0);
  chart.legend()->hide();
  for (QValueAxis* axis : {parts_->across, parts_->up}) axis->setVisible(false);
  chart.addAxis(parts_->across, Qt::AlignBottom);
  chart.addAxis(parts_->up, Qt::AlignLeft);
}

ChartCanvas::~ChartCanvas() = default;

void ChartCanvas::setAxes(const ChartAxes& axes) {
  parts_->axes = axes;
  parts_->across->setRange(axes.left, axes.right);
  parts_->up->setRange(axes.lower, axes.upper);
}

void ChartCanvas::setBars(const std::vector<ChartBars>& bars) {
  while (parts_->bars.size() > bars.size()) {
    parts_->forget(parts_->bars.back());
    parts_->bars.pop_back();
  }
  while (parts_->bars.size() < bars.size()) {
    auto* area = new QAreaSeries(new QLineSeries);
    area->upperSeries()->setParent(area);
    area->setPen(Qt::NoPen);
    parts_->attach(area);
    parts_->bars.push_back(area);
  }
  const ChartAxes& axes = parts_->axes;
  for (std::size_t i = 0; i < bars.size(); ++i) {
    QList<QPointF> outline;
    for (std::size_t bar = 0; bar < bars[i].heights.size(); ++bar) {
      const double left = bars[i].left + static_cast<double>(bar) * bars[i].pitch;
      const double right = std::min(left + bars[i].width, axes.right);
      const double top = std::clamp(bars[i].heights[bar], axes.lower, axes.upper);
      outline << QPointF(left, axes.lower) << QPointF(left, top) << QPointF(right, top)
              << QPointF(right, axes.lower);
    }
    parts_->bars[i]->upperSeries()->replace(outline);
    parts_->bars[i]->setBrush(bars[i].fill);
  }
}

void ChartCanvas::setLines(const std::vector<ChartLine>& lines) {
  while (parts_->lines.size() > lines.size()) {
    parts_->forget(parts_->lines.back());
    parts_->lines.pop_back();
  }
  while (parts_->lines.size() < lines.size()) {
    parts_->lines.push_back(new QLineSeries);
    parts_->attach(parts_->lines.back());
  }
  const ChartAxes& axes = parts_->axes;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    QList<QPointF> points;
    for (const QPointF& point : lines[i].points) {
      if (point.x() < axes.left || point.x() > axes.right) continue;
      points << QPointF(point.x(), std::clamp(point.y(), axes.lower, axes.upper));
    }
    parts_->lines[i]->setPen(lines[i].pen);
    parts_->lines[i]->replace(points);
  }
}

void ChartCanvas::paint(QPainter& painter, const QRectF& plot, ChartEdges edges) {
  const QRectF canvas(QPointF(), plot.size());
  parts_->chart->setGeometry(canvas);
  parts_->chart->setPlotArea(canvas);
  parts_->chart->layout()->activate();
  parts_->scene.setSceneRect(canvas);
  painter.save();
  painter.setRenderHint(QPainter::Antialiasing, edges == ChartEdges::Smooth);
  parts_->scene.render(&painter, plot, canvas, Qt::IgnoreAspectRatio);
  painter.restore();
}

}  // namespace salient::ui
