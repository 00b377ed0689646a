// SPDX-License-Identifier: Apache-2.0
// KL per token: one bar a token, hollow where both models pick the same, solid where they part,
// the first divergence marked. Strip is the 40 px ribbon of the Quantize layout; Full has the
// value axis, token numbers and the words of the highest bars.
#pragma once

#include <functional>
#include <vector>

#include "ui/plots/plot_widget.h"

namespace salient::ui {

enum class RibbonLook { Strip, Full };
enum class TokenPick { Same, Other };

struct RibbonToken {
  double kl = 0;
  TokenPick pick = TokenPick::Same;
  QString text;       // the token FP16 chose
  QString otherText;  // the quantized model's pick, where it differs
};

class RibbonPlot : public PlotWidget {
  Q_OBJECT

 public:
  explicit RibbonPlot(RibbonLook look, QWidget* parent = nullptr);

  void setTokens(std::vector<RibbonToken> tokens);
  void appendToken(RibbonToken token);
  // -1: none. Tokens are counted from 1 on screen.
  int firstDivergence() const { return firstDivergence_; }
  void setSelectedToken(int token);
  int selectedToken() const { return selected_; }
  void setReadout(std::function<QString(int token)> readout);

  QString readoutText() const override;
  double cursorValue() const override;
  QSize cellCount() const override;
  QString csv() const override;
  QSize sizeHint() const override;
  QSize minimumSizeHint() const override { return {200, 32}; }

 Q_SIGNALS:
  void tokenHovered(int token);
  void tokenSelected(int token);

 protected:
  void paintPlot(QPainter& painter, const QSizeF& size) override;
  void paintCursor(QPainter& painter) override;
  QRectF plotArea(const QSizeF& size) const override;

 private:
  double peak() const { return peak_; }
  QRectF barRect(int token, const QRectF& plot) const;
  void paintAxes(QPainter& painter, const QRectF& plot);
  void paintBars(QPainter& painter, const QRectF& plot);
  void paintDivergence(QPainter& painter, const QRectF& plot);
  void paintPeak(QPainter& painter, const QRectF& plot);
  void paintWords(QPainter& painter, const QRectF& plot);
  std::vector<int> byKl() const;
  QString divergenceText() const;
  QRectF divergenceBox(const QRectF& plot) const;
  bool touchesBar(const QRectF& box, const QRectF& plot) const;
  std::vector<QRectF> takenByBars(const QRectF& plot) const;

  RibbonLook look_;
  std::vector<RibbonToken> tokens_;
  int selected_ = -1;
  int firstDivergence_ = -1;
  double peak_ = 1;
  std::function<QString(int)> readout_;
};

}  // namespace salient::ui
