// SPDX-License-Identifier: Apache-2.0
#include "ui/panes/pane.h"

#include <QFileDialog>
#include <QMenu>
#include <QMessageBox>
#include <QVBoxLayout>

#include "ui/panes/csv_dialog.h"
#include "ui/plots/plot_widget.h"
#include "ui/style/metrics.h"
#include "ui/style/theme.h"
#include "ui/style/view_header.h"

namespace salient::ui {

Pane::Pane(Session& session, const QString& title, QWidget* parent)
    : QWidget(parent),
      session_(session),
      header_(new ViewHeader(title)),
      rows_(new QVBoxLayout(this)) {
  setSurface(*this);
  setAccessibleName(title);
  rows_->setContentsMargins(metrics::kViewPadding, metrics::kGrid * 2, metrics::kViewPadding,
                            metrics::kGrid * 2);
  rows_->setSpacing(0);
  rows_->addWidget(header_);
}

void Pane::addPlot(PlotWidget& plot, int stretch) {
  rows_->addSpacing(metrics::kGrid);
  rows_->addWidget(&plot, stretch);
  connect(&plot, &PlotWidget::readoutChanged, header_, &ViewHeader::setReadout);
  addExportEntries(header_->menu(), plot, accessibleName());
}

void Pane::setCaption(const QString& marked, PlotWidget* plot) {
  header_->setCaption(marked);
  if (plot != nullptr) plot->setSummary(header_->caption());
}

void addExportEntries(QMenu& menu, PlotWidget& plot, const QString& name) {
  menu.addAction(Pane::tr("Show as table"), &plot,
                 [&plot, name] { showCsv(name, plot.csv(), plot.window()); });
  menu.addAction(Pane::tr("Copy picture and numbers"), &plot, &PlotWidget::copyToClipboard);
  for (const char* suffix : {"png", "svg", "csv"}) {
    const QString kind = QLatin1String(suffix);
    menu.addAction(Pane::tr("Save as %1…").arg(kind.toUpper()), &plot, [&plot, name, kind] {
      const QString path = QFileDialog::getSaveFileName(
          plot.window(), Pane::tr("Save %1").arg(name),
          name.toLower().replace(' ', '-') + '.' + kind, QStringLiteral("*.%1").arg(kind));
      if (path.isEmpty() || plot.exportTo(path)) return;
      QMessageBox::warning(plot.window(), name, Pane::tr("%1 could not be written.").arg(path));
    });
  }
}

void addExportMenu(QMenu& menu, PlotWidget& plot) {
  const QString name = plot.accessibleName();
  addExportEntries(*menu.addMenu(name), plot, name);
}

}  // namespace salient::ui
