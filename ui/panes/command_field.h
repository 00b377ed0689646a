// SPDX-License-Identifier: Apache-2.0
#pragma once

// A command line to read and to copy.

#include <QLineEdit>

namespace salient::ui {

class CommandField : public QLineEdit {
  Q_OBJECT
 public:
  explicit CommandField(QWidget* parent = nullptr);
  void setCommand(const QString& command);
};

}  // namespace salient::ui
