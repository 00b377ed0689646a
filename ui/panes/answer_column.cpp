// SPDX-License-Identifier: Apache-2.0
#include "ui/panes/answer_column.h"

#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QScrollBar>
#include <QVBoxLayout>

#include "ui/panes/chat_texts.h"
#include "ui/style/caption_label.h"
#include "ui/style/elided_label.h"
#include "ui/style/metrics.h"
#include "ui/style/theme.h"
#include "ui/style/typography.h"

namespace salient::ui {
namespace {

/// Longer lines are hard to read.
constexpr int kWidest = 720;

/// A label in a model's colour that follows the theme.
class ToneLabel : public QLabel {
 public:
  explicit ToneLabel(ModelTone tone) : tone_(tone) {
    setTextFormat(Qt::PlainText);
    setFont(textFont(TextRole::Caption, Weight::Strong));
    paint();
  }

 protected:
  void changeEvent(QEvent* event) override {
    if (event->type() == QEvent::PaletteChange && !painting_) paint();
    QLabel::changeEvent(event);
  }

 private:
  void paint() {
    painting_ = true;
    QPalette own = palette();
    own.setColor(QPalette::WindowText, toneColor(tone_, paletteOf(*this)));
    setPalette(own);
    painting_ = false;
  }
  ModelTone tone_;
  bool painting_ = false;
};

}  // namespace

AnswerColumn::AnswerColumn(Side side, AnswerLook look, QWidget* parent)
    : QWidget(parent),
      side_(side),
      look_(look),
      name_(new ToneLabel(side == Side::Left ? ModelTone::Fp16 : ModelTone::Awq)),
      precision_(new ElidedLabel(textFont(TextRole::Caption))),
      speed_(new CaptionLabel),
      faster_(new ToneLabel(ModelTone::Awq)),
      view_(new AnswerView(side == Side::Left ? ModelTone::Fp16 : ModelTone::Awq, look)),
      scroll_(new QScrollArea) {
  precision_->setForegroundRole(QPalette::PlaceholderText);
  precision_->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
  speed_->setWordWrap(false);
  speed_->setAlignment(Qt::AlignRight);
  const QString who = side == Side::Left ? tr("FP16") : tr("Quantized model");
  speed_->setAccessibleName(tr("Speed of %1").arg(who));
  view_->setAccessibleName(tr("Answer of %1").arg(who));
  auto* rows = new QVBoxLayout(this);
  rows->setContentsMargins(0, 0, 0, 0);
  rows->setSpacing(metrics::kGrid / 2);
  auto* head = new QHBoxLayout;
  head->setContentsMargins(14, 0, 0, 0);
  head->setSpacing(metrics::kGrid * 2);
  head->addWidget(name_);
  head->addWidget(precision_, 1);
  head->addWidget(speed_);
  head->addWidget(faster_);
  rows->addLayout(head);
  view_->setMaximumWidth(kWidest);
  scroll_->setWidget(view_);
  scroll_->setWidgetResizable(true);
  scroll_->setFrameShape(QFrame::NoFrame);
  scroll_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  scroll_->setFocusPolicy(Qt::NoFocus);
  setSurface(*scroll_->viewport());
  setSurface(*view_);
  rows->addWidget(scroll_, 1);
}

void AnswerColumn::show(const ChatControl& chat, const QString& waiting) {
  const std::optional<ChatSideLoaded>& loaded = chat.of(side_);
  const ChatTurn* turn = chat.model().last();
  name_->setText(side_ == Side::Left ? tr("FP16") : tr("AWQ"));
  QString precision = loaded ? QString::fromStdString(loaded->precision) : QString();
  for (const QString& prefix :
       {QStringLiteral("AWQ"), QStringLiteral(", "), QStringLiteral("FP16")}) {
    if (precision.startsWith(prefix)) precision.remove(0, prefix.size());
  }
  const bool led = turn != nullptr && turn->mode == ChatMode::LockStep && !chat.alone();
  if (led && side_ == Side::Right) {
    precision += tr(", its own pick at every place");
  }
  precision_->setWords(precision.trimmed());
  speed_->setText(chat_texts::speed(turn, chat, side_, look_));
  faster_->setText(side_ == Side::Right ? chat_texts::faster(turn) : QString());
  faster_->setVisible(!faster_->text().isEmpty());
  view_->setPlaceholder(chat_texts::placeholder(chat, side_, waiting));
  QScrollBar* bar = scroll_->verticalScrollBar();
  const bool atEnd = bar->value() >= bar->maximum() - 4;
  view_->setTokens(turn == nullptr ? std::vector<AnswerToken>{}
                                   : chat_texts::answerTokens(*turn, side_));
  if (turn != nullptr && !turn->complete && atEnd) bar->setValue(bar->maximum());
}

}  // namespace salient::ui
