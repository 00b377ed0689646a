// SPDX-License-Identifier: Apache-2.0
#pragma once

// The line where a prompt is typed; the sampling in force stands at its right end.

#include <QLineEdit>

namespace salient::ui {

class PromptField : public QLineEdit {
  Q_OBJECT
 public:
  explicit PromptField(QWidget* parent = nullptr);
  void setHint(const QString& hint);

 protected:
  void paintEvent(QPaintEvent* event) override;

 private:
  QString hint_;
};

}  // namespace salient::ui
