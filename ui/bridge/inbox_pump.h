// SPDX-License-Identifier: Apache-2.0
#pragma once

// Drains the inbox into the window's thread at most every 33 ms, however fast the engine talks.
// Lives in the window's thread.

#include <QObject>
#include <QTimer>
#include <memory>

#include "ui/bridge/inbox.h"

namespace salient::ui {

class InboxPump : public QObject {
  Q_OBJECT
 public:
  static constexpr int kPeriodMs = 33;

  explicit InboxPump(std::shared_ptr<Inbox> inbox, QObject* parent = nullptr);

  /// Delivers what has come in now; also called by the timer.
  void drain();

 signals:
  /// Everything since the last time, never empty.
  void delivered(const std::vector<salient::ui::Message>& messages);

 private:
  std::shared_ptr<Inbox> inbox_;
  QTimer timer_;
};

}  // namespace salient::ui
