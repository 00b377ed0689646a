// SPDX-License-Identifier: Apache-2.0
// A headline number with its label under it: "0.32×" over "salient error".
#pragma once

#include <QWidget>

namespace salient::ui {

enum class FigureTone { Text, Awq, Secondary };

class FigureBlock : public QWidget {
  Q_OBJECT

 public:
  explicit FigureBlock(const QString& label, FigureTone tone = FigureTone::Text,
                       QWidget* parent = nullptr);

  // Empty shows an en dash: nothing measured yet.
  void setFigure(const QString& figure);
  void setLabel(const QString& label);
  QSize sizeHint() const override;

 protected:
  void paintEvent(QPaintEvent* event) override;

 private:
  void nameYourself();

  QString label_;
  QString figure_;
  FigureTone tone_;
};

}  // namespace salient::ui
