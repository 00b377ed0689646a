// SPDX-License-Identifier: Apache-2.0
#include "ui/models/linear_table_model.h"

#include <QFont>
#include <utility>

#include "ui/models/figures.h"

namespace salient::ui {
namespace {

bool sameRows(const RunState& a, const RunState& b) {
  if (a.linears.size() != b.linears.size()) return false;
  for (std::size_t i = 0; i < a.linears.size(); ++i) {
    if (a.linears[i].id != b.linears[i].id) return false;
  }
  return true;
}

bool sameRow(const LinearState& a, const LinearState& b) {
  return a.stage == b.stage && a.result == b.result && a.settings == b.settings;
}

QString relative(double loss, double signal) {
  return signal > 0 ? figures::loss(loss / signal) : QString();
}

}  // namespace

void LinearTableModel::setState(std::shared_ptr<const RunState> state) {
  if (!state_ || !state || !sameRows(*state_, *state)) {
    beginResetModel();
    state_ = std::move(state);
    endResetModel();
    return;
  }
  const std::shared_ptr<const RunState> before = std::exchange(state_, std::move(state));
  int first = -1;
  int last = -1;
  for (int row = 0; row < rowCount(); ++row) {
    const auto i = static_cast<std::size_t>(row);
    if (sameRow(before->linears[i], state_->linears[i])) continue;
    if (first < 0) first = row;
    last = row;
  }
  if (first >= 0) emit dataChanged(index(first, 0), index(last, ColumnCount - 1));
}

const LinearState* LinearTableModel::linearAt(int row) const {
  if (!state_ || row < 0 || row >= rowCount()) return nullptr;
  return &state_->linears[static_cast<std::size_t>(row)];
}

int LinearTableModel::rowOf(const LinearId& id) const {
  for (int row = 0; row < rowCount(); ++row) {
    if (linearAt(row)->id == id) return row;
  }
  return -1;
}

int LinearTableModel::rowCount(const QModelIndex& parent) const {
  return parent.isValid() || !state_ ? 0 : static_cast<int>(state_->linears.size());
}

int LinearTableModel::columnCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : ColumnCount;
}

QString LinearTableModel::text(const LinearState& linear, int column) const {
  const LinearReport* report = linear.result ? &linear.result->report : nullptr;
  switch (column) {
    case NameColumn:
      return figures::linearName(*state_->plan, linear.id);
    case SettingsColumn:
      return linear.settings.keep_fp16 ? tr("FP16")
                                       : QString::fromStdString(to_string(linear.settings.scheme));
    default:
      break;
  }
  if (report == nullptr) return {};
  switch (column) {
    case ShapeColumn:
      return figures::shape(report->out_features, report->in_features);
    case AlphaColumn:
      return QString::number(report->alpha, 'f', 2);
    case RtnErrorColumn:
      return relative(report->loss_rtn, report->signal);
    case ErrorColumn:
      return relative(report->loss, report->signal);
    case CutColumn:
      return figures::times(report->error_cut());
    case SizeColumn:
      return figures::bytes(report->packed_bytes);
    case NoteColumn:
      return QString::fromStdString(report->note);
    default:
      return {};
  }
}

QVariant LinearTableModel::sortKey(const LinearState& linear, int column) const {
  const LinearReport* report = linear.result ? &linear.result->report : nullptr;
  const double signal = report != nullptr && report->signal > 0 ? report->signal : 1.0;
  switch (column) {
    case NameColumn:
      return static_cast<qlonglong>(linear.id.block * 16) +
             static_cast<qlonglong>(index_of(linear.id.role));
    case SettingsColumn:
      return linear.settings.keep_fp16 ? 16 : linear.settings.scheme.bits;
    case ShapeColumn:
      return report ? QVariant(static_cast<qlonglong>(report->out_features * report->in_features))
                    : QVariant(0);
    case AlphaColumn:
      return report ? report->alpha : -1.0;
    case RtnErrorColumn:
      return report ? report->loss_rtn / signal : -1.0;
    case ErrorColumn:
      return report ? report->loss / signal : -1.0;
    case CutColumn:
      return report ? report->error_cut() : -1.0;
    case SizeColumn:
      return report ? static_cast<qlonglong>(report->packed_bytes) : qlonglong{-1};
    default:
      return text(linear, column);
  }
}

QVariant LinearTableModel::data(const QModelIndex& index, int role) const {
  if (!checkIndex(index, CheckIndexOption::IndexIsValid)) return {};
  const LinearState& linear = *linearAt(index.row());
  switch (role) {
    case Qt::DisplayRole:
      return text(linear, index.column());
    case SortRole:
      return sortKey(linear, index.column());
    case Qt::TextAlignmentRole: {
      const bool words = index.column() == NameColumn || index.column() == NoteColumn;
      return QVariant((words ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter);
    }
    default:
      return {};
  }
}

QVariant LinearTableModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (orientation != Qt::Horizontal || section < 0 || section >= ColumnCount) return {};
  if (role == Qt::TextAlignmentRole) {
    const bool words = section == NameColumn || section == NoteColumn;
    return QVariant((words ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter);
  }
  if (role != Qt::DisplayRole) return {};
  static const std::array<QString, ColumnCount> kTitles = {
      tr("Linear"),    tr("Shape"),     tr("Grid"), tr("α"),   tr("RTN error"),
      tr("AWQ error"), tr("Error cut"), tr("Size"), tr("Note")};
  return kTitles[static_cast<std::size_t>(section)];
}

}  // namespace salient::ui
