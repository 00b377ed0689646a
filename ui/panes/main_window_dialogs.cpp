// SPDX-License-Identifier: Apache-2.0
// What the window asks and tells in windows of their own.
#include <QDialog>
#include <QDialogButtonBox>
#include <QFileDialog>
#include <QFormLayout>
#include <QLabel>
#include <QMessageBox>
#include <QPushButton>
#include <QSaveFile>

#include "ui/models/figures.h"
#include "ui/models/run_report.h"
#include "ui/panes/main_window.h"
#include "ui/plots/plot_widget.h"
#include "ui/style/typography.h"

namespace salient::ui {

void MainWindow::chooseModel() {
  QMessageBox what(this);
  what.setWindowTitle(tr("Open a model"));
  what.setText(tr("What is the model?"));
  QPushButton* folder = what.addButton(tr("A folder…"), QMessageBox::AcceptRole);
  QPushButton* file = what.addButton(tr("A .gguf file…"), QMessageBox::AcceptRole);
  what.addButton(QMessageBox::Cancel);
  what.exec();
  QString path;
  if (what.clickedButton() == folder) path = QFileDialog::getExistingDirectory(this, what.text());
  if (what.clickedButton() == file) {
    path = QFileDialog::getOpenFileName(this, what.text(), {}, tr("Models (*.gguf *.safetensors)"));
  }
  if (!path.isEmpty()) open(path);
}

void MainWindow::locateModel() {
  const QString name = session_.missingSource();
  const bool file = name.endsWith(QStringLiteral(".gguf"));
  const QString title = tr("Where is %1?").arg(name);
  const QString path = file
                           ? QFileDialog::getOpenFileName(this, title, {}, QStringLiteral("*.gguf"))
                           : QFileDialog::getExistingDirectory(this, title);
  if (!path.isEmpty()) session_.locateSource(path.toStdString());
}

void MainWindow::chooseTarget() {
  const QString target = QFileDialog::getSaveFileName(
      this, tr("Where the run goes"), QString::fromStdString(session_.target().string()));
  if (!target.isEmpty()) session_.setTarget(target.toStdString());
}

void MainWindow::chooseExport() {
  const RunState& run = session_.run();
  if (run.phase != RunPhase::Finished) return;
  QMessageBox what(this);
  what.setWindowTitle(tr("Export"));
  what.setText(tr("The run is already a checkpoint that can be copied:\n%1")
                   .arg(QString::fromStdString(run.plan->options.target.string())));
  what.setInformativeText(tr("Another format can be written from it."));
  struct Choice {
    QPushButton* button;
    ExportFormat format;
  };
  const Choice choices[] = {
      {what.addButton(tr("AWQ"), QMessageBox::AcceptRole), ExportFormat::Awq},
      {what.addButton(tr("FP16, scales folded"), QMessageBox::AcceptRole), ExportFormat::Fp16},
      {what.addButton(tr("Salient run"), QMessageBox::AcceptRole), ExportFormat::Run},
  };
  what.addButton(QMessageBox::Close);
  what.exec();
  for (const Choice& choice : choices) {
    if (what.clickedButton() != choice.button) continue;
    const QString target = QFileDialog::getSaveFileName(this, tr("Export to"));
    if (!target.isEmpty()) session_.exportRun(choice.format, target.toStdString());
  }
}

void MainWindow::saveReport() {
  const QString path = QFileDialog::getSaveFileName(
      this, tr("Save the report"), QStringLiteral("report.html"), QStringLiteral("*.html"));
  if (path.isEmpty()) return;
  QSaveFile file(path);
  const QByteArray html = QByteArray::fromStdString(runReport(session_));
  const bool written =
      file.open(QIODevice::WriteOnly) && file.write(html) == html.size() && file.commit();
  if (!written) QMessageBox::warning(this, tr("Report"), tr("%1 could not be written.").arg(path));
}

void MainWindow::exportFocusedView() {
  auto* plot = dynamic_cast<PlotWidget*>(focusWidget());
  if (plot == nullptr) {
    session_.log().add(LogKind::Note, tr("Click a picture first; then it can be exported."));
    return;
  }
  const QString path =
      QFileDialog::getSaveFileName(this, tr("Export %1").arg(plot->accessibleName()),
                                   plot->accessibleName().toLower() + QStringLiteral(".png"),
                                   QStringLiteral("*.png *.svg *.csv"));
  if (path.isEmpty() || plot->exportTo(path)) return;
  QMessageBox::warning(this, plot->accessibleName(), tr("%1 could not be written.").arg(path));
}

void MainWindow::showShortcuts() {
  QDialog dialog(this);
  dialog.setWindowTitle(tr("Keyboard shortcuts"));
  auto* form = new QFormLayout(&dialog);
  for (const Command command : actions_.order()) {
    const QAction* action = actions_[command];
    if (action->shortcut().isEmpty()) continue;
    form->addRow(action->text().remove(QLatin1Char('&')),
                 new QLabel(action->shortcut().toString(QKeySequence::NativeText)));
  }
  const std::pair<QString, QString> plotKeys[] = {
      {tr("Go to a view"), QStringLiteral("Alt+1 … Alt+6")},
      {tr("In a view: cursor, by a group"), tr("arrows, Shift+arrows")},
      {tr("In a view: zoom and pan, fit, back"), QStringLiteral("W S A D, F, Backspace")},
      {tr("Weight error: flicker RTN and AWQ"), tr("hold Space")},
  };
  for (const auto& [what, keys] : plotKeys) form->addRow(what, new QLabel(keys));
  auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close);
  connect(buttons, &QDialogButtonBox::rejected, &dialog, &QDialog::reject);
  form->addRow(buttons);
  dialog.exec();
}

void MainWindow::showAbout() {
  QMessageBox::about(
      this, tr("About Salient"),
      tr("<b>Salient</b> quantizes language models with AWQ and shows what it does.<br><br>"
         "Engine and command line: Apache-2.0. This window links Qt Charts and is distributed "
         "under the GPL, version 3. It uses Qt, nlohmann/json, SentencePiece, PCRE2, utf8proc and "
         "CLI11; <tt>salient licenses</tt> prints their terms."));
}

}  // namespace salient::ui
