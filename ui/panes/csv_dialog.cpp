// SPDX-License-Identifier: Apache-2.0
#include "ui/panes/csv_dialog.h"

#include <QClipboard>
#include <QDialog>
#include <QDialogButtonBox>
#include <QGuiApplication>
#include <QPushButton>
#include <QStandardItemModel>
#include <QTableView>
#include <QVBoxLayout>
#include <algorithm>
#include <utility>

namespace salient::ui {
namespace {

/// The longest table that is still a table to a person.
constexpr int kRows = 20000;

QStandardItemModel* modelOf(const QString& csv, QObject* parent) {
  auto* model = new QStandardItemModel(parent);
  const QList<QStringList> lines = csvRows(csv);
  if (lines.isEmpty()) return model;
  model->setHorizontalHeaderLabels(lines.front());
  for (int i = 1; i < std::min<int>(kRows, static_cast<int>(lines.size())); ++i) {
    QList<QStandardItem*> row;
    for (const QString& field : lines[i]) {
      row.append(new QStandardItem(field));
      row.back()->setEditable(false);
    }
    model->appendRow(row);
  }
  return model;
}

}  // namespace

QList<QStringList> csvRows(const QString& csv) {
  QList<QStringList> rows;
  QStringList fields{QString()};
  bool quoted = false;
  for (qsizetype i = 0; i < csv.size(); ++i) {
    const QChar letter = csv[i];
    const bool doubled = quoted && letter == u'"' && i + 1 < csv.size() && csv[i + 1] == u'"';
    if (doubled) {
      fields.back() += csv[++i];
    } else if (letter == u'"') {
      quoted = !quoted;
    } else if (!quoted && letter == u',') {
      fields << QString();
    } else if (!quoted && letter == u'\n') {
      rows << std::exchange(fields, {QString()});
    } else {
      fields.back() += letter;
    }
  }
  return rows;
}

void showCsv(const QString& title, const QString& csv, QWidget* parent) {
  auto* dialog = new QDialog(parent);
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  dialog->setWindowTitle(title);
  dialog->resize(640, 480);
  auto* rows = new QVBoxLayout(dialog);
  auto* table = new QTableView;
  table->setModel(modelOf(csv, table));
  table->setAccessibleName(QDialog::tr("%1 as a table").arg(title));
  rows->addWidget(table);
  auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close);
  QPushButton* copy = buttons->addButton(QDialog::tr("Copy"), QDialogButtonBox::ActionRole);
  rows->addWidget(buttons);
  QObject::connect(copy, &QPushButton::clicked, dialog,
                   [csv] { QGuiApplication::clipboard()->setText(csv); });
  QObject::connect(buttons, &QDialogButtonBox::rejected, dialog, &QDialog::close);
  dialog->show();
}

}  // namespace salient::ui
