// SPDX-License-Identifier: Apache-2.0
#pragma once

// The device that everything works on, and a menu of the others. Without a GPU the menu says why;
// while a run works it says that the run comes first.

#include <QToolButton>

#include "ui/models/session.h"

namespace salient::ui {

class DevicePicker : public QToolButton {
  Q_OBJECT
 public:
  explicit DevicePicker(Session& session, QWidget* parent = nullptr);

  void refresh();

 private:
  void fillMenu();
  void addSentence(const QString& sentence);

  Session& session_;
  QMenu* menu_;
};

}  // namespace salient::ui
