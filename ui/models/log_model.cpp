// SPDX-License-Identifier: Apache-2.0
#include "ui/models/log_model.h"

namespace salient::ui {

void LogModel::add(LogKind kind, const QString& text) {
  if (rowCount() >= kLines) {
    beginRemoveRows({}, 0, 0);
    lines_.pop_front();
    endRemoveRows();
  }
  beginInsertRows({}, rowCount(), rowCount());
  lines_.push_back({QTime::currentTime(), kind, text});
  endInsertRows();
}

int LogModel::rowCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(lines_.size());
}

QString LogModel::format(const Line& line) {
  return line.time.toString(QStringLiteral("HH:mm:ss")) + QStringLiteral("  ") + line.text;
}

QVariant LogModel::data(const QModelIndex& index, int role) const {
  if (!checkIndex(index, CheckIndexOption::IndexIsValid)) return {};
  const Line& line = lines_[static_cast<std::size_t>(index.row())];
  switch (role) {
    case Qt::DisplayRole:
      return format(line);
    case KindRole:
      return static_cast<int>(line.kind);
    case TimeRole:
      return line.time;
    default:
      return {};
  }
}

QString LogModel::text() const {
  QString text;
  for (const Line& line : lines_) text += format(line) + QLatin1Char('\n');
  return text;
}

}  // namespace salient::ui
