// SPDX-License-Identifier: Apache-2.0
#include "ui/panes/chat_bar.h"

#include <QClipboard>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QPushButton>

#include "ui/panes/captions.h"
#include "ui/panes/chat_texts.h"
#include "ui/style/caption_label.h"
#include "ui/style/icons.h"
#include "ui/style/metrics.h"
#include "ui/style/segmented_control.h"

namespace salient::ui {

ChatBar::ChatBar(Session& session, const WindowActions& actions, QWidget* parent)
    : QWidget(parent),
      session_(session),
      sides_(new CaptionLabel),
      mode_(new SegmentedControl({tr("Free-running"), tr("Lock-step")})),
      meaning_(new CaptionLabel),
      clear_(new QPushButton(tr("New chat"))),
      copy_(new QPushButton(paletteIcon(IconName::Copy, IconTone::Text), tr("Copy"))),
      again_(new QPushButton(paletteIcon(IconName::Refresh, IconTone::Text), tr("Regenerate"))) {
  setFixedHeight(metrics::kKnobBar);
  sides_->setWordWrap(false);
  meaning_->setWordWrap(false);
  mode_->setAccessibleName(tr("How the two models run in the chat"));
  clear_->setToolTip(tr("Forget the conversation"));
  copy_->setToolTip(tr("Copy the conversation"));
  again_->setToolTip(tr("Answer the last prompt again"));
  auto* row = new QHBoxLayout(this);
  row->setContentsMargins(metrics::kViewPadding, 0, metrics::kViewPadding, 0);
  row->setSpacing(metrics::kGrid * 3);
  row->addWidget(sides_, 0, Qt::AlignVCenter);
  row->addWidget(mode_);
  row->addWidget(meaning_, 1, Qt::AlignVCenter);
  for (QPushButton* button : {clear_, copy_, again_}) row->addWidget(button);
  connect(mode_, &SegmentedControl::activated, this, [this](int index) {
    ChatOptions options = session_.chat().options();
    options.mode = index == 1 ? ChatMode::LockStep : ChatMode::FreeRunning;
    session_.chat().setOptions(options);
  });
  connect(clear_, &QPushButton::clicked, this, [this] { session_.chat().clear(); });
  connect(copy_, &QPushButton::clicked, this, [this] {
    QGuiApplication::clipboard()->setText(chat_texts::conversation(session_.chat()));
  });
  connect(again_, &QPushButton::clicked, actions[Command::Regenerate], &QAction::trigger);
}

void ChatBar::refresh(Changes changes) {
  if (!(changes & (Change::Chat | Change::Plan))) return;
  const ChatControl& chat = session_.chat();
  const auto nameOf = [](const std::optional<ChatSideLoaded>& side) {
    return side ? QString::fromStdString(side->precision) : tr("none");
  };
  QString sides = tr("Left **%1**    Right **%2**").arg(nameOf(chat.left()), nameOf(chat.right()));
  const QString device = captions::device(session_.device());
  if (session_.deviceInUse() != "cpu") sides = tr("%1    on **%2**").arg(sides, device);
  sides_->setText(sides);
  sides_->setToolTip(tr("On %1, %2").arg(device, captions::freeMemory(session_.device())));
  const bool lockStep = chat.options().mode == ChatMode::LockStep;
  mode_->setCurrentIndex(lockStep ? 1 : 0);
  mode_->setEnabled(!chat.alone());
  meaning_->setText(
      chat.alone() ? tr("only one model is loaded, so there is nothing to compare")
      : lockStep   ? tr("both models read the tokens FP16 chose, so every place can be compared")
                   : tr("each model follows its own picks; they compare until they part"));
  const bool answered = chat.model().last() != nullptr && chat.stage() == ChatStage::Ready;
  for (QPushButton* button : {clear_, copy_, again_}) button->setEnabled(answered);
}

}  // namespace salient::ui
