// SPDX-License-Identifier: Apache-2.0
#pragma once

// Models found in the Hugging Face cache, one row each, appearing as they are read: name, size,
// type, and whether they can be quantized here.

#include <QAbstractTableModel>
#include <vector>

#include "ui/bridge/messages.h"

namespace salient::ui {

class CachedModelsModel : public QAbstractTableModel {
  Q_OBJECT
 public:
  enum Column { ModelColumn, ParametersColumn, TypeColumn, SizeColumn, VerdictColumn, ColumnCount };
  enum Role { PathRole = Qt::UserRole, VerdictRole };

  using QAbstractTableModel::QAbstractTableModel;

  void add(const CachedModelFound& found);
  void clear();
  const std::vector<CachedModelFound>& models() const { return models_; }

  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

 private:
  static QString text(const CachedModelFound& model, int column);
  std::vector<CachedModelFound> models_;
};

}  // namespace salient::ui
