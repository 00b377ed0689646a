// SPDX-License-Identifier: Apache-2.0
#pragma once

// The first row of the window: mark, menus, the go-to field that shows the selection, layouts,
// theme, help.

#include <QWidget>

#include "ui/panes/window_actions.h"

class QMenuBar;
class QToolButton;

namespace salient::ui {

class GoToField;
class SegmentedControl;

enum class WorkLayout { Quantize, Inspect, Chat };

class HeaderBar : public QWidget {
  Q_OBJECT
 public:
  explicit HeaderBar(const WindowActions& actions, QWidget* parent = nullptr);

  void setPlace(const QString& place);
  void setLayoutShown(WorkLayout layout);
  GoToField& goTo() { return *goTo_; }
  void updateThemeIcon();

 protected:
  void changeEvent(QEvent* event) override;

 private:
  void fillMenus(QMenuBar& menus, const WindowActions& actions);

  GoToField* goTo_;
  SegmentedControl* layouts_;
  QToolButton* theme_;
};

}  // namespace salient::ui
