// SPDX-License-Identifier: Apache-2.0
#include "ui/panes/fixed_scale_table.h"

#include <QPainter>
#include <algorithm>
#include <cmath>

#include "ui/models/figures.h"
#include "ui/style/palette.h"
#include "ui/style/style_painting.h"
#include "ui/style/typography.h"

namespace salient::ui {
namespace {

constexpr int kColumn = 37;

}  // namespace

FixedScaleTable::FixedScaleTable(QWidget* parent) : PlotWidget(ZoomAxes::None, parent) {
  setAccessibleName(tr("Fixed s on the salient channels"));
  setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
  setRows({});
}

void FixedScaleTable::setRows(const std::vector<FixedScaleRow>& rows) {
  rows_ = rows;
  QStringList factors{tr("s")};
  QStringList changed{tr("groups with a new step")};
  QStringList salient{tr("salient error (Δ′/Δ)/s")};
  QStringList output{tr("output error vs RTN")};
  for (const FixedScaleRow& row : rows) {
    factors << QString::number(row.factor);
    changed << tr("%1\u202f%").arg(std::lround(row.stats.changed_share * 100));
    salient << QString::number(row.stats.salient_error_ratio, 'f', 2);
    output << QString::number(row.loss_over_rtn, 'f', 2);
  }
  if (rows.empty()) {
    for (QStringList* line : {&changed, &salient, &output}) *line << QStringLiteral("–");
  }
  lines_ = {factors, changed, salient, output};
  QStringList spoken;
  for (const QStringList& line : lines_) spoken << line.join(QLatin1Char(' '));
  setSummary(spoken.join(QStringLiteral("; ")));
  update();
}

int FixedScaleTable::lineHeight() const {
  return fontMetrics().height() + 2;
}

QSize FixedScaleTable::sizeHint() const {
  return {304, lineHeight() * static_cast<int>(lines_.size())};
}

QSize FixedScaleTable::cellCount() const {
  return {static_cast<int>(rows_.size()), static_cast<int>(lines_.size()) - 1};
}

QRectF FixedScaleTable::plotArea(const QSizeF& size) const {
  return {0, 0, size.width(), size.height()};
}

QRectF FixedScaleTable::cellRect(qsizetype column, qsizetype columns, int line,
                                 double width) const {
  const double right = width - static_cast<double>(columns - 1 - column) * kColumn;
  return {right - kColumn, static_cast<double>(line * lineHeight()), kColumn,
          static_cast<double>(lineHeight())};
}

std::optional<QPoint> FixedScaleTable::cellAt(const QPointF& position) const {
  for (int column = 0; column < cellCount().width(); ++column) {
    for (int row = 0; row < cellCount().height(); ++row) {
      const QRectF cell = cellRect(column, cellCount().width(), row + 1, width());
      if (cell.contains(position)) return QPoint(column, row);
    }
  }
  return {};
}

std::optional<QPoint> FixedScaleTable::insideCursor() const {
  const QRect cells(QPoint(), cellCount());
  return cursor() && cells.contains(*cursor()) ? cursor() : std::nullopt;
}

QString FixedScaleTable::readoutText() const {
  const auto cell = insideCursor();
  if (!cell) return {};
  const QStringList& line = lines_[static_cast<std::size_t>(cell->y()) + 1];
  return tr("s %1: %2 **%3**").arg(lines_[0][cell->x() + 1], line.front(), line[cell->x() + 1]);
}

double FixedScaleTable::cursorValue() const {
  const auto cell = insideCursor();
  if (!cell) return 0;
  const FixedScaleRow& row = rows_[static_cast<std::size_t>(cell->x())];
  if (cell->y() == 0) return row.stats.changed_share;
  return cell->y() == 1 ? row.stats.salient_error_ratio : row.loss_over_rtn;
}

QString FixedScaleTable::csv() const {
  QString text = QStringLiteral("s,changed_share,salient_error_ratio,loss_over_rtn\n");
  for (const FixedScaleRow& row : rows_) {
    text += QStringLiteral("%1,%2,%3,%4\n")
                .arg(row.factor)
                .arg(row.stats.changed_share, 0, 'g', 9)
                .arg(row.stats.salient_error_ratio, 0, 'g', 9)
                .arg(row.loss_over_rtn, 0, 'g', 9);
  }
  return text;
}

void FixedScaleTable::paintPlot(QPainter& painter, const QSizeF& size) {
  painter.setFont(font());
  const Palette& colours = paletteOf(*this);
  for (int i = 0; i < static_cast<int>(lines_.size()); ++i) {
    const QStringList& line = lines_[static_cast<std::size_t>(i)];
    painter.setPen(colours.secondary);
    painter.drawText(QRectF(0, i * lineHeight(), size.width(), lineHeight()),
                     Qt::AlignLeft | Qt::AlignVCenter, line.front());
    painter.setPen(i == 0 ? colours.secondary : colours.text);
    for (qsizetype column = 1; column < line.size(); ++column) {
      drawFigures(painter, cellRect(column - 1, line.size() - 1, i, size.width()),
                  Qt::AlignRight | Qt::AlignVCenter, line[column]);
    }
  }
}

void FixedScaleTable::paintCursor(QPainter& painter) {
  const auto cell = insideCursor();
  if (!cell) return;
  const QRectF box = cellRect(cell->x(), cellCount().width(), cell->y() + 1, width());
  drawBox(painter, box.adjusted(4, 0, 3, 0), 3, {}, paletteOf(*this).border);
}

}  // namespace salient::ui
