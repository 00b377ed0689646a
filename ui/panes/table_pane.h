// SPDX-License-Identifier: Apache-2.0
#pragma once

// Every linear as a row of a table: the Inspect layout's way to sort, filter and copy.

#include "ui/models/linear_table_model.h"
#include "ui/panes/pane.h"

class QLineEdit;
class QSortFilterProxyModel;
class QTableView;

namespace salient::ui {

class TablePane : public Pane {
  Q_OBJECT
 public:
  explicit TablePane(Session& session, QWidget* parent = nullptr);

  void refresh(Changes changes) override;
  QWidget* firstStop() override;

 private:
  void copyRows();

  LinearTableModel model_;
  QSortFilterProxyModel* sorted_;
  QLineEdit* filter_;
  QTableView* table_;
  bool following_ = false;
};

}  // namespace salient::ui
