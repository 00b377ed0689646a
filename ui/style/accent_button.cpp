// SPDX-License-Identifier: Apache-2.0
#include "ui/style/accent_button.h"

#include <QVariant>

namespace salient::ui {

AccentButton::AccentButton(const QString& text, QWidget* parent) : QPushButton(text, parent) {
  setProperty("accent", true);
}

AccentButton::AccentButton(IconName iconName, const QString& text, QWidget* parent)
    : AccentButton(text, parent) {
  setIcon(paletteIcon(iconName, IconTone::OnAccent));
}

void setButtonHint(QPushButton& button, const QString& hint) {
  if (button.property("hint").toString() == hint) return;
  button.setProperty("hint", hint);
  // A push button keeps its size hint until its words change.
  const QString words = button.text();
  button.setText(QString());
  button.setText(words);
  button.updateGeometry();
  button.update();
}

void setControlHeight(QWidget& widget, int height) {
  widget.setProperty("controlHeight", height);
  widget.updateGeometry();
}

}  // namespace salient::ui
