// SPDX-License-Identifier: Apache-2.0
#pragma once

// A conversation with one model, or with two side by side from one prompt: free-running (each
// follows its own picks) or lock-step (both read the tokens that the left one picked, so every
// place can be compared). Runs on the caller's thread, alternating tokens; reports through a sink.

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/runtime/generator.h"

namespace salient {

enum class ChatMode { FreeRunning, LockStep };
enum class Side { Left, Right };
constexpr std::size_t index_of(Side side) {
  return static_cast<std::size_t>(side);
}

struct TokenChance {
  std::int32_t id = 0;
  std::string text;
  double probability = 0;  ///< at temperature 1
};

/// One generated place of one side.
struct ChatToken {
  Side side = Side::Left;
  std::int64_t index = 0;
  std::int32_t id = 0;        ///< what was appended
  std::string text;           ///< what it adds to the answer, whole characters only
  std::int32_t own_pick = 0;  ///< what this side would have picked (lock-step: may differ)
  std::string own_pick_text;
  std::vector<TokenChance> top;  ///< the five likeliest; none with TokenDetail::Text
  std::optional<double> kl;      ///< KL(left‖right), nats; on the right side's token, while both
                                 ///< sides have read the same ids
};

struct ChatTurnDone {
  Side side = Side::Left;
  Throughput throughput;           ///< of this turn
  double first_token_seconds = 0;  ///< prompt to first logits
  bool stopped_by_user = false;
  bool reached_limit = false;
};

/// Everything costs a round trip to the host for every token; Text of a single model leaves a few
/// tokens at a time to the device, with the same picks.
enum class TokenDetail { Everything, Text };

struct ChatOptions {
  SamplingOptions sampling;
  std::int64_t max_new_tokens = 256;
  ChatMode mode = ChatMode::FreeRunning;
  TokenDetail detail = TokenDetail::Everything;
};

struct ChatSink {
  std::function<void(const ChatToken&)> on_token;
  std::function<void(const ChatTurnDone&)> on_done;
};

class ChatSession {
 public:
  /// `right` may be null: one model alone. `capacity` bounds the whole conversation in tokens.
  ChatSession(Backend& backend, std::shared_ptr<const LoadedModel> left,
              std::shared_ptr<const LoadedModel> right, std::int64_t capacity);

  /// In force from the next turn on; empty: none.
  void set_system_prompt(std::string text);
  /// Adds a user turn and answers it. A stop keeps the partial answer and does not throw. On an
  /// Error the turn is taken back.
  void send(const std::string& prompt, const ChatOptions& options, std::stop_token stop,
            const ChatSink& sink);
  /// Drops the last answers and answers again. Throws Error(BadInput) when there is none.
  void regenerate(const ChatOptions& options, std::stop_token stop, const ChatSink& sink);
  void clear();
  /// Turns as this side saw them, without the system prompt.
  const std::vector<ChatMessage>& history(Side side) const { return voices_[index_of(side)].turns; }

 private:
  struct Voice {
    std::unique_ptr<Generator> generator;  ///< null: no model on this side
    std::vector<ChatMessage> turns;
  };
  void answer(const ChatOptions& options, std::stop_token stop, const ChatSink& sink);

  std::array<Voice, 2> voices_;
  std::string system_prompt_;
};

}  // namespace salient
