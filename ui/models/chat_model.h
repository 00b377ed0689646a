// SPDX-License-Identifier: Apache-2.0
#pragma once

// The conversation with both models: one row per turn, the prompt and the two answers with their
// tokens. Streams: the last row changes while an answer arrives.

#include <QAbstractListModel>
#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "ui/bridge/messages.h"

namespace salient::ui {

struct ChatAnswer {
  QString text;
  std::vector<ChatToken> tokens;
  std::optional<ChatTurnDone> done;
};

struct ChatTurn {
  QString prompt;
  ChatMode mode = ChatMode::FreeRunning;
  std::array<ChatAnswer, 2> answers;  ///< by Side
  bool complete = false;
  QString error;               ///< why it has no answer or only a part of one; empty: it has
  std::uint64_t revision = 0;  ///< another one whenever anything of it changed

  const ChatAnswer& of(Side side) const { return answers[static_cast<std::size_t>(side)]; }
  ChatAnswer& of(Side side) { return answers[static_cast<std::size_t>(side)]; }
  /// Index of the first place where the two part; nothing when they do not.
  std::optional<std::size_t> firstDivergence() const;
  /// Places where the picks differ, among those that both have.
  std::size_t differingPicks() const;
  std::size_t comparedPlaces() const;
  double meanKl() const;
  bool differsAt(std::size_t place) const;
};

class ChatModel : public QAbstractListModel {
  Q_OBJECT
 public:
  enum Role { PromptRole = Qt::UserRole, LeftRole, RightRole };

  using QAbstractListModel::QAbstractListModel;

  const std::vector<ChatTurn>& turns() const { return turns_; }
  const ChatTurn* last() const { return turns_.empty() ? nullptr : &turns_.back(); }

  void begin(const QString& prompt, ChatMode mode);
  /// Empties the last answers, to be given again.
  void beginAgain(ChatMode mode);
  void add(const ChatToken& token);
  void end(const ChatTurnDone& done);
  void finish();
  /// Ends the last turn with a sentence; what was said so far stays.
  void fail(const QString& sentence);
  void clear();

  int rowCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role) const override;

 private:
  void touched();
  std::vector<ChatTurn> turns_;
  std::uint64_t revision_ = 0;
};

}  // namespace salient::ui
