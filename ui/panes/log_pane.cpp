// SPDX-License-Identifier: Apache-2.0
#include "ui/panes/log_pane.h"

#include <QClipboard>
#include <QGuiApplication>
#include <QListView>
#include <QMenu>
#include <QScrollBar>
#include <QVBoxLayout>

#include "ui/style/metrics.h"
#include "ui/style/typography.h"
#include "ui/style/view_header.h"

namespace salient::ui {

LogPane::LogPane(Session& session, QWidget* parent)
    : Pane(session, tr("Log"), parent), lines_(new QListView) {
  lines_->setModel(&session.log());
  lines_->setUniformItemSizes(true);
  lines_->setFont(monoFont(TextRole::Caption));
  lines_->setFrameShape(QFrame::NoFrame);
  lines_->setAccessibleName(tr("Log lines"));
  lines_->setSelectionMode(QAbstractItemView::ExtendedSelection);
  rows().addSpacing(metrics::kPlotGap);
  rows().addWidget(lines_, 1);
  header().menu().addAction(tr("Copy all"), this, [this] {
    QGuiApplication::clipboard()->setText(this->session().log().text());
  });
  connect(&session.log(), &QAbstractItemModel::rowsInserted, lines_, [this] {
    const QScrollBar* bar = lines_->verticalScrollBar();
    if (bar->value() >= bar->maximum() - 2) lines_->scrollToBottom();
  });
}

QWidget* LogPane::firstStop() {
  return lines_;
}

}  // namespace salient::ui
