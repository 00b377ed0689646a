// SPDX-License-Identifier: Apache-2.0
// A speed bar: the outline is the limit (what the memory can read), the fill what was reached.
// Both are shares of the widget's width, so bars under each other compare.
#pragma once

#include <QWidget>

#include "ui/plots/model_tone.h"

namespace salient::ui {

class LimitBar : public QWidget {
  Q_OBJECT

 public:
  explicit LimitBar(ModelTone tone, QWidget* parent = nullptr);

  // 0 <= reached <= limit <= 1; text is what a screen reader says: "52.1 tok/s, 70 % of the limit".
  void setBar(double reached, double limit, const QString& text);
  QSize sizeHint() const override { return {160, 8}; }
  QSize minimumSizeHint() const override { return {40, 8}; }

 protected:
  void paintEvent(QPaintEvent* event) override;

 private:
  ModelTone tone_;
  double reached_ = 0;
  double limit_ = 0;
};

}  // namespace salient::ui
