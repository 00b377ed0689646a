// SPDX-License-Identifier: Apache-2.0
#include "ui/panes/fixed_scale_table.h"

#include <QPainter>
#include <algorithm>
#include <cmath>

#include "ui/models/figures.h"
#include "ui/style/palette.h"
#include "ui/style/typography.h"

namespace salient::ui {
namespace {

constexpr int kColumn = 37;

}  // namespace

FixedScaleTable::FixedScaleTable(QWidget* parent) : QWidget(parent) {
  setFont(textFont(TextRole::Tick));
  setAccessibleName(tr("Fixed s on the salient channels"));
  setRows({});
}

void FixedScaleTable::setRows(const std::vector<FixedScaleRow>& rows) {
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
  setAccessibleDescription(spoken.join(QStringLiteral("; ")));
  update();
}

int FixedScaleTable::lineHeight() const {
  return fontMetrics().height() + 2;
}

QSize FixedScaleTable::sizeHint() const {
  return {304, lineHeight() * static_cast<int>(lines_.size())};
}

void FixedScaleTable::paintEvent(QPaintEvent* /*event*/) {
  QPainter painter(this);
  painter.setFont(font());
  const Palette& colours = paletteOf(*this);
  double y = 0;
  for (std::size_t i = 0; i < lines_.size(); ++i) {
    const QStringList& line = lines_[i];
    painter.setPen(colours.secondary);
    painter.drawText(QRectF(0, y, width(), lineHeight()), Qt::AlignLeft | Qt::AlignVCenter,
                     line.front());
    painter.setPen(i == 0 ? colours.secondary : colours.text);
    for (qsizetype column = 1; column < line.size(); ++column) {
      const double right = width() - static_cast<double>(line.size() - 1 - column) * kColumn;
      drawFigures(painter, QRectF(right - kColumn, y, kColumn, lineHeight()),
                  Qt::AlignRight | Qt::AlignVCenter, line[column]);
    }
    y += lineHeight();
  }
}

}  // namespace salient::ui
