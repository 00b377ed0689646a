// SPDX-License-Identifier: Apache-2.0
#pragma once

// One side of the compare chat: whose answer it is, how fast it came, and the answer.

#include <QScrollArea>
#include <QWidget>

#include "engine/runtime/chat_session.h"
#include "ui/plots/answer_view.h"

class QLabel;

namespace salient::ui {

class CaptionLabel;
class ElidedLabel;
class ChatControl;

class AnswerColumn : public QWidget {
  Q_OBJECT
 public:
  AnswerColumn(Side side, AnswerLook look, QWidget* parent = nullptr);

  /// `waiting`: what the side says while its model is not there.
  void show(const ChatControl& chat, const QString& waiting);
  AnswerView& view() { return *view_; }

 private:
  Side side_;
  AnswerLook look_;
  QLabel* name_;
  ElidedLabel* precision_;
  CaptionLabel* speed_;
  QLabel* faster_;
  AnswerView* view_;
  QScrollArea* scroll_;
};

}  // namespace salient::ui
