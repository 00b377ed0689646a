// SPDX-License-Identifier: Apache-2.0
#include "ui/style/focus_ring.h"

#include <QApplication>
#include <QFocusEvent>
#include <QFocusFrame>
#include <QLineEdit>
#include <QMenu>
#include <QMenuBar>

namespace salient::ui {
namespace {

bool byKeyboard(Qt::FocusReason reason) {
  return reason == Qt::TabFocusReason || reason == Qt::BacktabFocusReason ||
         reason == Qt::ShortcutFocusReason;
}

// Text fields thicken their own border instead; menus show their selection.
bool drawsOwnFocus(const QWidget* widget) {
  return qobject_cast<const QLineEdit*>(widget) != nullptr ||
         qobject_cast<const QMenu*>(widget) != nullptr ||
         qobject_cast<const QMenuBar*>(widget) != nullptr;
}

}  // namespace

FocusRing::FocusRing(QApplication& application) : QObject(&application) {
  application.installEventFilter(this);
}

FocusRing::~FocusRing() {
  delete frame_.data();
}

bool FocusRing::eventFilter(QObject* watched, QEvent* event) {
  if (event->type() == QEvent::FocusIn && watched->isWidgetType()) {
    const auto reason = static_cast<QFocusEvent*>(event)->reason();
    if (byKeyboard(reason)) {
      showAround(static_cast<QWidget*>(watched));
    } else if (reason == Qt::MouseFocusReason) {
      showAround(nullptr);
    }
  }
  if (event->type() == QEvent::FocusOut && frame_ != nullptr && frame_->widget() == watched &&
      static_cast<QFocusEvent*>(event)->reason() != Qt::ActiveWindowFocusReason) {
    showAround(nullptr);
  }
  return QObject::eventFilter(watched, event);
}

void FocusRing::showAround(QWidget* widget) {
  if (widget == nullptr || widget->isWindow() || drawsOwnFocus(widget)) {
    if (frame_ != nullptr) frame_->setWidget(nullptr);
    return;
  }
  // The frame is re-parented into the widget's window and dies with it.
  if (frame_ == nullptr) frame_ = new QFocusFrame;
  frame_->setWidget(widget);
}

}  // namespace salient::ui
