// SPDX-License-Identifier: Apache-2.0
#include "ui/panes/conversation_view.h"

#include <QEvent>
#include <QPainter>
#include <QPushButton>
#include <QScopedValueRollback>
#include <QScrollArea>
#include <QScrollBar>
#include <algorithm>

#include "ui/models/chat_control.h"
#include "ui/panes/answer_head.h"
#include "ui/panes/chat_texts.h"
#include "ui/panes/turn_row.h"
#include "ui/plots/plot_paint.h"
#include "ui/style/accent_button.h"
#include "ui/style/icons.h"
#include "ui/style/metrics.h"
#include "ui/style/palette.h"
#include "ui/style/theme.h"

namespace salient::ui {
namespace {

constexpr int kHead = 19;
constexpr int kUnderHead = 3;  // with the line that closes the heads
/// Closer to the end than this counts as the end.
constexpr int kAtEnd = 8;

}  // namespace

ConversationView::ConversationView(AnswerLook look, QWidget* parent)
    : QWidget(parent),
      look_(look),
      leftHead_(new AnswerHead(Side::Left, look, this)),
      rightHead_(new AnswerHead(Side::Right, look, this)),
      scroll_(new QScrollArea(this)),
      canvas_(new QWidget),
      newest_(
          new QPushButton(paletteIcon(IconName::ChevronDown, IconTone::Text), tr("Newest"), this)) {
  setAccessibleName(tr("Conversation"));
  scroll_->setFrameShape(QFrame::NoFrame);
  scroll_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  scroll_->setFocusPolicy(Qt::NoFocus);
  scroll_->setWidget(canvas_);
  setSurface(*scroll_->viewport());
  setSurface(*canvas_);
  addRow();
  newest_->setToolTip(tr("Back to the newest answer"));
  setControlHeight(*newest_, metrics::kTitleControlHeight);
  newest_->hide();
  connect(newest_, &QPushButton::clicked, this, &ConversationView::scrollToNewest);
  connect(scroll_->verticalScrollBar(), &QScrollBar::valueChanged, this,
          &ConversationView::onScrolled);
}

void ConversationView::addRow() {
  auto* row = new TurnRow(look_, canvas_);
  row->installEventFilter(this);
  const int index = static_cast<int>(rows_.size());
  if (!rows_.empty()) {
    QWidget::setTabOrder(&rows_.back()->view(Side::Right), &row->view(Side::Left));
    QWidget::setTabOrder(&row->view(Side::Left), &row->view(Side::Right));
  }
  rows_.push_back(row);
  connect(row, &TurnRow::chosen, this, [this, index] { setCurrentTurn(index); });
  connect(row, &TurnRow::tokenHovered, this, [this, index](int token) {
    if (index == current_) emit tokenHovered(token);
  });
  connect(row, &TurnRow::tokenSelected, this, [this, index](int token) {
    if (index == current_) emit tokenSelected(token);
  });
  connect(row, &TurnRow::neighbourWanted, this, [this, index](int step, Side side) {
    goTo(std::clamp(index + step, 0, std::max(0, turns_ - 1)), side);
  });
  row->QWidget::show();
}

void ConversationView::setTurnCount(int count) {
  if (count == turns_) return;
  const bool grown = count > turns_;
  turns_ = count;
  while (static_cast<int>(rows_.size()) < count) addRow();
  while (static_cast<int>(rows_.size()) > std::max(1, count)) {
    delete rows_.back();
    rows_.pop_back();
  }
  // Who asks wants to read the answer.
  if (grown) following_ = true;
  setCurrentTurn(count - 1);
}

void ConversationView::show(const ChatControl& chat, const QString& waiting) {
  const std::vector<ChatTurn>& turns = chat.model().turns();
  setTurnCount(static_cast<int>(turns.size()));
  const QString left = chat_texts::placeholder(chat, Side::Left, waiting);
  const QString right = chat_texts::placeholder(chat, Side::Right, waiting);
  if (turns.empty()) rows_.front()->showEmpty(left, right);
  for (std::size_t i = 0; i < turns.size(); ++i) {
    rows_[i]->show(turns[i], {static_cast<int>(i), turns_});
  }
  rows_.back()->setPlaceholder(Side::Left, left);
  rows_.back()->setPlaceholder(Side::Right, right);
  leftHead_->show(chat, currentTurn(chat));
  rightHead_->show(chat, currentTurn(chat));
  layOut();
}

const ChatTurn* ConversationView::currentTurn(const ChatControl& chat) const {
  const std::vector<ChatTurn>& turns = chat.model().turns();
  const bool known = current_ >= 0 && current_ < static_cast<int>(turns.size());
  return known ? &turns[static_cast<std::size_t>(current_)] : nullptr;
}

QString ConversationView::ribbonTitle() const {
  return turns_ < 2 ? tr("KL per token") : tr("KL per token, turn %1").arg(current_ + 1);
}

void ConversationView::setCurrentTurn(int index) {
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    rows_[i]->setCurrent(static_cast<int>(i) == std::max(0, index));
  }
  if (index == current_) return;
  current_ = index;
  emit currentTurnChanged(index);
}

void ConversationView::setCurrentToken(int token) {
  TurnRow& current = *rows_[static_cast<std::size_t>(std::max(0, current_))];
  for (const Side side : {Side::Left, Side::Right}) current.view(side).setCurrentToken(token);
}

void ConversationView::goTo(int index, Side side) {
  TurnRow& target = row(index);
  target.view(side).setFocus(Qt::OtherFocusReason);
  // The whole turn when it fits, else its prompt and the first lines.
  const int seen = scroll_->viewport()->height();
  const int bottom = target.y() + std::min(target.height(), seen);
  scroll_->ensureVisible(0, bottom, 0, 0);
  scroll_->ensureVisible(0, target.y(), 0, 0);
}

void ConversationView::scrollToNewest() {
  following_ = true;
  setCurrentTurn(turns_ - 1);
  layOut();
}

void ConversationView::layOut() {
  if (layingOut_) return;
  const QScopedValueRollback<bool> guard(layingOut_, true);
  QScrollBar* bar = scroll_->verticalScrollBar();
  // Room for the bar also where there is none: text does not jump when it comes.
  const int width = std::max(200, this->width() - bar->sizeHint().width());
  int y = 0;
  for (TurnRow* row : rows_) {
    const int height = row->heightFor(width);
    row->setGeometry(0, y, width, height);
    y += height;
  }
  canvas_->resize(width, y);
  if (following_) bar->setValue(bar->maximum());
  placeNewest();
}

void ConversationView::onScrolled() {
  update(0, kHead, width(), kUnderHead);
  if (layingOut_) return;
  const QScrollBar* bar = scroll_->verticalScrollBar();
  following_ = bar->value() >= bar->maximum() - kAtEnd;
  placeNewest();
}

void ConversationView::placeNewest() {
  const QSize size = newest_->sizeHint();
  newest_->setGeometry((width() - size.width()) / 2, height() - size.height() - 6, size.width(),
                       size.height());
  newest_->setVisible(!following_);
  newest_->raise();
}

void ConversationView::resizeEvent(QResizeEvent* event) {
  QWidget::resizeEvent(event);
  const int bar = scroll_->verticalScrollBar()->sizeHint().width();
  const int turns = std::max(200, width() - bar);
  const int column = TurnRow::columnWidth(turns);
  leftHead_->setGeometry(0, 0, column, kHead);
  rightHead_->setGeometry(TurnRow::secondColumn(turns), 0, column, kHead);
  const int top = kHead + kUnderHead;
  scroll_->setGeometry(0, top, width(), std::max(0, height() - top));
  layOut();
}

void ConversationView::paintEvent(QPaintEvent* /*event*/) {
  // Turns scroll away under the heads: a line says where they end.
  if (turns_ == 0 || scroll_->verticalScrollBar()->value() == 0) return;
  QPainter painter(this);
  drawHorizontalLine(painter, kHead + kUnderHead - 1, 0, canvas_->width(),
                     paletteOf(*this).hairline);
}

/// A theme or a font size changes heights without a message of the chat.
bool ConversationView::eventFilter(QObject* watched, QEvent* event) {
  if (event->type() == QEvent::LayoutRequest) layOut();
  return QWidget::eventFilter(watched, event);
}

}  // namespace salient::ui
