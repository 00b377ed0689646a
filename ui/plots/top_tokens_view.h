// SPDX-License-Identifier: Apache-2.0
// The likeliest next tokens of both models at one place, side by side, with lines that join the
// same token and cross where the order differs. Arrows go down a list and across to the other.
#pragma once

#include <array>
#include <vector>

#include "ui/plots/plot_widget.h"

namespace salient::ui {

struct TokenChoice {
  QString text;
  double probability = 0;
};

class TopTokensView : public PlotWidget {
  Q_OBJECT

 public:
  explicit TopTokensView(QWidget* parent = nullptr);

  // `context` is what both models had read; `kl` is ready text, empty when unknown.
  // Empty context: the answer begins there.
  void setPlace(const QString& context, const QString& kl, std::vector<TokenChoice> left,
                std::vector<TokenChoice> right);
  void clear();
  // Rows of each list, the likeliest first; fewer where the page is low.
  void setMostRows(int rows);

  QString readoutText() const override;
  QString summaryText() const override;
  double cursorValue() const override;
  QSize cellCount() const override;
  QString csv() const override;
  QSize sizeHint() const override { return {800, height(rows_)}; }
  QSize minimumSizeHint() const override { return {360, height(rows_)}; }

 protected:
  void paintPlot(QPainter& painter, const QSizeF& size) override;
  void paintCursor(QPainter& painter) override;
  QRectF plotArea(const QSizeF& size) const override;
  std::optional<QPoint> cellAt(const QPointF& position) const override;

 private:
  QRectF sideBox(int side, const QSizeF& size) const;
  void paintSide(QPainter& painter, int side, const QRectF& box) const;
  void paintLinks(QPainter& painter, double left, double right) const;
  const TokenChoice* choiceAt(const std::optional<QPoint>& cell) const;
  static int height(int rows) { return 48 + 24 * rows; }
  std::size_t shown(std::size_t side) const;
  QString title() const;

  int rows_ = 5;
  QString context_, kl_;
  std::array<std::vector<TokenChoice>, 2> sides_;  // FP16, quantized
};

}  // namespace salient::ui
