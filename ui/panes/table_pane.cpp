// SPDX-License-Identifier: Apache-2.0
#include "ui/panes/table_pane.h"

#include <QClipboard>
#include <QGuiApplication>
#include <QHeaderView>
#include <QLineEdit>
#include <QMenu>
#include <QSortFilterProxyModel>
#include <QTableView>
#include <QVBoxLayout>

#include "ui/panes/captions.h"
#include "ui/style/metrics.h"
#include "ui/style/typography.h"
#include "ui/style/view_header.h"

namespace salient::ui {

TablePane::TablePane(Session& session, QWidget* parent)
    : Pane(session, tr("Linears"), parent),
      sorted_(new QSortFilterProxyModel(this)),
      filter_(new QLineEdit),
      table_(new QTableView) {
  sorted_->setSourceModel(&model_);
  sorted_->setSortRole(LinearTableModel::SortRole);
  sorted_->setFilterKeyColumn(LinearTableModel::NameColumn);
  sorted_->setFilterCaseSensitivity(Qt::CaseInsensitive);
  filter_->setPlaceholderText(tr("Filter"));
  filter_->setClearButtonEnabled(true);
  filter_->setMaximumWidth(200);
  filter_->setAccessibleName(tr("Filter the linears"));
  header().addTool(filter_);
  header().menu().addAction(tr("Copy"), this, &TablePane::copyRows);
  table_->setModel(sorted_);
  table_->setSortingEnabled(true);
  table_->sortByColumn(LinearTableModel::NameColumn, Qt::AscendingOrder);
  table_->setSelectionBehavior(QAbstractItemView::SelectRows);
  table_->setFrameShape(QFrame::NoFrame);
  table_->setShowGrid(false);
  table_->setTabKeyNavigation(false);
  table_->verticalHeader()->hide();
  table_->verticalHeader()->setDefaultSectionSize(24);
  table_->horizontalHeader()->setHighlightSections(false);
  table_->horizontalHeader()->setStretchLastSection(true);
  table_->horizontalHeader()->setFont(textFont(TextRole::Caption));
  table_->setFont(textFont(TextRole::Caption));
  table_->setAccessibleName(tr("All linears"));
  table_->setColumnWidth(LinearTableModel::NameColumn, 200);
  rows().addSpacing(metrics::kPlotGap);
  rows().addWidget(table_, 1);
  connect(filter_, &QLineEdit::textChanged, sorted_, &QSortFilterProxyModel::setFilterFixedString);
  connect(table_->selectionModel(), &QItemSelectionModel::currentRowChanged, this,
          [this](const QModelIndex& current) {
            if (following_) return;
            const LinearState* linear = model_.linearAt(sorted_->mapToSource(current).row());
            if (linear != nullptr) this->session().selection().select(linear->id);
          });
}

QWidget* TablePane::firstStop() {
  return table_;
}

void TablePane::copyRows() {
  QString text;
  for (int row = 0; row < sorted_->rowCount(); ++row) {
    QStringList fields;
    for (int column = 0; column < sorted_->columnCount(); ++column) {
      fields << sorted_->index(row, column).data().toString();
    }
    text += fields.join(QLatin1Char('\t')) + QLatin1Char('\n');
  }
  QGuiApplication::clipboard()->setText(text);
}

void TablePane::refresh(Changes changes) {
  if (changes & (Change::Run | Change::Plan)) {
    following_ = true;
    model_.setState(session().snapshot());
    following_ = false;
    setCaption(captions::map(session().run()));
  }
  const std::optional<LinearId>& selected = session().selection().linear();
  if (!selected) return;
  const QModelIndex row =
      sorted_->mapFromSource(model_.index(model_.rowOf(*selected), LinearTableModel::NameColumn));
  if (!row.isValid() || row.row() == table_->currentIndex().row()) return;
  following_ = true;
  table_->setCurrentIndex(row);
  following_ = false;
}

}  // namespace salient::ui
