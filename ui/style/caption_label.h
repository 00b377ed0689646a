// SPDX-License-Identifier: Apache-2.0
// One plain sentence with its live numbers in bold: setText("**15** of 1 536 channels"). Words are
// drawn as they come (never as rich text), so text from a file cannot carry markup beyond **bold**.
// Wraps at its width, 17 px a line, digits on equal widths.
#pragma once

#include <QWidget>
#include <vector>

namespace salient::ui {

class CaptionLabel : public QWidget {
  Q_OBJECT

 public:
  explicit CaptionLabel(const QString& markedText = {}, QWidget* parent = nullptr);

  void setText(const QString& markedText);
  // Without the marks: what is spoken, copied and tested.
  QString plainText() const;
  void setAlignment(Qt::Alignment alignment);
  // Off: one line, cut at the right. On by default.
  void setWordWrap(bool wrap);

  bool hasHeightForWidth() const override { return wrap_; }
  int heightForWidth(int width) const override;
  QSize sizeHint() const override;
  QSize minimumSizeHint() const override;

 protected:
  void paintEvent(QPaintEvent* event) override;
  void changeEvent(QEvent* event) override;

 private:
  struct Word;
  std::vector<std::vector<Word>> wordLines(double width) const;
  int lineHeight() const;

  QString marked_;
  Qt::Alignment alignment_ = Qt::AlignLeft;
  bool wrap_ = true;
};

// "**15** of 1 536" without its marks.
QString withoutMarks(const QString& markedText);

}  // namespace salient::ui
