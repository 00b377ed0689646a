// SPDX-License-Identifier: Apache-2.0
#include "ui/models/chat_model.h"

#include <algorithm>

namespace salient::ui {

bool ChatTurn::differsAt(std::size_t place) const {
  const std::vector<ChatToken>& left = answers[0].tokens;
  const std::vector<ChatToken>& right = answers[1].tokens;
  if (place >= left.size() || place >= right.size()) return false;
  return mode == ChatMode::LockStep ? right[place].own_pick != left[place].id
                                    : right[place].id != left[place].id;
}

std::size_t ChatTurn::comparedPlaces() const {
  const std::size_t both = std::min(answers[0].tokens.size(), answers[1].tokens.size());
  if (mode == ChatMode::LockStep) return both;
  // Free-running answers follow different texts after they part, so places stop corresponding.
  const std::optional<std::size_t> parted = firstDivergence();
  return parted ? *parted + 1 : both;
}

std::optional<std::size_t> ChatTurn::firstDivergence() const {
  const std::size_t both = std::min(answers[0].tokens.size(), answers[1].tokens.size());
  for (std::size_t place = 0; place < both; ++place) {
    if (differsAt(place)) return place;
  }
  return std::nullopt;
}

std::size_t ChatTurn::differingPicks() const {
  std::size_t count = 0;
  const std::size_t places = comparedPlaces();
  for (std::size_t place = 0; place < places; ++place) count += differsAt(place) ? 1U : 0U;
  return count;
}

double ChatTurn::meanKl() const {
  double sum = 0;
  int places = 0;
  for (const ChatToken& token : answers[1].tokens) {
    if (!token.kl) continue;
    sum += *token.kl;
    ++places;
  }
  return places == 0 ? 0 : sum / places;
}

void ChatModel::begin(const QString& prompt, ChatMode mode) {
  beginInsertRows({}, rowCount(), rowCount());
  turns_.push_back({prompt, mode, {}, false, {}, ++revision_});
  endInsertRows();
}

void ChatModel::beginAgain(ChatMode mode) {
  if (turns_.empty()) return;
  turns_.back() = {turns_.back().prompt, mode, {}, false, {}, 0};
  touched();
}

void ChatModel::add(const ChatToken& token) {
  if (turns_.empty()) return;
  ChatAnswer& answer = turns_.back().of(token.side);
  answer.text += QString::fromStdString(token.text);
  answer.tokens.push_back(token);
  touched();
}

void ChatModel::end(const ChatTurnDone& done) {
  if (turns_.empty()) return;
  turns_.back().of(done.side).done = done;
  touched();
}

void ChatModel::finish() {
  if (turns_.empty()) return;
  turns_.back().complete = true;
  touched();
}

void ChatModel::fail(const QString& sentence) {
  if (turns_.empty()) return;
  turns_.back().error = sentence;
  finish();
}

void ChatModel::clear() {
  beginResetModel();
  turns_.clear();
  endResetModel();
}

void ChatModel::touched() {
  turns_.back().revision = ++revision_;
  const QModelIndex row = index(rowCount() - 1);
  emit dataChanged(row, row);
}

int ChatModel::rowCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(turns_.size());
}

QVariant ChatModel::data(const QModelIndex& index, int role) const {
  if (!checkIndex(index, CheckIndexOption::IndexIsValid)) return {};
  const ChatTurn& turn = turns_[static_cast<std::size_t>(index.row())];
  switch (role) {
    case Qt::DisplayRole:
    case PromptRole:
      return turn.prompt;
    case LeftRole:
      return turn.of(Side::Left).text;
    case RightRole:
      return turn.of(Side::Right).text;
    default:
      return {};
  }
}

}  // namespace salient::ui
