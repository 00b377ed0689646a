// SPDX-License-Identifier: Apache-2.0
#include "ui/models/recents_model.h"

#include <QSettings>
#include <algorithm>
#include <cmath>
#include <limits>

#include "ui/style/plain_text.h"

namespace salient::ui {
namespace {

const QString kGroup = QStringLiteral("recents");

QString packCells(const std::vector<float>& cells) {
  QStringList words;
  for (const float cell : cells) {
    words.append(std::isfinite(cell) ? QString::number(static_cast<double>(cell), 'g', 3)
                                     : QStringLiteral("-"));
  }
  return words.join(QLatin1Char(' '));
}

std::vector<float> unpackCells(const QString& packed) {
  std::vector<float> cells;
  for (const QString& word : packed.split(QLatin1Char(' '), Qt::SkipEmptyParts)) {
    bool ok = false;
    const float value = word.toFloat(&ok);
    cells.push_back(ok ? value : std::numeric_limits<float>::quiet_NaN());
  }
  return cells;
}

}  // namespace

RecentsModel::RecentsModel(QSettings& settings, QObject* parent)
    : QAbstractListModel(parent), settings_(settings) {
  load();
}

void RecentsModel::load() {
  const int count = std::min(settings_.beginReadArray(kGroup), kEntries);
  for (int i = 0; i < count; ++i) {
    settings_.setArrayIndex(i);
    const auto text = [this](const char* key) {
      return settings_.value(QLatin1String(key)).toString();
    };
    RecentEntry entry;
    entry.source = text("source");
    entry.target = text("target");
    entry.name = text("name");
    entry.scheme = text("scheme");
    entry.stage = static_cast<RecentStage>(
        std::clamp(settings_.value(QStringLiteral("stage")).toInt(), 0, 2));
    entry.when = settings_.value(QStringLiteral("when")).toDateTime();
    entry.knobs = text("knobs");
    entry.detail = text("detail");
    entry.blocks = settings_.value(QStringLiteral("blocks")).toInt();
    entry.cells = unpackCells(text("cells"));
    const bool somewhere = !entry.source.isEmpty() || !entry.target.isEmpty();
    if (somewhere) entries_.push_back(std::move(entry));
  }
  settings_.endArray();
}

void RecentsModel::save() const {
  settings_.beginWriteArray(kGroup, rowCount());
  for (int i = 0; i < rowCount(); ++i) {
    const RecentEntry& entry = entries_[static_cast<std::size_t>(i)];
    settings_.setArrayIndex(i);
    settings_.setValue(QStringLiteral("source"), entry.source);
    settings_.setValue(QStringLiteral("target"), entry.target);
    settings_.setValue(QStringLiteral("name"), entry.name);
    settings_.setValue(QStringLiteral("scheme"), entry.scheme);
    settings_.setValue(QStringLiteral("stage"), static_cast<int>(entry.stage));
    settings_.setValue(QStringLiteral("when"), entry.when);
    settings_.setValue(QStringLiteral("knobs"), entry.knobs);
    settings_.setValue(QStringLiteral("detail"), entry.detail);
    settings_.setValue(QStringLiteral("blocks"), entry.blocks);
    settings_.setValue(QStringLiteral("cells"), packCells(entry.cells));
  }
  settings_.endArray();
}

void RecentsModel::remember(const RecentEntry& entry) {
  beginResetModel();
  std::erase_if(entries_, [&](const RecentEntry& old) {
    const bool sameRun = !entry.target.isEmpty() && old.target == entry.target;
    return sameRun || (old.target.isEmpty() && old.source == entry.source);
  });
  entries_.insert(entries_.begin(), entry);
  if (rowCount() > kEntries) entries_.resize(kEntries);
  endResetModel();
  save();
}

void RecentsModel::forget(int row) {
  if (row < 0 || row >= rowCount()) return;
  beginRemoveRows({}, row, row);
  entries_.erase(entries_.begin() + row);
  endRemoveRows();
  save();
}

int RecentsModel::rowCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(entries_.size());
}

QVariant RecentsModel::data(const QModelIndex& index, int role) const {
  if (!checkIndex(index, CheckIndexOption::IndexIsValid)) return {};
  const RecentEntry& entry = entries_[static_cast<std::size_t>(index.row())];
  if (role == Qt::DisplayRole) return entry.name + QLatin1Char(' ') + entry.scheme;
  if (role == Qt::ToolTipRole) return plainToolTip(entry.source);
  return {};
}

}  // namespace salient::ui
