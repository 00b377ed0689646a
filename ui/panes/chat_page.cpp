// SPDX-License-Identifier: Apache-2.0
#include "ui/panes/chat_page.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QMenu>
#include <QPushButton>
#include <QToolButton>
#include <QVBoxLayout>
#include <algorithm>

#include "engine/report/captions.h"
#include "ui/models/figures.h"
#include "ui/panes/chat_texts.h"
#include "ui/panes/conversation_view.h"
#include "ui/panes/prompt_field.h"
#include "ui/plots/ribbon_plot.h"
#include "ui/plots/top_tokens_view.h"
#include "ui/style/accent_button.h"
#include "ui/style/caption_label.h"
#include "ui/style/metrics.h"
#include "ui/style/typography.h"
#include "ui/style/view_header.h"

namespace salient::ui {
namespace {

/// Below it the likeliest tokens give way to answers and ribbon.
constexpr int kLow = 560;

/// Letters of what both have read, over their next tokens.
constexpr qsizetype kContext = 32;

std::vector<TokenChoice> choicesOf(const ChatToken& token) {
  std::vector<TokenChoice> choices;
  for (const TokenChance& chance : token.top) {
    QString text = QString::fromStdString(chance.text);
    text.replace(QLatin1Char('\n'), QStringLiteral("⏎"));
    choices.push_back(
        {text.trimmed().isEmpty() ? QStringLiteral("␣") : text.trimmed(), chance.probability});
  }
  return choices;
}

/// The place where the two models are furthest apart.
int mostDoubtful(const ChatTurn& turn) {
  const std::vector<ChatToken>& tokens = turn.of(Side::Right).tokens;
  const auto most = std::max_element(tokens.begin(), tokens.end(),
                                     [](const ChatToken& left, const ChatToken& right) {
                                       return left.kl.value_or(-1) < right.kl.value_or(-1);
                                     });
  return most == tokens.end() ? -1 : static_cast<int>(most - tokens.begin());
}

/// The last words before a place.
QString contextBefore(const ChatTurn& turn, std::size_t place) {
  QString text;
  for (std::size_t i = 0; i < place; ++i) {
    text += QString::fromStdString(turn.of(Side::Left).tokens[i].text);
  }
  text = text.simplified();
  if (text.size() <= kContext) return text;
  text = text.right(kContext);
  const qsizetype word = text.indexOf(QLatin1Char(' '));
  return word < 0 ? text : text.mid(word + 1);
}

}  // namespace

ChatPage::ChatPage(Session& session, const WindowActions& actions, QWidget* parent)
    : Pane(session, tr("Chat"), parent),
      conversation_(new ConversationView(AnswerLook::Spacious)),
      ribbonHead_(new QWidget),
      ribbonTitle_(new QLabel),
      ribbonCaption_(new CaptionLabel),
      more_(makeMoreButton(tr("Chat pictures"))),
      ribbon_(new RibbonPlot(RibbonLook::Full)),
      top_(new TopTokensView),
      prompt_(new PromptField),
      send_(new AccentButton(tr("Send both"))),
      stop_(new QPushButton(tr("Stop"))) {
  header().hide();
  build(actions);
}

void ChatPage::build(const WindowActions& actions) {
  rows().setContentsMargins(24, 12, 24, 16);
  rows().addWidget(conversation_, 3);
  rows().addSpacing(12);
  auto* head = new QHBoxLayout(ribbonHead_);
  head->setContentsMargins(0, 0, 0, 0);
  head->setSpacing(20);
  ribbonTitle_->setTextFormat(Qt::PlainText);
  ribbonTitle_->setFont(textFont(TextRole::Body, Weight::Strong));
  head->addWidget(ribbonTitle_);
  head->addWidget(ribbonCaption_, 1, Qt::AlignVCenter);
  addExportMenu(*more_->menu(), *ribbon_);
  addExportMenu(*more_->menu(), *top_);
  head->addWidget(more_);
  rows().addWidget(ribbonHead_);
  ribbon_->setAccessibleName(tr("KL per token"));
  ribbon_->setMinimumHeight(96);
  rows().addWidget(ribbon_, 1);
  rows().addSpacing(8);
  rows().addWidget(top_);
  rows().addSpacing(16);
  auto* line = new QHBoxLayout;
  line->setSpacing(metrics::kGrid * 2);
  setControlHeight(*prompt_, 40);
  setControlHeight(*send_, 40);
  setControlHeight(*stop_, 40);
  setButtonHint(*send_, QStringLiteral("Ctrl+Enter"));
  line->addWidget(prompt_, 1);
  line->addWidget(send_);
  line->addWidget(stop_);
  rows().addLayout(line);
  connect(send_, &QPushButton::clicked, actions[Command::SendPrompt], &QAction::trigger);
  connect(stop_, &QPushButton::clicked, actions[Command::StopChat], &QAction::trigger);
  connect(prompt_, &QLineEdit::returnPressed, this, &ChatPage::sendPrompt);
  connect(ribbon_, &RibbonPlot::tokenHovered, this, &ChatPage::pointAt);
  connect(ribbon_, &RibbonPlot::tokenSelected, this, &ChatPage::pin);
  connect(conversation_, &ConversationView::tokenHovered, this, &ChatPage::pointAt);
  connect(conversation_, &ConversationView::tokenSelected, this, &ChatPage::pin);
  connect(conversation_, &ConversationView::currentTurnChanged, this, [this] {
    pinned_ = -1;
    refresh(Change::Chat);
  });
}

void ChatPage::resizeEvent(QResizeEvent* event) {
  Pane::resizeEvent(event);
  top_->setMostRows(height() < kLow ? 2 : 5);
}

QWidget* ChatPage::firstStop() {
  return prompt_;
}

void ChatPage::sendPrompt() {
  if (prompt_->text().trimmed().isEmpty()) return;
  pinned_ = -1;
  session().chat().send(prompt_->text());
  prompt_->clear();
}

void ChatPage::pin(int token) {
  pinned_ = pinned_ == token ? -1 : token;
  showPlace(token);
}

void ChatPage::pointAt(int token) {
  showPlace(token >= 0 ? token : pinned_);
}

void ChatPage::showPlace(int token) {
  conversation_->setCurrentToken(token);
  ribbon_->setSelectedToken(token);
  const ChatTurn* shown = turn();
  const auto place = static_cast<std::size_t>(token);
  if (shown == nullptr || token < 0 || place >= shown->of(Side::Left).tokens.size()) {
    top_->clear();
    return;
  }
  const ChatToken& left = shown->of(Side::Left).tokens[place];
  const std::vector<ChatToken>& others = shown->of(Side::Right).tokens;
  const bool both = place < others.size() && others[place].kl.has_value();
  top_->setPlace(contextBefore(*shown, place),
                 both ? figures::significant(*others[place].kl) : QString(), choicesOf(left),
                 both ? choicesOf(others[place]) : std::vector<TokenChoice>{});
}

const ChatTurn* ChatPage::turn() {
  return conversation_->currentTurn(session().chat());
}

void ChatPage::showRibbon() {
  const ChatTurn* turn = this->turn();
  const bool shown = turn != nullptr && turn->comparedPlaces() > 0;
  ribbonHead_->setVisible(shown);
  ribbon_->setVisible(shown);
  top_->setVisible(shown);
  if (!shown) return;
  ribbonTitle_->setText(conversation_->ribbonTitle());
  ribbon_->setTokens(chat_texts::ribbonTokens(*turn));
  ribbon_->setReadout([this](int token) {
    const ChatTurn* pointed = this->turn();
    return pointed == nullptr ? QString() : chat_texts::ribbonReadout(*pointed, token);
  });
  const std::optional<std::size_t> first = turn->firstDivergence();
  QString caption =
      tr("Mean **%1**. ").arg(figures::significant(turn->meanKl())) +
      QString::fromStdString(chat_caption(static_cast<std::int64_t>(turn->differingPicks()),
                                          static_cast<std::int64_t>(turn->comparedPlaces()),
                                          first ? static_cast<std::int64_t>(*first) + 1 : 0));
  ribbonCaption_->setText(caption);
  ribbon_->setSummary(ribbonCaption_->plainText());
  if (pinned_ < 0 && turn->complete) {
    pinned_ = first ? static_cast<int>(*first) : mostDoubtful(*turn);
    showPlace(pinned_);
  }
}

void ChatPage::refresh(Changes changes) {
  if (!(changes & (Change::Chat | Change::Plan | Change::Run))) return;
  const ChatControl& chat = session().chat();
  const QString waiting = session().run().active()
                              ? tr("Ready when the run is finished.")
                              : tr("Quantize the model to hear its answer here.");
  conversation_->show(chat, waiting);
  prompt_->setHint(chat_texts::sampling(chat.options().sampling));
  const bool answering = chat.stage() == ChatStage::Answering;
  if (answering) pinned_ = -1;
  send_->setVisible(!answering);
  send_->setText(chat.alone() ? tr("Send") : tr("Send both"));
  stop_->setVisible(answering);
  showRibbon();
}

}  // namespace salient::ui
