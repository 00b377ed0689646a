// SPDX-License-Identifier: Apache-2.0
#pragma once

// The compare chat from its first turn to its newest: two heads that stay, and the turns under
// them in one scrolled column, so that both answers of a turn stand beside each other. It follows
// the stream until a person scrolls up. One turn is current: the newest, or the one a person chose;
// ribbon and likeliest tokens speak of it. An update touches only the turns that changed.

#include <QWidget>
#include <vector>

#include "engine/runtime/chat_session.h"
#include "ui/plots/answer_view.h"

class QPushButton;
class QScrollArea;

namespace salient::ui {

struct ChatTurn;
class AnswerHead;
class ChatControl;
class TurnRow;

class ConversationView : public QWidget {
  Q_OBJECT
 public:
  explicit ConversationView(AnswerLook look, QWidget* parent = nullptr);

  /// `waiting`: what the quantized side says while its model is not there.
  void show(const ChatControl& chat, const QString& waiting);

  /// The turn that is looked at; null while nothing was asked.
  const ChatTurn* currentTurn(const ChatControl& chat) const;
  int currentIndex() const { return current_; }
  int turnCount() const { return turns_; }
  /// "KL per token", with the number of its turn where there are several.
  QString ribbonTitle() const;
  void setCurrentTurn(int index);
  /// Marks a token in both answers of the current turn; -1: none.
  void setCurrentToken(int token);
  TurnRow& row(int index) { return *rows_[static_cast<std::size_t>(index)]; }
  bool isFollowing() const { return following_; }
  void scrollToNewest();
  QSize sizeHint() const override { return {600, 200}; }
  QSize minimumSizeHint() const override { return {260, 60}; }

 signals:
  void currentTurnChanged(int index);
  /// Of the current turn; -1 when the pointer left.
  void tokenHovered(int token);
  void tokenSelected(int token);

 protected:
  void paintEvent(QPaintEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  void addRow();
  void setTurnCount(int count);
  void goTo(int index, Side side);
  void layOut();
  void onScrolled();
  void placeNewest();

  AnswerLook look_;
  AnswerHead* leftHead_;
  AnswerHead* rightHead_;
  QScrollArea* scroll_;
  QWidget* canvas_;
  QPushButton* newest_;
  std::vector<TurnRow*> rows_;  ///< never empty: the first one waits for the first turn
  int turns_ = 0;
  int current_ = -1;
  bool following_ = true;
  bool layingOut_ = false;
};

}  // namespace salient::ui
