// SPDX-License-Identifier: Apache-2.0
// What a model says is text, never markup: nothing is laid out by it and nothing is loaded for it.
#include <QLabel>
#include <QPixmap>
#include <QTest>
#include <QTextBrowser>

#include "ui/panes/answer_head.h"
#include "ui/plots/answer_view.h"

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
