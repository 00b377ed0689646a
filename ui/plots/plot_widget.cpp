// SPDX-License-Identifier: Apache-2.0
#include "ui/plots/plot_widget.h"

#include <QAccessible>
#include <QPainter>
#include <algorithm>
#include <cmath>

#include "ui/plots/plot_accessible.h"
#include "ui/style/caption_label.h"
#include "ui/style/metrics.h"
#include "ui/style/palette.h"
#include "ui/style/style_painting.h"
#include "ui/style/typography.h"

namespace salient::ui {
namespace {

constexpr double kStaleOpacity = 0.4;

}  // namespace

PlotWidget::PlotWidget(ZoomAxes zoomAxes, QWidget* parent) : QWidget(parent), zoomAxes_(zoomAxes) {
  installPlotAccessibility();
  setFocusPolicy(Qt::StrongFocus);
  setMouseTracking(true);
  setFont(textFont(TextRole::Tick));
  zoom_.reset(QRectF(0, 0, 1, 1));
}

void PlotWidget::zoomTo(const QRectF& target) {
  if (zoom_.zoomTo(target)) afterZoom();
}

void PlotWidget::zoomBack() {
  if (zoom_.back()) afterZoom();
}

void PlotWidget::zoomAll() {
  if (zoom_.all()) afterZoom();
}

void PlotWidget::afterZoom() {
  viewMoved();
  update();
  Q_EMIT viewChanged(view());
}

void PlotWidget::followHorizontally(double left, double right) {
  if (zoomAxes_ == ZoomAxes::None) return;
  const QRectF now = view();
  if (!zoom_.follow(QRectF(left, now.top(), right - left, now.height()))) return;
  viewMoved();
  update();
}

void PlotWidget::setFullView(const QRectF& full) {
  if (full == zoom_.full()) return;
  zoom_.reset(full);
  cursor_.reset();
  viewMoved();
  update();
}

void PlotWidget::setCursorCell(std::optional<QPoint> cell) {
  if (cell == cursor_) return;
  cursor_ = cell;
  update();
  announceReadout();
  Q_EMIT cursorMoved(cell);
}

void PlotWidget::announceReadout() {
  Q_EMIT readoutChanged(readoutText());
  if (!QAccessible::isActive()) return;
  QAccessibleValueChangeEvent event(this, cursorValue());
  QAccessible::updateAccessibility(&event);
}

QString PlotWidget::summaryText() const {
  if (!message_.isEmpty()) return message_;
  const QString readout = withoutMarks(readoutText());
  return readout.isEmpty() ? summary_ : summary_ + u' ' + readout;
}

void PlotWidget::setSummary(const QString& sentence) {
  summary_ = withoutMarks(sentence);
}

void PlotWidget::setMessage(const QString& sentence) {
  message_ = sentence;
  update();
}

void PlotWidget::setStale(bool stale) {
  stale_ = stale;
  update();
}

std::optional<QPoint> PlotWidget::cellAt(const QPointF& position) const {
  const QRectF plot = plotRect();
  const QSize cells = cellCount();
  if (cells.isEmpty() || position.x() < plot.left() || position.x() >= plot.right()) return {};
  const int key = static_cast<int>(std::floor(keyOf(position.x(), plot)));
  const double row = zoomAxes_ == ZoomAxes::Both ? rowOf(position.y(), plot) : 0;
  if (row < 0 || row >= cells.height()) return {};
  return QPoint(std::clamp(key, 0, cells.width() - 1), static_cast<int>(std::floor(row)));
}

int PlotWidget::strideOf(Qt::Orientation) const {
  return 10;
}

bool PlotWidget::pressHandle(const QPointF&) {
  return false;
}

void PlotWidget::dragHandle(const QPointF&) {}

void PlotWidget::releaseHandle() {}

bool PlotWidget::overHandle(const QPointF&) const {
  return false;
}

double PlotWidget::xOf(double key, const QRectF& plot) const {
  return plot.left() + (key - view().left()) / view().width() * plot.width();
}

double PlotWidget::keyOf(double x, const QRectF& plot) const {
  return view().left() + (x - plot.left()) / plot.width() * view().width();
}

double PlotWidget::rowOf(double y, const QRectF& plot) const {
  return view().top() + (y - plot.top()) / plot.height() * view().height();
}

void PlotWidget::renderTo(QPainter& painter, const QSizeF& size) {
  painter.setFont(font());
  paintPlot(painter, size);
}

void PlotWidget::paintEvent(QPaintEvent*) {
  const Palette& p = paletteOf(*this);
  QPainter painter(this);
  painter.setFont(font());
  if (!message_.isEmpty()) {
    painter.setFont(textFont(TextRole::Caption));
    painter.setPen(p.secondary);
    painter.drawText(rect(), Qt::AlignCenter | Qt::TextWordWrap, message_);
    return;
  }
  if (stale_) painter.setOpacity(kStaleOpacity);
  paintPlot(painter, QSizeF(size()));
  if (stale_) {
    painter.setOpacity(1);
    const QRectF plot = plotRect();
    painter.fillRect(QRectF(plot.left(), plot.top() - 2, plot.width(), 2), p.accent);
    return;
  }
  paintCursor(painter);
  paintChrome(painter);
}

QRectF PlotWidget::allChip() const {
  if (!isZoomed()) return {};
  const QRectF plot = plotRect();
  return {plot.right() - 34, std::max(0.0, plot.top() - 20), 34, 18};
}

void PlotWidget::paintChrome(QPainter& painter) {
  const Palette& p = paletteOf(*this);
  if (drag_ == Drag::Brush && (pointer_ - pressed_).manhattanLength() > 4) {
    const QRectF plot = plotRect();
    QRectF brush = QRectF(pressed_, pointer_).normalized().intersected(plot);
    if (zoomAxes_ == ZoomAxes::Horizontal) {
      brush.setTop(plot.top());
      brush.setBottom(plot.bottom());
    }
    QColor fill = p.accent;
    fill.setAlphaF(0.14F);
    drawBox(painter, brush, 0, fill, p.accent);
  }
  const QRectF chip = allChip();
  if (chip.isEmpty()) return;
  drawBox(painter, chip, chip.height() / 2, p.accentTint);
  painter.setFont(textFont(TextRole::Tick, Weight::Strong));
  painter.setPen(p.accent);
  painter.drawText(chip, Qt::AlignCenter, tr("all"));
}

}  // namespace salient::ui
