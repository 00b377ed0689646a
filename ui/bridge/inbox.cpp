// SPDX-License-Identifier: Apache-2.0
#include "ui/bridge/inbox.h"

#include <algorithm>
#include <utility>

namespace salient::ui {
namespace {

/// Distinguishes kinds of samples: the message's index, and the event's where there is one.
std::size_t kindOf(const Message& message) {
  const auto* run = std::get_if<RunReported>(&message);
  constexpr std::size_t kMessageKinds = std::variant_size_v<Message>;
  return run == nullptr ? message.index() : kMessageKinds + run->event.index();
}

}  // namespace

bool isSample(const Message& message) {
  if (std::holds_alternative<EvaluationProgressed>(message)) return true;
  if (std::holds_alternative<BlockMeasuring>(message)) return true;
  const auto* run = std::get_if<RunReported>(&message);
  return run != nullptr && (std::holds_alternative<WindowCalibrated>(run->event) ||
                            std::holds_alternative<ExportProgress>(run->event));
}

void Inbox::post(Message message) {
  const std::lock_guard lock(mutex_);
  if (isSample(message)) {
    // The newer sample goes to the end: it may describe what a fact in between has begun.
    std::erase_if(messages_, [kind = kindOf(message)](const Message& unread) {
      return isSample(unread) && kindOf(unread) == kind;
    });
  }
  messages_.push_back(std::move(message));
}

std::vector<Message> Inbox::drain() {
  const std::lock_guard lock(mutex_);
  return std::exchange(messages_, {});
}

}  // namespace salient::ui
