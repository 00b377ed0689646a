// SPDX-License-Identifier: Apache-2.0
// The 2 px accent ring, 2 px outside the widget that got the focus by keyboard. One per
// application, made by applyTheme(); a QFocusFrame draws it, so no widget paints its own ring.
#pragma once

#include <QObject>
#include <QPointer>

class QApplication;
class QFocusFrame;
class QWidget;

namespace salient::ui {

class FocusRing : public QObject {
  Q_OBJECT

 public:
  explicit FocusRing(QApplication& application);
  ~FocusRing() override;

  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  void showAround(QWidget* widget);

  QPointer<QFocusFrame> frame_;
};

}  // namespace salient::ui
