// SPDX-License-Identifier: Apache-2.0
#include "ui/panes/turn_row.h"

#include <QKeyEvent>
#include <QLabel>
#include <QPainter>
#include <algorithm>

#include "ui/models/chat_model.h"
#include "ui/panes/chat_texts.h"
#include "ui/plots/plot_paint.h"
#include "ui/style/caption_label.h"
#include "ui/style/metrics.h"
#include "ui/style/palette.h"
#include "ui/style/theme.h"
#include "ui/style/typography.h"

namespace salient::ui {
namespace {

/// Longer lines are hard to read.
constexpr int kWidest = 720;
constexpr int kBetween = 24;
constexpr int kTextIndent = 14;
constexpr int kFarStep = 1 << 20;
/// Of the row's width: the facts of a turn give way to its prompt.
constexpr double kFactsShare = 0.45;

}  // namespace

TurnRow::TurnRow(AnswerLook look, QWidget* parent)
    : QWidget(parent),
      look_(look),
      prompt_(new QLabel(this)),
      factsLabel_(new CaptionLabel({}, this)),
      left_(new AnswerView(ModelTone::Fp16, look, this)),
      right_(new AnswerView(ModelTone::Awq, look, this)),
      note_(new CaptionLabel({}, this)) {
  prompt_->setTextFormat(Qt::PlainText);
  prompt_->setWordWrap(true);
  const bool spacious = look == AnswerLook::Spacious;
  prompt_->setFont(textFont(spacious ? TextRole::Answer : TextRole::Caption, Weight::Strong));
  factsLabel_->setWordWrap(false);
  factsLabel_->setAlignment(Qt::AlignRight);
  for (AnswerView* view : {left_, right_}) {
    setSurface(*view);
    connect(view, &AnswerView::tokenHovered, this, &TurnRow::tokenHovered);
    connect(view, &AnswerView::tokenSelected, this, [this](int token) {
      emit chosen();
      emit tokenSelected(token);
    });
    connect(view, &AnswerView::focused, this, &TurnRow::chosen);
  }
  showEmpty({}, {});
}

int TurnRow::columnWidth(int width) {
  return std::min(kWidest, (width - kBetween) / 2);
}

int TurnRow::secondColumn(int width) {
  return (width + kBetween) / 2;
}

void TurnRow::nameViews(const QString& prompt) {
  const QString turn =
      place_.count > 1 ? tr(", turn %1 of %2").arg(place_.index + 1).arg(place_.count) : QString();
  left_->setAccessibleName(tr("Answer of FP16") + turn);
  right_->setAccessibleName(tr("Answer of Quantized model") + turn);
  setAccessibleName(empty_ ? tr("Nothing asked yet") : tr("Prompt%1: %2").arg(turn, prompt));
}

void TurnRow::showEmpty(const QString& left, const QString& right) {
  empty_ = true;
  place_ = {};
  revision_ = 0;
  prompt_->clear();
  note_->setText({});
  for (AnswerView* view : {left_, right_}) {
    view->setTokens({});
    view->setLineRoom(LineRoom::Text);
  }
  left_->setPlaceholder(left);
  right_->setPlaceholder(right);
  nameViews({});
}

void TurnRow::show(const ChatTurn& turn, TurnPlace place) {
  const bool moved = empty_ || place.index != place_.index || place.count != place_.count;
  if (turn.revision == revision_ && !moved) return;
  empty_ = false;
  place_ = place;
  if (moved) nameViews(turn.prompt);
  if (turn.revision != revision_) {
    revision_ = turn.revision;
    if (prompt_->text() != turn.prompt) prompt_->setText(turn.prompt);
    // The same on both sides, from the first token on: lines stand beside each other.
    const bool picks = turn.mode == ChatMode::LockStep && look_ == AnswerLook::Spacious &&
                       !turn.of(Side::Left).tokens.empty();
    for (const Side side : {Side::Left, Side::Right}) {
      view(side).setLineRoom(picks ? LineRoom::Picks : LineRoom::Text);
      view(side).setTokens(chat_texts::answerTokens(turn, side));
    }
    const bool partial =
        !turn.of(Side::Left).text.isEmpty() || !turn.of(Side::Right).text.isEmpty();
    note_->setText(partial ? turn.error : QString());
  }
  facts_ = place_.count > 1 ? chat_texts::turnFacts(turn) : QStringList();
  factsWidth_ = -1;
}

/// Speeds and divergence of a turn among several (a turn alone has them in head and ribbon), as
/// far as they fit beside its number.
void TurnRow::fitFacts(int width) {
  if (width == factsWidth_) return;
  factsWidth_ = width;
  const QString name = tr("Turn %1").arg(place_.index + 1);
  QStringList shown = facts_;
  const auto show = [&] {
    const QString facts = shown.isEmpty() ? QString() : QStringLiteral("   ") + shown.join(u", ");
    const QString marked = current_ ? QStringLiteral("**%1**").arg(name) : name;
    factsLabel_->setText(place_.count < 2 ? QString() : marked + facts);
  };
  show();
  while (!shown.isEmpty() && factsLabel_->sizeHint().width() > width * kFactsShare) {
    shown.removeFirst();
    show();
  }
}

QString TurnRow::factsText() const {
  return factsLabel_->plainText();
}

QString TurnRow::noteText() const {
  return note_->plainText();
}

void TurnRow::setCurrent(bool current) {
  for (AnswerView* view : {left_, right_}) {
    // One Tab stop a column, however long the conversation: arrows lead to the other turns.
    view->setFocusPolicy(current ? Qt::StrongFocus : Qt::ClickFocus);
    if (!current) view->setCurrentToken(-1);
  }
  if (current == current_) return;
  current_ = current;
  factsWidth_ = -1;
  fitFacts(width());
}

int TurnRow::promptBottom(Geometry& at, int width) const {
  const bool spacious = look_ == AnswerLook::Spacious;
  // The docked chat has the only prompt in its field.
  if (empty_ || (!spacious && place_.count < 2)) return 0;
  const int top = place_.index > 0 ? (spacious ? 16 : 6) : (spacious ? 4 : 0);
  const int facts = factsLabel_->plainText().isEmpty() ? 0 : factsLabel_->sizeHint().width();
  const int word = kTextIndent;
  const int room = std::max(80, width - word - (facts > 0 ? facts + kBetween : 0));
  const int height = prompt_->heightForWidth(room);
  at.prompt = {word, top, room, height};
  at.facts = {width - facts, top + (spacious ? 3 : 0), facts, metrics::kCaptionLine};
  return top + height + (spacious ? 8 : 2);
}

TurnRow::Geometry TurnRow::geometryFor(int width) const {
  Geometry at;
  const int top = promptBottom(at, width);
  const int column = columnWidth(width);
  const int height = std::max(left_->heightForWidth(column), right_->heightForWidth(column));
  at.left = {0, top, column, height};
  at.right = {secondColumn(width), top, column, height};
  at.height = top + height;
  if (!note_->plainText().isEmpty()) {
    const int note = note_->heightForWidth(width - kTextIndent);
    at.note = {kTextIndent, at.height + 6, width - kTextIndent, note};
    at.height += note + 6;
  }
  const bool last = place_.index + 1 == place_.count;
  at.height += look_ == AnswerLook::Spacious && !last ? 12 : 4;
  return at;
}

int TurnRow::heightFor(int width) {
  fitFacts(width);
  const Geometry at = geometryFor(width);
  prompt_->setVisible(!at.prompt.isEmpty());
  factsLabel_->setVisible(!at.facts.isEmpty());
  note_->setVisible(!at.note.isEmpty());
  prompt_->setGeometry(at.prompt);
  factsLabel_->setGeometry(at.facts);
  left_->setGeometry(at.left);
  right_->setGeometry(at.right);
  note_->setGeometry(at.note);
  return at.height;
}

void TurnRow::resizeEvent(QResizeEvent* event) {
  QWidget::resizeEvent(event);
  heightFor(width());
}

void TurnRow::paintEvent(QPaintEvent* /*event*/) {
  if (place_.index == 0) return;
  QPainter painter(this);
  drawHorizontalLine(painter, look_ == AnswerLook::Spacious ? 2 : 1, 0, width(),
                     paletteOf(*this).hairline);
}

void TurnRow::mousePressEvent(QMouseEvent* event) {
  emit chosen();
  QWidget::mousePressEvent(event);
}

void TurnRow::keyPressEvent(QKeyEvent* event) {
  const Side side = right_->hasFocus() ? Side::Right : Side::Left;
  const bool far = event->modifiers() & Qt::ControlModifier;
  switch (event->key()) {
    case Qt::Key_Up:
      return emit neighbourWanted(-1, side);
    case Qt::Key_Down:
      return emit neighbourWanted(1, side);
    case Qt::Key_Home:
      if (far) return emit neighbourWanted(-kFarStep, side);
      break;
    case Qt::Key_End:
      if (far) return emit neighbourWanted(kFarStep, side);
      break;
    default:
      break;
  }
  QWidget::keyPressEvent(event);
}

}  // namespace salient::ui
