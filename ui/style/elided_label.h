// SPDX-License-Identifier: Apache-2.0
// One line of plain text that gives way in its middle, where names differ least; the whole of it
// stands in the tool tip then.
#pragma once

#include <QLabel>

namespace salient::ui {

class ElidedLabel : public QLabel {
  Q_OBJECT

 public:
  explicit ElidedLabel(const QFont& font, QWidget* parent = nullptr);

  void setWords(const QString& text);
  QSize sizeHint() const override;
  QSize minimumSizeHint() const override;

 protected:
  void resizeEvent(QResizeEvent* event) override;

 private:
  void fit();

  QString words_;
};

}  // namespace salient::ui
