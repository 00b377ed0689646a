// SPDX-License-Identifier: Apache-2.0
#include "ui/style/motion.h"

#include <QAbstractButton>
#include <QApplication>
#include <QComboBox>
#include <QEvent>
#include <QVariantAnimation>

namespace salient::ui {
namespace {

constexpr int kHoverMs = 80;
constexpr int kCollapseMs = 120;
constexpr const char* kReduced = "reducedMotion";
constexpr const char* kShare = "hoverShare";
const QString kAnimation = QStringLiteral("hoverFade");

bool fades(const QWidget* widget) {
  return qobject_cast<const QAbstractButton*>(widget) != nullptr ||
         qobject_cast<const QComboBox*>(widget) != nullptr;
}

}  // namespace

void setReducedMotion(bool reduced) {
  QCoreApplication::instance()->setProperty(kReduced, reduced);
}

bool reducedMotion() {
  return QCoreApplication::instance()->property(kReduced).toBool();
}

int motionDuration(Motion motion) {
  if (reducedMotion()) return 0;
  return motion == Motion::Hover ? kHoverMs : kCollapseMs;
}

HoverFade::HoverFade(QApplication& application) : QObject(&application) {
  application.installEventFilter(this);
}

bool HoverFade::eventFilter(QObject* watched, QEvent* event) {
  const bool enters = event->type() == QEvent::Enter;
  if ((enters || event->type() == QEvent::Leave) && watched->isWidgetType()) {
    auto* widget = static_cast<QWidget*>(watched);
    if (fades(widget)) fade(*widget, enters ? 1 : 0);
  }
  return QObject::eventFilter(watched, event);
}

void HoverFade::fade(QWidget& widget, double to) {
  auto* animation = widget.findChild<QVariantAnimation*>(kAnimation, Qt::FindDirectChildrenOnly);
  const int duration = motionDuration(Motion::Hover);
  if (duration == 0) {
    delete animation;
    widget.setProperty(kShare, {});
    return;
  }
  if (animation == nullptr) {
    animation = new QVariantAnimation(&widget);
    animation->setObjectName(kAnimation);
    connect(animation, &QVariantAnimation::valueChanged, &widget, [&widget](const QVariant& share) {
      widget.setProperty(kShare, share);
      widget.update();
    });
  }
  const QVariant now = widget.property(kShare);
  animation->stop();
  animation->setDuration(duration);
  animation->setStartValue(now.isValid() ? now.toDouble() : 1.0 - to);
  animation->setEndValue(to);
  animation->start();
}

double hoverShare(const QWidget* widget, bool hovered) {
  const QVariant share = widget == nullptr ? QVariant() : widget->property(kShare);
  return share.isValid() ? share.toDouble() : (hovered ? 1.0 : 0.0);
}

}  // namespace salient::ui
