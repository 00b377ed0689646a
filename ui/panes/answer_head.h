// SPDX-License-Identifier: Apache-2.0
#pragma once

// Over one column of the compare chat: whose answers stand there, and how fast the turn that is
// looked at came.

#include <QWidget>

#include "engine/runtime/chat_session.h"
#include "ui/plots/answer_view.h"

class QLabel;

namespace salient::ui {

struct ChatTurn;
class CaptionLabel;
class ChatControl;
class ElidedLabel;

class AnswerHead : public QWidget {
  Q_OBJECT
 public:
  AnswerHead(Side side, AnswerLook look, QWidget* parent = nullptr);

  /// `turn` may be null: nothing said yet.
  void show(const ChatControl& chat, const ChatTurn* turn);

 protected:
  void resizeEvent(QResizeEvent* event) override;

 private:
  void fit();

  Side side_;
  AnswerLook look_;
  QLabel* name_;
  ElidedLabel* precision_;
  CaptionLabel* speed_;
  QLabel* faster_;
  QStringList facts_;      ///< of the speed, the most telling first
  QString kind_, remark_;  ///< "dequantized from Q4_1", ", its own pick at every place"
};

}  // namespace salient::ui
