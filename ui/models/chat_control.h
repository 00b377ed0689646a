// SPDX-License-Identifier: Apache-2.0
#pragma once

// The compare chat: which models sit on its two sides, the conversation, and the settings of the
// next answer. Asks the engine and takes its answers.

#include <QObject>
#include <optional>

#include "ui/bridge/engine_commands.h"
#include "ui/models/chat_model.h"

namespace salient::ui {

enum class ChatStage { Empty, Loading, Ready, Answering };

class ChatControl : public QObject {
  Q_OBJECT
 public:
  explicit ChatControl(EngineCommands& engine, QObject* parent = nullptr);

  const ChatModel& model() const { return model_; }
  ChatModel& model() { return model_; }
  ChatStage stage() const { return stage_; }
  const std::optional<ChatSideLoaded>& left() const { return left_; }
  const std::optional<ChatSideLoaded>& right() const { return right_; }
  const std::optional<ChatSideLoaded>& of(Side side) const {
    return side == Side::Left ? left_ : right_;
  }
  const QString& error() const { return error_; }
  const ChatOptions& options() const { return options_; }
  /// Asked, but no model was there yet: sent as soon as one is.
  const QString& waitingPrompt() const { return waiting_; }
  const QString& systemPrompt() const { return systemPrompt_; }

  /// Why the source is left out of the next load, one sentence; empty when it is not.
  const QString& sourceNote() const { return sourceNote_; }
  /// Loaded with one side only: there is nothing to compare with.
  bool alone() const { return left().has_value() != right().has_value(); }

  void load(const std::filesystem::path& left, const std::filesystem::path& right,
            const QString& sourceNote = {});
  void send(const QString& prompt);
  void regenerate();
  void stop();
  void clear();
  void setOptions(const ChatOptions& options);
  void setSystemPrompt(const QString& prompt);
  /// Another model: both sides empty.
  void forget();
  /// True when the message belonged to the chat.
  bool take(const Message& message);

 signals:
  void changed();
  /// A prompt came before any model was loaded.
  void modelsWanted();

 private:
  void fail(const JobFailed& failed);
  void ask(const QString& prompt);

  EngineCommands& engine_;
  ChatModel model_;
  ChatStage stage_ = ChatStage::Empty;
  std::optional<ChatSideLoaded> left_, right_;
  ChatOptions options_;
  QString systemPrompt_, error_, waiting_, sourceNote_;
  JobId loadJob_ = kNoJob, answerJob_ = kNoJob;
  bool lastTurnIsKnown_ = false;  ///< to the engine, which can answer it again
};

}  // namespace salient::ui
