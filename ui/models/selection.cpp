// SPDX-License-Identifier: Apache-2.0
#include "ui/models/selection.h"

namespace salient::ui {

void Selection::select(const LinearId& linear) {
  if (linear_ == linear) return;
  linear_ = linear;
  channel_.reset();
  emit linearChanged();
}

void Selection::selectChannel(std::optional<std::int64_t> channel) {
  if (channel_ == channel) return;
  channel_ = channel;
  emit channelChanged();
}

void Selection::clear() {
  if (!linear_) return;
  linear_.reset();
  channel_.reset();
  emit linearChanged();
}

}  // namespace salient::ui
