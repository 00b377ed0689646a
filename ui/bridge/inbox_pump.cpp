// SPDX-License-Identifier: Apache-2.0
#include "ui/bridge/inbox_pump.h"

#include <utility>

namespace salient::ui {

InboxPump::InboxPump(std::shared_ptr<Inbox> inbox, QObject* parent)
    : QObject(parent), inbox_(std::move(inbox)) {
  timer_.setInterval(kPeriodMs);
  connect(&timer_, &QTimer::timeout, this, &InboxPump::drain);
  timer_.start();
}

void InboxPump::drain() {
  const std::vector<Message> messages = inbox_->drain();
  if (!messages.empty()) emit delivered(messages);
}

}  // namespace salient::ui
