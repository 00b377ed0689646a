// SPDX-License-Identifier: Apache-2.0
// The picture of MapWidget.
#include <QPainter>
#include <algorithm>
#include <cmath>

#include "ui/plots/map_widget.h"
#include "ui/plots/plot_paint.h"
#include "ui/style/metrics.h"
#include "ui/style/palette.h"
#include "ui/style/style_painting.h"
#include "ui/style/typography.h"

namespace salient::ui {
namespace {

constexpr double kScaleBar = 6;
constexpr double kBelowRows = 10;
constexpr int kNumbered = 5;

void drawStripes(QPainter& painter, const QRectF& box, const QColor& colour) {
  painter.setPen(QPen(colour, 1));
  const int count = static_cast<int>((box.width() + box.height()) / 4) + 1;
  for (int i = 0; i < count; ++i) {
    const double x = box.left() - box.height() + 4 * i;
    const double from = std::max(x, box.left());
    const double to = std::min(x + box.height(), box.right());
    if (to <= from) continue;
    painter.drawLine(QPointF(from, box.bottom() - (from - x)),
                     QPointF(to, box.bottom() - (to - x)));
  }
}

}  // namespace

void MapWidget::paintPlot(QPainter& painter, const QSizeF& size) {
  if (columns_.empty() || blocks_ == 0) return;
  const QRectF plot = plotArea(size);
  const int first = firstBlock(size);
  const int fitting = static_cast<int>(plot.height() / pitch(size));
  const int last = std::min(blocks_, first + fitting);
  if (look_ == MapLook::Full) paintWords(painter, size);
  for (int block = first; block < last; ++block) {
    for (int column = 0; column < cellCount().width(); ++column) {
      paintCell(painter, cellRect(QPoint(column, block), size), cell(block, column));
    }
  }
  if (look_ == MapLook::Full && !scaleTexts_.isEmpty()) paintScaleBar(painter, size);
  if (selection_.y() < first || selection_.y() >= last) return;
  const QRectF ring = cellRect(selection_, size).adjusted(-4, -4, 4, 4);
  const Palette& p = paletteOf(*this);
  drawBox(painter, ring.adjusted(1, 1, -1, -1), 4, {}, p.surface, 3);
  drawBox(painter, ring, 5, {}, p.text, 2);
}

QColor MapWidget::cellFill(const MapCell& cell) const {
  const ColorTable& table = colorTable(scale_, themeOf(*this));
  const double value = double{cell.value};
  const double unit = scale_ == ColorScale::Diverging ? 0.5 + value / 2 : value;
  return QColor::fromRgb(colorAt(table, unit));
}

void MapWidget::paintCell(QPainter& painter, const QRectF& box, const MapCell& cell) {
  const Palette& p = paletteOf(*this);
  switch (cell.state) {
    case CellState::Absent:
      return;
    case CellState::Planned:
      drawBox(painter, box, metrics::kCellRadius, {}, p.hairline);
      break;
    case CellState::Running:
    case CellState::Paused: {
      drawBox(painter, box, metrics::kCellRadius, p.accentTint, p.accent);
      const QRectF inner = box.adjusted(1, 1, -1, -1);
      painter.save();
      painter.setRenderHint(QPainter::Antialiasing);
      if (cell.state == CellState::Paused) drawStripes(painter, inner, p.accent);
      painter.restore();
      const double width = inner.width() * std::clamp(double{cell.progress}, 0.0, 1.0);
      painter.fillRect(QRectF(inner.left(), inner.bottom() - 2, width, 2), p.accent);
      break;
    }
    case CellState::Done:
      drawBox(painter, box, metrics::kCellRadius, cellFill(cell));
      break;
    case CellState::Failed:
      drawBox(painter, box, metrics::kCellRadius, p.dangerTint, p.danger);
      break;
  }
  paintGlyphs(painter, box, cell);
}

void MapWidget::paintGlyphs(QPainter& painter, const QRectF& box, const MapCell& cell) {
  if (!cell.keptFp16 && !cell.pinnedAlpha && !cell.warned) return;
  const Palette& p = paletteOf(*this);
  const bool filled = cell.state == CellState::Done && !cell.keptFp16;
  const QColor ground = filled ? cellFill(cell) : p.surface;
  const QColor ink =
      contrastRatio(p.text, ground) > contrastRatio(p.surface, ground) ? p.text : p.surface;
  const double reach = std::min(3.0, box.height() / 2 - 1);
  painter.save();
  painter.setRenderHint(QPainter::Antialiasing);
  if (cell.keptFp16) {
    painter.setPen(QPen(p.fp16, 1.5));
    painter.setBrush(p.surface);
    painter.drawRoundedRect(box.adjusted(0.75, 0.75, -0.75, -0.75), 2, 2);
  }
  if (cell.pinnedAlpha) {
    painter.setPen(Qt::NoPen);
    painter.setBrush(ink);
    painter.drawEllipse(box.center(), reach * 0.8, reach * 0.8);
  }
  if (cell.warned) {
    const QPointF c = box.center() + QPointF(cell.pinnedAlpha ? 3 * reach : 0, 0);
    const QPointF points[] = {c + QPointF(-reach, reach), c + QPointF(reach, reach),
                              c + QPointF(0, -reach)};
    painter.setPen(Qt::NoPen);
    painter.setBrush(cell.state == CellState::Failed ? p.danger : ink);
    painter.drawPolygon(points, 3);
  }
  painter.restore();
}

void MapWidget::paintWords(QPainter& painter, const QSizeF& size) {
  const Palette& p = paletteOf(*this);
  const QRectF plot = plotArea(size);
  const QFont regular = textFont(TextRole::Tick);
  const QFont strong = textFont(TextRole::Tick, Weight::Strong);
  for (int column = 0; column < cellCount().width(); ++column) {
    const QRectF cellBox = cellRect(QPoint(column, firstBlock(size)), size);
    const bool chosen = column == selection_.x();
    // Strong words are wider than a narrow column; the ink tells the chosen one there.
    painter.setFont(chosen && columnWidth(size) >= 24 ? strong : regular);
    painter.setPen(chosen ? p.text : p.secondary);
    painter.drawText(QRectF(cellBox.center().x() - 30, plot.top() - 20, 60, 16), Qt::AlignCenter,
                     columns_[static_cast<std::size_t>(column)].name);
  }
  const double step = pitch(size);
  const int every = step < 12 ? 2 * kNumbered : kNumbered;
  const int first = firstBlock(size);
  const int last = std::min(blocks_, first + static_cast<int>(plot.height() / step));
  for (int block = first; block < last; ++block) {
    const bool chosen = block == selection_.y();
    const bool end = block == blocks_ - 1;
    const bool crowded = selection_.y() >= first && std::abs(block - selection_.y()) * step < 13;
    const bool nearEnd = blocks_ - 1 - block > 0 && (blocks_ - 1 - block) * step < 13;
    if (!chosen && ((block % every != 0 && !end) || crowded || nearEnd)) {
      if (!(end && !crowded)) continue;
    }
    painter.setFont(chosen ? strong : regular);
    painter.setPen(chosen ? p.text : p.secondary);
    drawLeftTick(painter, plot.left() - 8, cellRect(QPoint(0, block), size).center().y(),
                 QString::number(block));
  }
}

void MapWidget::paintScaleBar(QPainter& painter, const QSizeF& size) {
  const Palette& p = paletteOf(*this);
  const QRectF plot = plotArea(size);
  const int shownRows = std::min(blocks_, static_cast<int>(plot.height() / pitch(size)));
  const double left = columnLeft(0, size);
  const double right = columnLeft(cellCount().width() - 1, size) + columnWidth(size);
  const double top = plot.top() + shownRows * pitch(size) + kBelowRows;
  const ColorTable& table = colorTable(scale_, themeOf(*this));
  // A map of gains starts at "no gain": the RTN half of the diverging scale is for warned cells.
  const double from = scale_ == ColorScale::Diverging ? 0.5 : 0;
  const int columns = static_cast<int>(right - left);
  for (int i = 0; i < columns; ++i) {
    const double unit = from + (1 - from) * i / std::max(1, columns - 1);
    painter.fillRect(QRectF(left + i, top, 1, kScaleBar), QColor::fromRgb(colorAt(table, unit)));
  }
  painter.setFont(font());
  painter.setPen(p.secondary);
  for (qsizetype i = 0; i < scaleTexts_.size(); ++i) {
    const double share = scaleTexts_.size() < 2
                             ? 0
                             : static_cast<double>(i) / static_cast<double>(scaleTexts_.size() - 1);
    drawBottomTick(painter, left + share * (right - left), top + kScaleBar + 3, scaleTexts_[i],
                   left, right);
  }
}

void MapWidget::paintCursor(QPainter& painter) {
  if (!cursor() || *cursor() == selection_) return;
  const QRectF box = cellRect(*cursor(), QSizeF(size()));
  if (box.top() < plotRect().top() - 1 || box.bottom() > plotRect().bottom() + 1) return;
  drawBox(painter, box.adjusted(-2, -2, 2, 2), 3, {}, paletteOf(*this).secondary, 1.5);
}

}  // namespace salient::ui
