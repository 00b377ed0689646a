// SPDX-License-Identifier: Apache-2.0
// The compare chat over several turns: everything said is drawn, the newest is in sight, an update
// costs what changed, and earlier turns are reached by keyboard and screen reader.
#include <QApplication>
#include <QPushButton>
#include <QScrollBar>
#include <QTest>
#include <algorithm>
#include <cstdio>
#include <ctime>
#include <memory>

#include "recorded_engine.h"
#include "ui/models/chat_control.h"
#include "ui/panes/chat_texts.h"
#include "ui/panes/conversation_view.h"
#include "ui/panes/turn_row.h"
#include "ui/style/theme.h"

using namespace salient;
using namespace salient::ui;

namespace {

/// A conversation with the recorded models, without the window around it.
struct Talk {
  std::shared_ptr<Inbox> inbox = std::make_shared<Inbox>();
  tests::RecordedEngine engine{inbox};
  ChatControl chat{engine};
  ConversationView view;

  explicit Talk(AnswerLook look = AnswerLook::Spacious) : view(look) {
    view.resize(940, 320);
    view.QWidget::show();
    [[maybe_unused]] const bool shown = QTest::qWaitForWindowExposed(&view);
    chat.load("left", "right");
    settle();
  }

  void settle() {
    for (const Message& message : inbox->drain()) chat.take(message);
    view.show(chat, QStringLiteral("Quantize first."));
    QCoreApplication::processEvents();
  }
  void ask(const char* prompt) {
    chat.send(QString::fromUtf8(prompt));
    settle();
  }
  void setMode(ChatMode mode) {
    ChatOptions options = chat.options();
    options.mode = mode;
    chat.setOptions(options);
  }
  QScrollBar& bar() {
    for (QScrollBar* bar : view.findChildren<QScrollBar*>()) {
      if (bar->orientation() == Qt::Vertical) return *bar;
    }
    qFatal("a conversation scrolls");
  }
  bool sees(const QWidget& widget) {
    const QRect place(widget.mapTo(&view, QPoint()), widget.size());
    return view.rect().intersects(place);
  }
};

double threadMilliseconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) * 1e-6;
}

std::vector<AnswerToken> longText(int tokens) {
  std::vector<AnswerToken> text;
  for (int i = 0; i < tokens; ++i) {
    AnswerToken token;
    token.text =
        i % 97 == 96 ? QStringLiteral("\n\n") : QStringLiteral(" word%1").arg(i * i % 7919);
    if (i % 1000 > 700) token.text = QString(1 + i % 11, QChar(u'a' + i % 26));
    token.differs = i == 40 || i % 53 == 52;
    text.push_back(token);
  }
  return text;
}

}  // namespace

class ConversationTest : public QObject {
  Q_OBJECT

 private slots:
  void initTestCase() { applyTheme(*qApp, {Theme::Light, 1.0}); }

  void everyTurnIsDrawnInBothColumns() {
    Talk talk;
    for (const char* prompt : {"One", "Two", "Three"}) talk.ask(prompt);
    QCOMPARE(talk.view.turnCount(), 3);
    int bottom = 0;
    for (int turn = 0; turn < 3; ++turn) {
      TurnRow& row = talk.view.row(turn);
      QVERIFY(row.view(Side::Left).text().contains(QStringLiteral("octopus")));
      QVERIFY(row.view(Side::Right).text().contains(QStringLiteral("marine")));
      QCOMPARE(row.view(Side::Left).y(), row.view(Side::Right).y());
      QVERIFY(row.y() >= bottom);
      bottom = row.geometry().bottom();
      QVERIFY(row.factsText().contains(QStringLiteral("Turn %1").arg(turn + 1)));
      QVERIFY(row.factsText().contains(QStringLiteral("first divergence at token 17")));
    }
  }

  void aNarrowTurnKeepsItsNumberAndDropsItsSpeedsFirst() {
    Talk talk;
    talk.ask("One");
    talk.ask("Two");
    QVERIFY(talk.view.row(1).factsText().contains(QStringLiteral("tok/s")));
    talk.view.resize(520, 320);
    QCOMPARE(talk.view.row(1).factsText(), QStringLiteral("Turn 2   first divergence at token 17"));
    talk.view.resize(300, 320);
    QCOMPARE(talk.view.row(1).factsText(), QStringLiteral("Turn 2"));
  }

  void anAnswerStreamedEqualsOneLaidOutAtOnce() {
    const std::vector<AnswerToken> text = longText(2000);
    for (const AnswerLook look : {AnswerLook::Compact, AnswerLook::Spacious}) {
      AnswerView streamed(ModelTone::Awq, look);
      AnswerView whole(ModelTone::Awq, look);
      streamed.resize(430, 100);
      whole.resize(430, 100);
      for (std::size_t end = 1; end <= text.size(); end += 1 + end % 5) {
        streamed.setTokens({text.begin(), text.begin() + static_cast<std::ptrdiff_t>(end)});
        streamed.heightForWidth(430);
      }
      streamed.setTokens(text);
      whole.setTokens(text);
      QCOMPARE(streamed.text(), whole.text());
      QCOMPARE(streamed.heightForWidth(430), whole.heightForWidth(430));
      for (int token = 0; token < static_cast<int>(text.size()); ++token) {
        QCOMPARE(streamed.tokenRect(token), whole.tokenRect(token));
      }
      QVERIFY(streamed.linesLaidOut() < 40 * whole.linesLaidOut());
    }
  }

  void emptyLinesStandBetweenParagraphs() {
    AnswerView view(ModelTone::Fp16, AnswerLook::Compact);
    const auto heightOf = [&view](const char* text) {
      view.setTokens({AnswerToken{QString::fromUtf8(text), false, {}, 0}});
      return view.heightForWidth(800);
    };
    const int one = heightOf("one");
    const int line = heightOf("one\ntwo") - one;
    QVERIFY(line > 0);
    QCOMPARE(heightOf("one\n\n\ntwo"), one + 3 * line);
    QCOMPARE(heightOf("\n\none"), one);
    QCOMPARE(heightOf("one\n\n"), one);
  }

  void itFollowsTheStreamUnlessAPersonScrolledUp() {
    Talk talk;
    talk.ask("One");
    talk.engine.holdChat = true;
    talk.ask("Two");
    talk.engine.stream(120);
    talk.settle();
    QVERIFY(talk.bar().maximum() > 0);
    QCOMPARE(talk.bar().value(), talk.bar().maximum());
    auto* newest = talk.view.findChild<QPushButton*>();
    QVERIFY(!newest->isVisible());

    talk.bar().setValue(10);
    QVERIFY(!talk.view.isFollowing());
    QVERIFY(newest->isVisible());
    talk.engine.stream(60);
    talk.settle();
    QCOMPARE(talk.bar().value(), 10);
    newest->click();
    QCOMPARE(talk.bar().value(), talk.bar().maximum());
    QVERIFY(!newest->isVisible());

    talk.bar().setValue(0);
    talk.engine.finishAnswer();
    talk.settle();
    QCOMPARE(talk.bar().value(), 0);
    talk.ask("Three");
    QCOMPARE(talk.bar().value(), talk.bar().maximum());
  }

  void anUpdateLaysOutOnlyWhatChanged() {
    Talk talk;
    for (int turn = 0; turn < 30; ++turn) talk.ask("And then?");
    talk.engine.holdChat = true;
    talk.ask("Tell me everything.");
    talk.engine.stream(2500);
    talk.settle();
    std::vector<int> before;
    for (int turn = 0; turn < 31; ++turn) {
      before.push_back(talk.view.row(turn).view(Side::Left).linesLaidOut());
    }
    std::vector<double> times;
    for (int i = 0; i < 40; ++i) {
      talk.engine.stream(2);
      const double begin = threadMilliseconds();
      talk.settle();
      times.push_back(threadMilliseconds() - begin);
    }
    for (std::size_t turn = 0; turn < 30; ++turn) {
      const int after = talk.view.row(static_cast<int>(turn)).view(Side::Left).linesLaidOut();
      QCOMPARE(after, before[turn]);
    }
    // Of some 300 lines; a block is at most a dozen.
    const int last = talk.view.row(30).view(Side::Left).linesLaidOut() - before.back();
    QVERIFY2(last < 40 * 40, qPrintable(QString::number(last)));
    std::sort(times.begin(), times.end());
    std::printf("update of 31 turns, 2 500 tokens in the last: median %.2f ms, 95 %% %.2f ms\n",
                times[20], times[38]);
  }

  void regeneratingReplacesTheLastTurn() {
    Talk talk;
    talk.ask("One");
    talk.ask("Two");
    talk.engine.answerTokens = 5;
    talk.chat.regenerate();
    talk.settle();
    QCOMPARE(talk.view.turnCount(), 2);
    QVERIFY(talk.engine.lastPrompt.empty());
    QCOMPARE(talk.view.row(1).view(Side::Left).text(),
             QStringLiteral("One of the most fascinating"));
    QVERIFY(talk.view.row(0).view(Side::Left).text().size() > 100);
  }

  void arrowsLeadToEarlierTurnsAndTabReachesOne() {
    Talk talk;
    for (const char* prompt : {"One", "Two", "Three"}) talk.ask(prompt);
    AnswerView& last = talk.view.row(2).view(Side::Right);
    last.setFocus();
    QTest::keyClick(&last, Qt::Key_Up);
    AnswerView& middle = talk.view.row(1).view(Side::Right);
    QVERIFY(middle.hasFocus());
    QCOMPARE(talk.view.currentIndex(), 1);
    QTest::keyClick(&middle, Qt::Key_Home, Qt::ControlModifier);
    QVERIFY(talk.view.row(0).view(Side::Right).hasFocus());
    QVERIFY(talk.sees(talk.view.row(0)));
    int stops = 0;
    for (int turn = 0; turn < 3; ++turn) {
      for (const Side side : {Side::Left, Side::Right}) {
        const AnswerView& view = talk.view.row(turn).view(side);
        stops += view.focusPolicy() & Qt::TabFocus ? 1 : 0;
      }
    }
    QCOMPARE(stops, 2);
    QTest::keyClick(&talk.view.row(0).view(Side::Right), Qt::Key_End, Qt::ControlModifier);
    QCOMPARE(talk.view.currentIndex(), 2);
  }

  void theTurnLookedAtIsTheNewestUnlessAnotherIsChosen() {
    Talk talk;
    talk.ask("One");
    talk.ask("Two");
    QCOMPARE(talk.view.currentIndex(), 1);
    QList<int> pointed;
    connect(&talk.view, &ConversationView::tokenSelected, this,
            [&pointed](int token) { pointed << token; });
    AnswerView& first = talk.view.row(0).view(Side::Left);
    QTest::mouseClick(&first, Qt::LeftButton, {}, first.tokenRect(3).center().toPoint());
    QCOMPARE(talk.view.currentIndex(), 0);
    QCOMPARE(pointed, QList<int>{3});
    QCOMPARE(talk.view.currentTurn(talk.chat)->prompt, QStringLiteral("One"));
    talk.view.setCurrentToken(3);
    QCOMPARE(talk.view.row(0).view(Side::Right).currentToken(), 3);
    talk.ask("Three");
    QCOMPARE(talk.view.currentIndex(), 2);
    QCOMPARE(talk.view.row(0).view(Side::Right).currentToken(), -1);
  }

  void aScreenReaderHearsTurnAndWords() {
    Talk talk;
    talk.ask("One");
    QCOMPARE(talk.view.row(0).view(Side::Left).accessibleName(), QStringLiteral("Answer of FP16"));
    talk.ask("Two");
    QCOMPARE(talk.view.row(0).view(Side::Left).accessibleName(),
             QStringLiteral("Answer of FP16, turn 1 of 2"));
    QCOMPARE(talk.view.row(0).accessibleName(), QStringLiteral("Prompt, turn 1 of 2: One"));
    QVERIFY(talk.view.row(0)
                .view(Side::Right)
                .accessibleDescription()
                .startsWith(QStringLiteral("One of the most")));
  }

  void linesOfBothSidesStandBesideEachOtherInLockStep() {
    Talk talk;
    talk.setMode(ChatMode::LockStep);
    talk.ask("Hello");
    TurnRow& row = talk.view.row(0);
    for (int token = 0; token < 60; token += 5) {
      QCOMPARE(row.view(Side::Left).tokenRect(token).top(),
               row.view(Side::Right).tokenRect(token).top());
    }
  }

  void aFailedTurnKeepsItsPartAndSaysWhy() {
    Talk talk;
    talk.ask("One");
    talk.engine.failChat = true;
    talk.ask("Two");
    QCOMPARE(talk.chat.model().last()->error, QStringLiteral("The conversation is full."));
    QCOMPARE(talk.view.row(1).view(Side::Left).text(), QStringLiteral("One"));
    QCOMPARE(talk.view.row(1).noteText(), QStringLiteral("The conversation is full."));
    QVERIFY(!talk.view.row(0).view(Side::Left).text().isEmpty());
    // The engine took the turn back: asked again, its prompt goes with it.
    talk.engine.failChat = false;
    talk.chat.regenerate();
    QCOMPARE(talk.engine.lastPrompt, std::string("Two"));
    talk.settle();
    QVERIFY(talk.chat.model().last()->error.isEmpty());
    QCOMPARE(talk.view.turnCount(), 2);
  }

  void anEmptyConversationSaysWhatItWaitsFor() {
    Talk talk;
    talk.ask("One");
    talk.ask("Two");
    talk.chat.clear();
    talk.settle();
    QCOMPARE(talk.view.turnCount(), 0);
    QCOMPARE(talk.view.currentIndex(), -1);
    QVERIFY(talk.view.currentTurn(talk.chat) == nullptr);
    QVERIFY(talk.view.row(0).view(Side::Left).text().isEmpty());
    talk.chat.forget();
    talk.settle();
    QCOMPARE(talk.view.row(0).view(Side::Right).accessibleDescription(),
             QStringLiteral("Quantize first."));
    QVERIFY(!talk.view.grab().isNull());
  }

  void copyHoldsTheWholeConversation() {
    Talk talk;
    talk.ask("One");
    talk.ask("Two");
    const QString text = chat_texts::conversation(talk.chat);
    QVERIFY(text.startsWith(QStringLiteral("Prompt: One\n\nFP16:\nOne of the most")));
    QVERIFY(text.contains(QStringLiteral("\nPrompt: Two\n\nFP16:\n")));
    QCOMPARE(text.count(QStringLiteral("AWQ:\n")), 2);
  }
};

QTEST_MAIN(ConversationTest)
#include "conversation_test.moc"
