// SPDX-License-Identifier: Apache-2.0
#pragma once

// A conversation with one model, or with two side by side from one prompt: free-running (each
// follows its own picks) or lock-step (both read the tokens that the left one picked, so every
// place can be compared). Runs on the caller's thread, alternating tokens; reports through a sink.

#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/runtime/generator.h"

namespace salient {

enum class ChatMode { FreeRunning, LockStep };
enum class Side { Left, Right };

struct TokenChance {
  std::int32_t id = 0;
  std::string text;
  double probability = 0;
};

/// One generated place. In lock-step both sides saw the same context.
struct ChatToken {
  Side side = Side::Left;
  std::int64_t index = 0;
  std::int32_t id = 0;
  std::string text;           ///< what it adds to the answer, whole characters only
  std::int32_t own_pick = 0;  ///< what this side would have picked (differs only in lock-step)
  std::string own_pick_text;
  std::vector<TokenChance> top;  ///< five most likely, at temperature 1
  double kl = 0;  ///< KL(left‖right) in nats at this place; right side in lock-step
};

struct ChatTurnDone {
  Side side = Side::Left;
  Throughput throughput;
  double first_token_seconds = 0;
  bool stopped_by_user = false;
  bool reached_limit = false;
};

struct ChatOptions {
  SamplingOptions sampling;
  std::int64_t max_new_tokens = 256;
  ChatMode mode = ChatMode::FreeRunning;
};

struct ChatSink {
  std::function<void(const ChatToken&)> on_token;
  std::function<void(const ChatTurnDone&)> on_done;
};

class ChatSession {
 public:
  /// `right` may be null: one model alone.
  ChatSession(Backend& backend, std::shared_ptr<const LoadedModel> left,
              std::shared_ptr<const LoadedModel> right, std::int64_t capacity);

  void set_system_prompt(std::string text);
  /// Adds a user turn and answers it. Stop keeps the partial answer. What the user typed is never
  /// parsed for control tokens.
  void send(const std::string& prompt, const ChatOptions& options, std::stop_token stop,
            const ChatSink& sink);
  /// Drops the last answers and answers again.
  void regenerate(const ChatOptions& options, std::stop_token stop, const ChatSink& sink);
  void clear();
  const std::vector<ChatMessage>& history(Side side) const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace salient
