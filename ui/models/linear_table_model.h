// SPDX-License-Identifier: Apache-2.0
#pragma once

// Every linear of the model as a table row: shape, settings, α, errors, size. The same numbers as
// the map's, for sorting, copying and screen readers.

#include <QAbstractTableModel>
#include <memory>

#include "ui/models/run_state.h"

namespace salient::ui {

class LinearTableModel : public QAbstractTableModel {
  Q_OBJECT
 public:
  enum Column {
    NameColumn,
    ShapeColumn,
    SettingsColumn,
    AlphaColumn,
    RtnErrorColumn,
    ErrorColumn,
    CutColumn,
    SizeColumn,
    NoteColumn,
    ColumnCount
  };
  enum Role { SortRole = Qt::UserRole };

  using QAbstractTableModel::QAbstractTableModel;

  /// Rows are kept when only results came in; then only what differs is announced.
  void setState(std::shared_ptr<const RunState> state);
  const LinearState* linearAt(int row) const;
  int rowOf(const LinearId& id) const;

  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

 private:
  QString text(const LinearState& linear, int column) const;
  QVariant sortKey(const LinearState& linear, int column) const;
  std::shared_ptr<const RunState> state_;
};

}  // namespace salient::ui
