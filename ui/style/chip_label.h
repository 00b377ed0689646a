// SPDX-License-Identifier: Apache-2.0
// A status chip: icon and word on the status tint, never colour alone.
#pragma once

#include <QWidget>

namespace salient::ui {

enum class ChipKind { Positive, Warning, Danger, Neutral };

class ChipLabel : public QWidget {
  Q_OBJECT

 public:
  explicit ChipLabel(ChipKind kind, const QString& text, QWidget* parent = nullptr);

  void setChip(ChipKind kind, const QString& text);
  QString text() const { return text_; }
  QSize sizeHint() const override;

 protected:
  void paintEvent(QPaintEvent* event) override;

 private:
  ChipKind kind_ = ChipKind::Neutral;
  QString text_;
};

}  // namespace salient::ui
