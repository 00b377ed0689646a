// SPDX-License-Identifier: Apache-2.0
#pragma once

// A command of the window as a button of its icon alone, named and reached by Tab.

#include <QAction>
#include <QToolButton>

#include "ui/style/icons.h"

namespace salient::ui {

QToolButton* actionButton(QAction* action, IconName icon);

}  // namespace salient::ui
