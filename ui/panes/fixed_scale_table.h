// SPDX-License-Identifier: Apache-2.0
#pragma once

// The paper's Table 2 on the selected linear: s fixed on the salient channels. A small table that
// keeps its digits under each other; read aloud row by row.

#include <QWidget>
#include <vector>

#include "engine/quantization/quantization.h"

namespace salient::ui {

class FixedScaleTable : public QWidget {
  Q_OBJECT
 public:
  explicit FixedScaleTable(QWidget* parent = nullptr);

  void setRows(const std::vector<FixedScaleRow>& rows);
  QSize sizeHint() const override;
  QSize minimumSizeHint() const override { return {200, sizeHint().height()}; }

 protected:
  void paintEvent(QPaintEvent* event) override;

 private:
  int lineHeight() const;
  std::vector<QStringList> lines_;  // first column the name, then one per factor
};

}  // namespace salient::ui
