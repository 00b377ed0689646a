// SPDX-License-Identifier: Apache-2.0
#include "ui/panes/device_picker.h"

#include <QMenu>

#include "ui/models/figures.h"
#include "ui/panes/captions.h"
#include "ui/style/typography.h"

namespace salient::ui {

DevicePicker::DevicePicker(Session& session, QWidget* parent)
    : QToolButton(parent), session_(session), menu_(new QMenu(this)) {
  setMenu(menu_);
  setPopupMode(QToolButton::InstantPopup);
  setToolButtonStyle(Qt::ToolButtonTextOnly);
  setAutoRaise(true);
  setFocusPolicy(Qt::TabFocus);
  setFont(textFont(TextRole::Caption, Weight::Regular));
  setToolTip(tr("The device that everything works on"));
  connect(menu_, &QMenu::aboutToShow, this, &DevicePicker::fillMenu);
  refresh();
}

void DevicePicker::refresh() {
  const QString name = captions::device(session_.device());
  setText(name);
  setAccessibleName(tr("Device: %1").arg(name));
  fillMenu();
}

void DevicePicker::addSentence(const QString& sentence) {
  if (!sentence.isEmpty()) menu_->addAction(sentence)->setEnabled(false);
}

void DevicePicker::fillMenu() {
  menu_->clear();
  const bool running = session_.run().active();
  for (const DeviceChoice& device : session_.devices()) {
    QString text = QString::fromStdString(device.name);
    if (device.freeMemory > 0) {
      text = tr("%1, %2 free").arg(text, figures::bytes(device.freeMemory));
    }
    QAction* action = menu_->addAction(text);
    action->setCheckable(true);
    action->setChecked(device.request == session_.deviceInUse());
    action->setEnabled(!running);
    connect(action, &QAction::triggered, this,
            [this, request = device.request] { session_.chooseDevice(request); });
  }
  addSentence(session_.deviceSentence());
  if (running)
    addSentence(tr("The run stays on its device; another can be chosen when it is over."));
}

}  // namespace salient::ui
