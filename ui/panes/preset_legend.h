// SPDX-License-Identifier: Apache-2.0
#pragma once

// The title above the preset cards and what the colours of their bars mean.

#include <QWidget>

namespace salient::ui {

class PresetLegend : public QWidget {
  Q_OBJECT
 public:
  explicit PresetLegend(QWidget* parent = nullptr);

  void setSizes(const QString& embedding, const QString& fp16);

 protected:
  void paintEvent(QPaintEvent* event) override;

 private:
  QString kept_, quantized_, saved_;
};

}  // namespace salient::ui
