// SPDX-License-Identifier: Apache-2.0
// The small plots of the Chat layout: speed, distance, likeliest tokens. What all plots share is
// in plot_test.cpp.
#include <QApplication>
#include <QTest>

#include "sample_data.h"
#include "ui/plots/distance_plot.h"
#include "ui/plots/speed_plot.h"
#include "ui/plots/top_tokens_view.h"
#include "ui/style/theme.h"

using namespace salient::ui;

class ChatPlotTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void initTestCase() { applyTheme(*qApp, {}); }

  void bars_and_strips_say_what_they_show() {
    SpeedPlot speed;
    speed.setBars(sample::speedBars());
    QTest::keyClick(&speed, Qt::Key_Home);
    QTest::keyClick(&speed, Qt::Key_Down);
    QCOMPARE(speed.readoutText(),
             QStringLiteral("AWQ **121 tok/s**, first token 15 ms, 69 % of read limit"));
    QCOMPARE(speed.csv().split(u'\n').at(2), QStringLiteral("AWQ,121,175.4,0.015"));
    DistancePlot distance;
    distance.setStrips(sample::distanceStrips());
    QTest::keyClick(&distance, Qt::Key_Home);
    QTest::keyClick(&distance, Qt::Key_Up);
    QTest::keyClick(&distance, Qt::Key_Right);
    QCOMPARE(distance.readoutText(),
             QStringLiteral("KL divergence of RTN **0.342**, lower is better"));
    QTest::keyClick(&distance, Qt::Key_Down);
    QCOMPARE(distance.cursorValue(), 41.4);
    QCOMPARE(distance.csv().count(u'\n'), 1 + 2 + 3);
    distance.setStrips({{QStringLiteral("Perplexity"), {}, {}}});
    QVERIFY(distance.cellCount().isEmpty());
    QVERIFY(!distance.grab().isNull());
  }

  void the_likeliest_tokens_are_walked_and_exported() {
    TopTokensView top;
    top.resize(800, 168);
    QVERIFY(top.summaryText().startsWith(QStringLiteral("Point at a token")));
    QVERIFY(top.cellCount().isEmpty());
    top.setPlace(QStringLiteral("They are a"), QStringLiteral("0.231"),
                 {{QStringLiteral(","), 0.177}, {QStringLiteral("marine"), 0.135}},
                 {{QStringLiteral("marine"), 0.205}});
    QTest::keyClick(&top, Qt::Key_Home);
    QTest::keyClick(&top, Qt::Key_Down);
    QCOMPARE(top.readoutText(), QStringLiteral("FP16 gives “marine” **13.5 %**"));
    QTest::keyClick(&top, Qt::Key_Right);
    QVERIFY(top.readoutText().isEmpty());  // the other list is shorter
    QTest::keyClick(&top, Qt::Key_Up);
    QCOMPARE(top.cursorValue(), 0.205);
    QCOMPARE(top.csv(), QStringLiteral("model,rank,token,probability\nFP16,1,\",\",0.177\n"
                                       "FP16,2,marine,0.135\nAWQ,1,marine,0.205\n"));
  }
};

QTEST_MAIN(ChatPlotTest)
#include "chat_plot_test.moc"
