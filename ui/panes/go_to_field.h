// SPDX-License-Identifier: Apache-2.0
#pragma once

// The field in the header: shows where the selection is, and finds a linear or a command by any
// part of its name while it has the focus.

#include <QLineEdit>
#include <QStringListModel>
#include <functional>
#include <vector>

namespace salient::ui {

class GoToField : public QLineEdit {
  Q_OBJECT
 public:
  struct Target {
    QString text;
    std::function<void()> go;
  };

  explicit GoToField(QWidget* parent = nullptr);

  void setPlace(const QString& place);
  void setTargets(std::vector<Target> targets);

 protected:
  void focusInEvent(QFocusEvent* event) override;
  void focusOutEvent(QFocusEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;
  void paintEvent(QPaintEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;

 private:
  void goTo(const QString& text);
  void leave();
  void showPlace();

  QString place_;
  std::vector<Target> targets_;
  QStringListModel names_;
};

}  // namespace salient::ui
