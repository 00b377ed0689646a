// SPDX-License-Identifier: Apache-2.0
#pragma once

// The letterbox between the engine thread and the window. Facts keep their order; a sample replaces
// the unread sample of its kind, so memory stays bounded however slow the window is. Any thread may
// post and never waits for the window; one thread drains.

#include <cstddef>
#include <mutex>
#include <vector>

#include "ui/bridge/messages.h"

namespace salient::ui {

class Inbox {
 public:
  void post(Message message);
  std::vector<Message> drain();

 private:
  std::mutex mutex_;
  std::vector<Message> messages_;
};

/// Progress that only matters until the next one.
bool isSample(const Message& message);

}  // namespace salient::ui
