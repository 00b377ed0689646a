// SPDX-License-Identifier: Apache-2.0
#pragma once

// The paper's Table 2 on the selected linear: s fixed on the salient channels. A small table that
// keeps its digits under each other; arrows go from number to number.

#include <vector>

#include "engine/quantization/quantization.h"
#include "ui/plots/plot_widget.h"

namespace salient::ui {

class FixedScaleTable : public PlotWidget {
  Q_OBJECT
 public:
  explicit FixedScaleTable(QWidget* parent = nullptr);

  void setRows(const std::vector<FixedScaleRow>& rows);

  QString readoutText() const override;
  double cursorValue() const override;
  QSize cellCount() const override;
  QString csv() const override;
  QSize sizeHint() const override;
  QSize minimumSizeHint() const override { return {200, sizeHint().height()}; }

 protected:
  void paintPlot(QPainter& painter, const QSizeF& size) override;
  void paintCursor(QPainter& painter) override;
  QRectF plotArea(const QSizeF& size) const override;
  std::optional<QPoint> cellAt(const QPointF& position) const override;

 private:
  int lineHeight() const;
  std::optional<QPoint> insideCursor() const;
  QRectF cellRect(qsizetype column, qsizetype columns, int line, double width) const;
  std::vector<FixedScaleRow> rows_;
  std::vector<QStringList> lines_;  // first column the name, then one per factor
};

}  // namespace salient::ui
