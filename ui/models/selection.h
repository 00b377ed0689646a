// SPDX-License-Identifier: Apache-2.0
#pragma once

// The one selection that every view shares: a linear and, within it, a channel. Views set it on a
// click and listen for what others set.

#include <QObject>
#include <optional>

#include "engine/checkpoint/architecture.h"

namespace salient::ui {

class Selection : public QObject {
  Q_OBJECT
 public:
  using QObject::QObject;

  const std::optional<LinearId>& linear() const { return linear_; }
  std::optional<std::int64_t> channel() const { return channel_; }

  /// Another linear drops the channel.
  void select(const LinearId& linear);
  void selectChannel(std::optional<std::int64_t> channel);
  void clear();

 signals:
  void linearChanged();
  void channelChanged();

 private:
  std::optional<LinearId> linear_;
  std::optional<std::int64_t> channel_;
};

}  // namespace salient::ui
