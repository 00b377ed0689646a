// SPDX-License-Identifier: Apache-2.0
#pragma once

// The Chat layout: the conversation at full size, KL per token of the turn that is looked at, and
// the five likeliest tokens of both models at the place pointed at (a click keeps it).

#include "ui/panes/pane.h"
#include "ui/panes/window_actions.h"

class QLabel;
class QPushButton;
class QToolButton;

namespace salient::ui {

class AccentButton;
class CaptionLabel;
class ConversationView;
class PromptField;
class RibbonPlot;
class TopTokensView;

class ChatPage : public Pane {
  Q_OBJECT
 public:
  ChatPage(Session& session, const WindowActions& actions, QWidget* parent = nullptr);

  void refresh(Changes changes) override;
  QWidget* firstStop() override;
  void sendPrompt();

 protected:
  void resizeEvent(QResizeEvent* event) override;

 private:
  void build(const WindowActions& actions);
  void pointAt(int token);
  void pin(int token);
  void showPlace(int token);
  void showRibbon();
  const ChatTurn* turn();

  ConversationView* conversation_;
  QWidget* ribbonHead_;
  QLabel* ribbonTitle_;
  CaptionLabel* ribbonCaption_;
  QToolButton* more_;
  RibbonPlot* ribbon_;
  TopTokensView* top_;
  PromptField* prompt_;
  AccentButton* send_;
  QPushButton* stop_;
  int pinned_ = -1;
};

}  // namespace salient::ui
