// SPDX-License-Identifier: Apache-2.0
#pragma once

// The two models of the compare chat and their conversation. Engine thread only; blocks for the
// length of an answer and calls `between` after every token, so that other requests are served.

#include <filesystem>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>

#include "engine/runtime/chat_session.h"
#include "ui/bridge/engine_commands.h"

namespace salient::ui {

class ChatDesk {
 public:
  explicit ChatDesk(Backend& backend) : backend_(backend) {}

  /// Keeps a side whose path has not changed, so that a new run reloads the quantized one alone.
  ChatLoaded load(JobId job, const std::filesystem::path& left, const std::filesystem::path& right);
  void answer(JobId job, const ChatRequest& request, const std::stop_token& stop,
              const std::function<void(Message)>& post, const std::function<void()>& between);
  void clear();

 private:
  struct Seat {
    std::filesystem::path path;
    std::filesystem::file_time_type written;
    std::shared_ptr<const LoadedModel> model;
    double limitBytesPerSecond = 0;
  };
  void seat(Seat& seat, const std::filesystem::path& path);
  static std::optional<ChatSideLoaded> describe(const Seat& seat);

  Backend& backend_;
  Seat left_, right_;
  std::unique_ptr<ChatSession> session_;
  bool answering_ = false;
};

}  // namespace salient::ui
