// SPDX-License-Identifier: Apache-2.0
#pragma once

// The Compare chat of the Quantize layout: one prompt, two answers side by side, and how far they
// stand apart token by token.

#include "ui/panes/pane.h"
#include "ui/panes/window_actions.h"

class QLabel;
class QPushButton;
class QToolButton;

namespace salient::ui {

class CaptionLabel;
class ConversationView;
class PromptField;
class RibbonPlot;
class SegmentedControl;

class ChatPane : public Pane {
  Q_OBJECT
 public:
  ChatPane(Session& session, const WindowActions& actions, QWidget* parent = nullptr);

  void refresh(Changes changes) override;
  QWidget* firstStop() override;
  void sendPrompt();
  /// KL per token of the turn that is looked at; a very low pane leaves it out.
  bool showsRibbon() const;
  void setPrompt(const QString& prompt);
  /// What the quantized side says before its model is there: "ready in 0:34".
  QString waitingForRun();

 protected:
  void resizeEvent(QResizeEvent* event) override;

 private:
  void connectViews();
  void showRibbon();
  void offerPrompts();
  void pointAt(int token);

  PromptField* prompt_;
  QPushButton* send_;
  QPushButton* stop_;
  SegmentedControl* mode_;
  QToolButton* again_;
  QToolButton* copy_;
  QToolButton* more_;
  ConversationView* conversation_;
  QWidget* samples_;
  QWidget* ribbonRow_;
  QLabel* ribbonTitle_;
  CaptionLabel* ribbonCaption_;
  RibbonPlot* ribbon_;
};

}  // namespace salient::ui
