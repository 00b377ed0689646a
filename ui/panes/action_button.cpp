// SPDX-License-Identifier: Apache-2.0
#include "ui/panes/action_button.h"

namespace salient::ui {

QToolButton* actionButton(QAction* action, IconName icon) {
  auto* button = new QToolButton;
  button->setDefaultAction(action);
  // On the action, because a button takes it over again whenever its action changes.
  action->setIcon(paletteIcon(icon, IconTone::Text));
  action->setIconVisibleInMenu(false);
  button->setToolButtonStyle(Qt::ToolButtonIconOnly);
  button->setAutoRaise(true);
  button->setFocusPolicy(Qt::TabFocus);
  button->setAccessibleName(action->text().remove(QLatin1Char('&')));
  return button;
}

}  // namespace salient::ui
