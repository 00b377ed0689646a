// SPDX-License-Identifier: Apache-2.0
// The five likeliest next tokens of both models at one place, side by side, with lines that join
// the same token and cross where the order differs.
#pragma once

#include <QWidget>
#include <vector>

namespace salient::ui {

struct TokenChoice {
  QString text;
  double probability = 0;
};

class TopTokensView : public QWidget {
  Q_OBJECT

 public:
  explicit TopTokensView(QWidget* parent = nullptr);

  // `context` is what both models had read; `kl` is ready text, empty when unknown.
  void setPlace(const QString& context, const QString& kl, std::vector<TokenChoice> left,
                std::vector<TokenChoice> right);
  void clear();
  // Rows of each list, the likeliest first; fewer where the page is low.
  void setMostRows(int rows);
  QSize sizeHint() const override { return {800, height(rows_)}; }
  QSize minimumSizeHint() const override { return {360, height(rows_)}; }

 protected:
  void paintEvent(QPaintEvent* event) override;

 private:
  void paintSide(QPainter& painter, const QRectF& box, const std::vector<TokenChoice>& choices,
                 bool quantized);
  void paintLinks(QPainter& painter, double left, double right);

  static int height(int rows) { return 48 + 24 * rows; }

  std::size_t shownRows() const { return static_cast<std::size_t>(rows_); }

  int rows_ = 5;
  QString context_, kl_;
  std::vector<TokenChoice> left_, right_;
};

}  // namespace salient::ui
