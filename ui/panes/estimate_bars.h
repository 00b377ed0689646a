// SPDX-License-Identifier: Apache-2.0
#pragma once

// Memory, time or disk of a run by phase: one bar a phase, a range where the estimate is one, the
// sum in the title. Read aloud row by row.

#include <QWidget>
#include <vector>

#include "ui/style/icons.h"

namespace salient::ui {

struct EstimateRow {
  QString name;
  QString value;      ///< "14 to 22 s"
  double low = 0;     ///< share of the longest bar, 0 to 1
  double high = 0;    ///< equal to low when it is no range
  bool peak = false;  ///< drawn in text colour: this is what decides
};

class EstimateBars : public QWidget {
  Q_OBJECT
 public:
  EstimateBars(IconName icon, const QString& title, QWidget* parent = nullptr);

  /// `sum` marked: "peak **1.2 GB** of 9.8 GB free". `foot` in small type, may be empty.
  void setRows(const QString& sum, std::vector<EstimateRow> rows, const QString& foot = {});
  QSize sizeHint() const override;
  QSize minimumSizeHint() const override { return {200, sizeHint().height()}; }

 protected:
  void paintEvent(QPaintEvent* event) override;

 private:
  void paintTitle(QPainter& painter);

  IconName icon_;
  QString title_, sum_, foot_;
  std::vector<EstimateRow> rows_;
};

}  // namespace salient::ui
