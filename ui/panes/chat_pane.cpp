// SPDX-License-Identifier: Apache-2.0
#include "ui/panes/chat_pane.h"

#include <QClipboard>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QLabel>
#include <QMenu>
#include <QPushButton>
#include <QToolButton>
#include <QVBoxLayout>

#include "ui/models/figures.h"
#include "ui/panes/chat_texts.h"
#include "ui/panes/conversation_view.h"
#include "ui/panes/prompt_field.h"
#include "ui/plots/ribbon_plot.h"
#include "ui/style/accent_button.h"
#include "ui/style/caption_label.h"
#include "ui/style/metrics.h"
#include "ui/style/segmented_control.h"
#include "ui/style/typography.h"
#include "ui/style/view_header.h"

namespace salient::ui {
namespace {

constexpr const char* kSamplePrompts[] = {
    QT_TRANSLATE_NOOP("ChatPane", "Tell me a fun fact about octopuses."),
    QT_TRANSLATE_NOOP("ChatPane", "What is the capital of France?"),
    QT_TRANSLATE_NOOP("ChatPane", "Write a haiku about rain."),
};

/// A docked chat lower than this has its prompt and a line of its answers, nothing else.
constexpr int kRibbonFits = 136;
/// Narrower, the prompt gets the room of the button's shortcut.
constexpr int kNarrow = 900;

QToolButton* roundButton(IconName icon, const QString& name) {
  auto* button = new QToolButton;
  button->setIcon(paletteIcon(icon, IconTone::Text));
  button->setAutoRaise(true);
  button->setFocusPolicy(Qt::TabFocus);
  button->setAccessibleName(name);
  button->setToolTip(name);
  return button;
}

}  // namespace

ChatPane::ChatPane(Session& session, const WindowActions& actions, QWidget* parent)
    : Pane(session, tr("Compare chat"), parent),
      prompt_(new PromptField),
      send_(new QPushButton(tr("Send both"))),
      stop_(new QPushButton(tr("Stop"))),
      mode_(new SegmentedControl({tr("Free-running"), tr("Lock-step")})),
      again_(roundButton(IconName::Refresh, tr("Answer again"))),
      copy_(roundButton(IconName::Copy, tr("Copy the conversation"))),
      more_(makeMoreButton(tr("Compare chat"))),
      conversation_(new ConversationView(AnswerLook::Compact)),
      samples_(new QWidget),
      ribbonRow_(new QWidget),
      ribbonTitle_(new QLabel(tr("KL per token"))),
      ribbonCaption_(new CaptionLabel),
      ribbon_(new RibbonPlot(RibbonLook::Strip)) {
  header().hide();
  auto* top = new QHBoxLayout;
  top->setSpacing(metrics::kGrid * 2);
  auto* title = new QLabel(tr("Compare chat"));
  title->setFont(textFont(TextRole::Body, Weight::Strong));
  top->addWidget(title);
  top->addSpacing(metrics::kGrid * 2);
  top->addWidget(prompt_, 1);
  setControlHeight(*send_, metrics::kControlHeight);
  top->addWidget(send_);
  top->addWidget(stop_);
  mode_->setAccessibleName(tr("How the two models run"));
  mode_->setSegmentToolTip(0, tr("Each model follows its own picks"));
  mode_->setSegmentToolTip(1, tr("Both read the tokens FP16 chose, so every place compares"));
  top->addSpacing(metrics::kGrid);
  top->addWidget(mode_);
  for (QToolButton* button : {again_, copy_, more_}) top->addWidget(button);
  rows().addLayout(top);
  rows().addSpacing(metrics::kGrid * 2);
  offerPrompts();
  rows().addWidget(samples_);
  rows().addWidget(conversation_, 1);
  ribbonTitle_->setFont(textFont(TextRole::Caption, Weight::Strong));
  ribbon_->setAccessibleName(tr("KL per token"));
  auto* ribbonLine = new QHBoxLayout(ribbonRow_);
  ribbonLine->setContentsMargins(0, metrics::kGrid, 0, 0);
  auto* words = new QVBoxLayout;
  words->setSpacing(0);
  words->addWidget(ribbonTitle_);
  words->addWidget(ribbonCaption_);
  words->addStretch(1);
  ribbonCaption_->setMinimumWidth(176);
  ribbonCaption_->setWordWrap(false);
  ribbonLine->addLayout(words);
  ribbonLine->addWidget(ribbon_, 1);
  ribbon_->setMinimumHeight(28);
  ribbon_->setMaximumHeight(40);
  rows().addWidget(ribbonRow_);
  connect(send_, &QPushButton::clicked, actions[Command::SendPrompt], &QAction::trigger);
  connect(stop_, &QPushButton::clicked, actions[Command::StopChat], &QAction::trigger);
  connect(again_, &QToolButton::clicked, actions[Command::Regenerate], &QAction::trigger);
  addExportEntries(*more_->menu(), *ribbon_, ribbon_->accessibleName());
  connectViews();
}

void ChatPane::offerPrompts() {
  auto* row = new QHBoxLayout(samples_);
  row->setContentsMargins(0, 0, 0, metrics::kGrid * 2);
  row->setSpacing(metrics::kGrid * 2);
  for (const char* prompt : kSamplePrompts) {
    auto* button = new QPushButton(tr(prompt));
    button->setToolTip(tr("Ask this"));
    row->addWidget(button);
    connect(button, &QPushButton::clicked, this, [this, text = tr(prompt)] {
      setPrompt(text);
      sendPrompt();
    });
  }
  row->addStretch(1);
}

void ChatPane::connectViews() {
  connect(prompt_, &QLineEdit::returnPressed, this, &ChatPane::sendPrompt);
  connect(mode_, &SegmentedControl::activated, this, [this](int index) {
    ChatOptions options = session().chat().options();
    options.mode = index == 1 ? ChatMode::LockStep : ChatMode::FreeRunning;
    session().chat().setOptions(options);
  });
  connect(copy_, &QToolButton::clicked, this, [this] {
    QGuiApplication::clipboard()->setText(chat_texts::conversation(session().chat()));
  });
  connect(ribbon_, &RibbonPlot::tokenHovered, this, &ChatPane::pointAt);
  connect(ribbon_, &PlotWidget::readoutChanged, this, [this](const QString& text) {
    const ChatTurn* turn = conversation_->currentTurn(session().chat());
    ribbonCaption_->setText(!text.isEmpty() || turn == nullptr ? text
                                                               : chat_texts::divergence(*turn));
  });
  connect(conversation_, &ConversationView::tokenHovered, this, &ChatPane::pointAt);
  connect(conversation_, &ConversationView::tokenSelected, this, &ChatPane::pointAt);
  connect(conversation_, &ConversationView::currentTurnChanged, this,
          [this] { refresh(Change::Chat); });
}

void ChatPane::resizeEvent(QResizeEvent* event) {
  Pane::resizeEvent(event);
  setButtonHint(*send_, width() < kNarrow ? QString() : QStringLiteral("Ctrl+Enter"));
  showRibbon();
}

bool ChatPane::showsRibbon() const {
  return ribbonRow_->isVisibleTo(this);
}

QWidget* ChatPane::firstStop() {
  return prompt_;
}

void ChatPane::pointAt(int token) {
  conversation_->setCurrentToken(token);
  ribbon_->setSelectedToken(token);
}

void ChatPane::setPrompt(const QString& prompt) {
  prompt_->setText(prompt);
  prompt_->setCursorPosition(0);
}

void ChatPane::sendPrompt() {
  session().chat().send(prompt_->text());
}

QString ChatPane::waitingForRun() {
  const RunState& run = session().run();
  if (run.active() && run.secondsLeft) {
    return tr("Ready in %1.").arg(figures::clock(*run.secondsLeft));
  }
  if (run.active()) return tr("Ready when the run is finished.");
  return tr("Quantize the model to hear its answer here.");
}

void ChatPane::showRibbon() {
  const ChatTurn* turn = conversation_->currentTurn(session().chat());
  const bool shown = turn != nullptr && turn->comparedPlaces() > 0;
  ribbonRow_->setVisible(shown && height() > kRibbonFits);
  if (!shown) return;
  ribbon_->setTokens(chat_texts::ribbonTokens(*turn));
  ribbon_->setReadout([this](int token) {
    const ChatTurn* pointed = conversation_->currentTurn(session().chat());
    return pointed == nullptr ? QString() : chat_texts::ribbonReadout(*pointed, token);
  });
  ribbonTitle_->setText(conversation_->ribbonTitle());
  ribbonCaption_->setText(chat_texts::divergence(*turn));
  ribbon_->setSummary(ribbonCaption_->plainText());
}

void ChatPane::refresh(Changes changes) {
  const ChatControl& chat = session().chat();
  const bool answering = chat.stage() == ChatStage::Answering;
  send_->setVisible(!answering);
  send_->setText(chat.alone() ? tr("Send") : tr("Send both"));
  mode_->setEnabled(!chat.alone());
  stop_->setVisible(answering);
  again_->setEnabled(chat.stage() == ChatStage::Ready && chat.model().last() != nullptr);
  copy_->setEnabled(chat.model().last() != nullptr);
  mode_->setCurrentIndex(chat.options().mode == ChatMode::LockStep ? 1 : 0);
  prompt_->setHint(chat_texts::sampling(chat.options().sampling));
  const bool empty = chat.model().last() == nullptr;
  samples_->setVisible(empty);
  if (changes & (Change::Chat | Change::Plan) || (empty && changes.testFlag(Change::Run))) {
    conversation_->show(chat, waitingForRun());
    showRibbon();
  }
}

}  // namespace salient::ui
