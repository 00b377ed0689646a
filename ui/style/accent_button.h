// SPDX-License-Identifier: Apache-2.0
// The one filled button of a page (Open, Quantize, Export, Send). A plain QPushButton is the
// secondary button; setFlat(true) takes its fill away. Either may show its shortcut as a hint.
#pragma once

#include <QPushButton>

#include "ui/style/icons.h"

namespace salient::ui {

class AccentButton : public QPushButton {
  Q_OBJECT

 public:
  explicit AccentButton(const QString& text, QWidget* parent = nullptr);
  AccentButton(IconName iconName, const QString& text, QWidget* parent = nullptr);
};

// Small words after the button's text, usually its shortcut: "Ctrl+R".
void setButtonHint(QPushButton& button, const QString& hint);

// Another control height than 28 for any button, combo or field of ours.
void setControlHeight(QWidget& widget, int height);

}  // namespace salient::ui
