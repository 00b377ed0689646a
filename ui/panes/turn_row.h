// SPDX-License-Identifier: Apache-2.0
#pragma once

// One turn of the conversation: the prompt across both columns, under it the two answers beside
// each other. Up and Down ask for the neighbouring turn. Laid out by hand, because its height
// follows from its width and is asked for on every token.

#include <QWidget>

#include "engine/runtime/chat_session.h"
#include "ui/plots/answer_view.h"

class QLabel;

namespace salient::ui {

struct ChatTurn;
class CaptionLabel;

/// Where a turn stands in its conversation, from 0.
struct TurnPlace {
  int index = 0;
  int count = 1;
};

class TurnRow : public QWidget {
  Q_OBJECT
 public:
  TurnRow(AnswerLook look, QWidget* parent = nullptr);

  /// Nothing said yet: only what the two sides are waiting for.
  void showEmpty(const QString& left, const QString& right);
  void show(const ChatTurn& turn, TurnPlace place);
  void setPlaceholder(Side side, const QString& text) { view(side).setPlaceholder(text); }
  /// The turn whose tokens the ribbon shows; its answers are the ones that Tab reaches.
  void setCurrent(bool current);
  /// Puts its parts where they belong in this width.
  int heightFor(int width);

  AnswerView& view(Side side) { return side == Side::Left ? *left_ : *right_; }
  QString factsText() const;
  /// Why the answers broke off; empty when they did not.
  QString noteText() const;

  /// Width of one column, and where the second begins, in a conversation of that width.
  static int columnWidth(int width);
  static int secondColumn(int width);

 signals:
  void tokenHovered(int token);
  void tokenSelected(int token);
  /// Pressed or focused: this turn is to be looked at.
  void chosen();
  /// -1 up, 1 down; more: to the first or last.
  void neighbourWanted(int step, Side side);

 protected:
  void paintEvent(QPaintEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;
  void mousePressEvent(QMouseEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;

 private:
  struct Geometry {
    QRect prompt, facts, left, right, note;
    int height = 0;
  };
  Geometry geometryFor(int width) const;
  int promptBottom(Geometry& at, int width) const;
  void fitFacts(int width);
  void nameViews(const QString& prompt);

  AnswerLook look_;
  TurnPlace place_;
  bool empty_ = true;
  bool current_ = true;
  std::uint64_t revision_ = 0;
  int factsWidth_ = -1;  ///< that the facts were fitted to; -1: to be fitted
  QStringList facts_;    ///< of a turn among several, the last the most telling
  QLabel* prompt_;
  CaptionLabel* factsLabel_;
  AnswerView* left_;
  AnswerView* right_;
  CaptionLabel* note_;
};

}  // namespace salient::ui
