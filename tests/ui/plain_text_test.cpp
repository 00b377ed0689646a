// SPDX-License-Identifier: Apache-2.0
// What a model says is text, never markup: nothing is laid out by it and nothing is loaded for it.
#include "ui/style/plain_text.h"

#include <QLabel>
#include <QPixmap>
#include <QTest>
#include <QTextBrowser>
#include <QTextDocument>

#include "ui/models/cached_models_model.h"
#include "ui/panes/answer_head.h"
#include "ui/panes/recent_row.h"
#include "ui/plots/answer_view.h"
#include "ui/style/elided_label.h"

using namespace salient::ui;

namespace {

const QString kMarkup = QStringLiteral("<img src=\"file:///dev/zero\"><h1>big</h1>&amp;");

}  // namespace

class PlainTextTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void answersShowMarkupAsItIsWritten() {
    AnswerView view(ModelTone::Fp16, AnswerLook::Spacious);
    view.resize(300, 200);
    view.setTokens({AnswerToken{kMarkup, true, kMarkup, 0}});
    QCOMPARE(view.text(), kMarkup);
    AnswerView letters(ModelTone::Fp16, AnswerLook::Spacious);
    letters.setTokens({AnswerToken{QString(kMarkup.size(), QLatin1Char('x')), true, kMarkup, 0}});
    // A heading or a picture would be taller than a line of letters.
    QCOMPARE(view.heightForWidth(2000), letters.heightForWidth(2000));
    QVERIFY(!view.grab().isNull());
  }

  void aTableOfAMillionCellsIsOneLongLine() {
    AnswerView view(ModelTone::Awq, AnswerLook::Spacious);
    view.resize(300, 200);
    const QString cells = QStringLiteral("<td>x</td>").repeated(2000);
    view.setTokens({AnswerToken{QStringLiteral("<table><tr>") + cells, false, {}, 0}});
    QVERIFY(view.text().startsWith(QStringLiteral("<table>")));
    QVERIFY(!view.grab().isNull());
  }

  void aPathWithATagInItIsNoPictureInAToolTip() {
    const QString path = QStringLiteral("/models/<img src=x>/a & b");
    const QString tip = plainToolTip(path);
    QTextDocument shown;
    shown.setHtml(tip);
    QCOMPARE(shown.toPlainText(), path);
    QVERIFY(!tip.contains(QStringLiteral("<img")));
    QCOMPARE(plainToolTip(QStringLiteral("/models/a & b")), QStringLiteral("/models/a & b"));
  }

  void rowsOfModelsAndRunsTellTheirPathAsText() {
    RecentEntry entry;
    entry.name = entry.source = QStringLiteral("/m/<h1>big</h1>");
    const RecentRow row(entry);
    QVERIFY(!row.toolTip().contains(QStringLiteral("<h1>")));
    CachedModelsModel cache;
    salient::ui::CachedModelFound found;
    found.path = "/m/<h1>big</h1>";
    cache.add(found);
    const QModelIndex first = cache.index(0, 0);
    QVERIFY(!first.data(Qt::ToolTipRole).toString().contains(QStringLiteral("<h1>")));
    QCOMPARE(first.data(CachedModelsModel::PathRole).toString(), QStringLiteral("/m/<h1>big</h1>"));
    ElidedLabel name{QFont()};
    name.resize(90, 20);
    name.setWords(QStringLiteral("<b>a long name of a model</b> that does not fit"));
    QVERIFY(!name.toolTip().isEmpty());
    QVERIFY(!name.toolTip().contains(QStringLiteral("<b>")));
  }

  void noLabelOfAnAnswerGuessesItsFormat() {
    const AnswerHead head(salient::Side::Left, AnswerLook::Spacious);
    for (const QLabel* label : head.findChildren<QLabel*>()) {
      QCOMPARE(label->textFormat(), Qt::PlainText);
    }
    QVERIFY(head.findChildren<QTextBrowser*>().isEmpty());
  }
};

QTEST_MAIN(PlainTextTest)
#include "plain_text_test.moc"
