// SPDX-License-Identifier: Apache-2.0
// Every picture of the window leaves it: as a table, copied, and as PNG, SVG and CSV.
#include <QClipboard>
#include <QMenu>
#include <QTest>
#include <QToolButton>
#include <QXmlStreamReader>

#include "ui/panes/csv_dialog.h"
#include "ui/plots/plot_widget.h"
#include "ui/style/theme.h"
#include "window_stage.h"

using namespace salient;
using namespace salient::ui;
using salient::tests::Stage;

namespace {

/// What every copy entry of every view puts on the clipboard.
QStringList copiedTexts(const QWidget& window) {
  QStringList texts;
  for (const QMenu* menu : window.findChildren<QMenu*>()) {
    for (QAction* action : menu->actions()) {
      if (action->text() != QStringLiteral("Copy picture and numbers")) continue;
      action->trigger();
      texts << QGuiApplication::clipboard()->text();
    }
  }
  return texts;
}

bool isWellFormed(const QByteArray& svg) {
  QXmlStreamReader reader(svg);
  while (!reader.atEnd()) reader.readNext();
  return !reader.hasError();
}

}  // namespace

class WindowExportTest : public QObject {
  Q_OBJECT

 private slots:
  void initTestCase() { applyTheme(*qApp, {Theme::Light, 1.0}); }

  void everyPlotOfTheWindowCanBeCopiedAndSaved() {
    Stage stage;
    stage.runAll();
    stage.session->selection().select({28, LinearRole::Down});
    stage.session->chat().send(QStringLiteral("Tell me about octopuses."));
    stage.settle();
    stage.trigger(Command::LayoutChat);
    stage.trigger(Command::LayoutQuantize);
    stage.trigger(Command::LayoutChat);
    const QStringList copied = copiedTexts(*stage.window);
    QStringList kinds;
    for (PlotWidget* plot : stage.window->findChildren<PlotWidget*>()) {
      kinds << QString::fromLatin1(plot->metaObject()->className()).section(u':', -1);
      const QString name = kinds.back() + u' ' + plot->accessibleName();
      QVERIFY2(copied.contains(plot->csv()), qPrintable(name));
      const QList<QStringList> table = csvRows(plot->csv());
      QVERIFY2(table.size() > 1, qPrintable(name));
      for (const QStringList& row : table) QCOMPARE(row.size(), table.front().size());
      const QString stem = stage.folder.filePath(QStringLiteral("picture."));
      for (const char* suffix : {"png", "svg", "csv"}) {
        QVERIFY2(plot->exportTo(stem + QLatin1String(suffix)), qPrintable(name));
      }
      QFile svg(stem + QStringLiteral("svg"));
      QVERIFY(svg.open(QIODevice::ReadOnly));
      QVERIFY2(isWellFormed(svg.readAll()), qPrintable(name));
    }
    for (const char* kind : {"SpeedPlot", "DistancePlot", "TopTokensView", "FixedScaleTable",
                             "RibbonPlot", "HistogramPlot", "MapWidget"}) {
      QVERIFY2(kinds.contains(QLatin1String(kind)), kind);
    }
  }

  void theTableOfAPlotKeepsCommasAndQuotesInTheirFields() {
    QCOMPARE(csvRows(QStringLiteral("a,b\n\",\",1\n\"say \"\"no\"\"\",2\n")),
             (QList<QStringList>{{"a", "b"}, {",", "1"}, {"say \"no\"", "2"}}));
    QVERIFY(csvRows({}).isEmpty());
  }

  void theSpeedBarsTellTheLastTurn() {
    Stage stage;
    stage.runAll();
    stage.trigger(Command::LayoutChat);
    stage.session->chat().send(QStringLiteral("Hello"));
    stage.settle();
    for (const PlotWidget* plot : stage.window->findChildren<PlotWidget*>()) {
      if (plot->accessibleName() != QStringLiteral("Speed")) continue;
      QVERIFY(plot->csv().contains(QStringLiteral("\nFP16,52.1,74.3")));
      QVERIFY(plot->csv().contains(QStringLiteral("\nAWQ,121,175.4")));
      return;
    }
    QFAIL("the Chat layout has no speed bars");
  }
};

QTEST_MAIN(WindowExportTest)
#include "window_export_test.moc"
