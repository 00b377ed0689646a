// SPDX-License-Identifier: Apache-2.0
#include "ui/panes/answer_head.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>

#include "ui/panes/chat_texts.h"
#include "ui/style/caption_label.h"
#include "ui/style/elided_label.h"
#include "ui/style/metrics.h"
#include "ui/style/typography.h"

namespace salient::ui {
namespace {

/// The line at the left of the answers and their indent: head and text begin under each other.
constexpr int kIndent = 14;

/// A label in a model's colour that follows the theme.
class ToneLabel : public QLabel {
 public:
  explicit ToneLabel(ModelTone tone) : tone_(tone) {
    setTextFormat(Qt::PlainText);
    setFont(textFont(TextRole::Caption, Weight::Strong));
  }

 protected:
  void paintEvent(QPaintEvent* /*event*/) override {
    QPainter painter(this);
    painter.setPen(toneColor(tone_, paletteOf(*this)));
    painter.drawText(rect(), Qt::AlignLeft | Qt::AlignVCenter, text());
  }

 private:
  ModelTone tone_;
};

}  // namespace

AnswerHead::AnswerHead(Side side, AnswerLook look, QWidget* parent)
    : QWidget(parent),
      side_(side),
      look_(look),
      name_(new ToneLabel(side == Side::Left ? ModelTone::Fp16 : ModelTone::Awq)),
      precision_(new ElidedLabel(textFont(TextRole::Caption))),
      speed_(new CaptionLabel),
      faster_(new ToneLabel(ModelTone::Awq)) {
  name_->setText(side == Side::Left ? tr("FP16") : tr("AWQ"));
  precision_->setForegroundRole(QPalette::PlaceholderText);
  precision_->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
  speed_->setWordWrap(false);
  speed_->setAlignment(Qt::AlignRight);
  speed_->setAccessibleName(
      tr("Speed of %1").arg(side == Side::Left ? tr("FP16") : tr("Quantized model")));
  auto* row = new QHBoxLayout(this);
  row->setContentsMargins(kIndent, 0, 0, 0);
  row->setSpacing(metrics::kGrid * 2);
  row->addWidget(name_);
  row->addWidget(precision_, 1);
  row->addWidget(speed_);
  row->addWidget(faster_);
}

void AnswerHead::show(const ChatControl& chat, const ChatTurn* turn) {
  const std::optional<ChatSideLoaded>& loaded = chat.of(side_);
  kind_ = loaded ? QString::fromStdString(loaded->precision) : QString();
  for (const QString& prefix :
       {QStringLiteral("AWQ"), QStringLiteral(", "), QStringLiteral("FP16")}) {
    if (kind_.startsWith(prefix)) kind_.remove(0, prefix.size());
  }
  const bool led = turn != nullptr && turn->mode == ChatMode::LockStep && !chat.alone();
  kind_ = kind_.trimmed();
  remark_ = led && side_ == Side::Right ? tr(", its own pick at every place") : QString();
  facts_ = chat_texts::speed(turn, chat, side_, look_);
  faster_->setText(side_ == Side::Right ? chat_texts::faster(turn) : QString());
  faster_->setVisible(!faster_->text().isEmpty());
  fit();
}

/// Of the speed as many facts as fit beside name and kind; the last ones give way first, and the
/// remark before a part of it.
void AnswerHead::fit() {
  const QFontMetrics letters(textFont(TextRole::Caption, Weight::Strong));
  const QFontMetrics plain(precision_->font());
  const int faster = faster_->text().isEmpty() ? 0 : faster_->sizeHint().width() + 8;
  const int room = width() - kIndent - name_->sizeHint().width() - 3 * metrics::kGrid * 2 - faster;
  const int kind = plain.horizontalAdvance(kind_);
  QStringList shown = facts_;
  const auto wide = [&] {
    return letters.horizontalAdvance(withoutMarks(shown.join(QStringLiteral("   "))));
  };
  while (shown.size() > 1 && wide() + kind > room) shown.removeLast();
  const bool remarked = wide() + plain.horizontalAdvance(kind_ + remark_) <= room;
  precision_->setWords(remarked ? kind_ + remark_ : kind_);
  speed_->setText(shown.join(QStringLiteral("   ")));
}

void AnswerHead::resizeEvent(QResizeEvent* event) {
  QWidget::resizeEvent(event);
  fit();
}

}  // namespace salient::ui
