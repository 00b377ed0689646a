// SPDX-License-Identifier: Apache-2.0
#pragma once

// A plot's numbers as a table that can be read by keyboard and screen reader, and copied.

#include <QList>
#include <QStringList>

class QWidget;

namespace salient::ui {

/// The fields of every row, quotes taken off; each row ends with a line end.
QList<QStringList> csvRows(const QString& csv);

/// Opens a window of its own beside the work; it deletes itself when closed.
void showCsv(const QString& title, const QString& csv, QWidget* parent);

}  // namespace salient::ui
