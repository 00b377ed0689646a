// SPDX-License-Identifier: Apache-2.0
#include "ui/panes/chat_texts.h"

#include <algorithm>

#include "engine/report/captions.h"
#include "ui/models/figures.h"

namespace salient::ui::chat_texts {
namespace {

QString tr(const char* words) {
  return QObject::tr(words);
}

/// A token as a word between others: visible when it is white space.
QString shown(const std::string& token) {
  const QString text = QString::fromStdString(token);
  const QString word = text.trimmed();
  if (!word.isEmpty()) return word;
  return text.contains(QLatin1Char('\n')) ? QStringLiteral("⏎") : QStringLiteral("␣");
}

/// Finished, or as far as it has come.
const ChatTurnDone* doneOf(const ChatTurn* turn, Side side) {
  return turn != nullptr && turn->of(side).done ? &*turn->of(side).done : nullptr;
}

/// The rate without its unit.
QString rateNumber(const ChatTurnDone& done) {
  const QString rate = figures::rate(done.throughput.tokens_per_second());
  return rate.left(rate.indexOf(QStringLiteral("tok"))).trimmed();
}

}  // namespace

std::vector<AnswerToken> answerTokens(const ChatTurn& turn, Side side) {
  const std::vector<ChatToken>& tokens = turn.of(side).tokens;
  const std::size_t compared = turn.comparedPlaces();
  double peak = 1e-9;
  for (const ChatToken& token : tokens) peak = std::max(peak, token.kl.value_or(0));
  std::vector<AnswerToken> answer;
  for (std::size_t place = 0; place < tokens.size(); ++place) {
    AnswerToken token;
    token.text = QString::fromStdString(tokens[place].text);
    token.doubt = tokens[place].kl.value_or(0) / peak;
    token.differs = place < compared && turn.differsAt(place);
    const bool lockStep = turn.mode == ChatMode::LockStep && side == Side::Right;
    if (lockStep && token.differs) token.otherPick = shown(tokens[place].own_pick_text);
    // In lock-step the left side is what both read: only its own text, unmarked.
    if (turn.mode == ChatMode::LockStep && side == Side::Left) token.differs = false;
    answer.push_back(std::move(token));
  }
  return answer;
}

std::vector<RibbonToken> ribbonTokens(const ChatTurn& turn) {
  const std::vector<ChatToken>& left = turn.of(Side::Left).tokens;
  const std::vector<ChatToken>& right = turn.of(Side::Right).tokens;
  std::vector<RibbonToken> ribbon;
  const std::size_t compared = turn.comparedPlaces();
  for (std::size_t place = 0; place < compared; ++place) {
    if (!right[place].kl) continue;
    RibbonToken token;
    token.kl = *right[place].kl;
    token.pick = turn.differsAt(place) ? TokenPick::Other : TokenPick::Same;
    token.text = shown(left[place].text);
    if (token.pick == TokenPick::Other) {
      token.otherText =
          shown(turn.mode == ChatMode::LockStep ? right[place].own_pick_text : right[place].text);
    }
    ribbon.push_back(std::move(token));
  }
  return ribbon;
}

QString ribbonReadout(const ChatTurn& turn, int token) {
  const std::vector<RibbonToken> ribbon = ribbonTokens(turn);
  if (token < 0 || token >= static_cast<int>(ribbon.size())) return {};
  const RibbonToken& bar = ribbon[static_cast<std::size_t>(token)];
  QString text =
      tr("token **%1**  KL **%2**  %3").arg(token + 1).arg(figures::significant(bar.kl), bar.text);
  if (!bar.otherText.isEmpty()) text += QStringLiteral(" → **%1**").arg(bar.otherText);
  return text;
}

double limitShare(const ChatTurn* turn, const ChatControl& chat, Side side) {
  const ChatTurnDone* done = doneOf(turn, side);
  const std::optional<ChatSideLoaded>& loaded = chat.of(side);
  if (done == nullptr || !loaded || loaded->limitBytesPerSecond <= 0) return 0;
  return done->throughput.bytes_per_second() / loaded->limitBytesPerSecond;
}

QStringList speed(const ChatTurn* turn, const ChatControl& chat, Side side, AnswerLook look) {
  const std::optional<ChatSideLoaded>& loaded = chat.of(side);
  const ChatTurnDone* done = doneOf(turn, side);
  QStringList parts;
  if (done != nullptr && done->throughput.tokens_per_second() > 0) {
    parts << QStringLiteral("**%1** tok/s").arg(rateNumber(*done));
    if (look == AnswerLook::Compact) {
      parts << tr("first %1").arg(figures::seconds(done->first_token_seconds));
    }
  }
  if (loaded) parts << figures::bytes(loaded->memoryBytes);
  const double share = limitShare(turn, chat, side);
  // The Chat layout has the limits in a column of their own.
  if (share > 0 && look == AnswerLook::Compact) {
    parts << tr("%1 of read limit").arg(figures::percent(share));
  }
  return parts;
}

QString faster(const ChatTurn* turn) {
  const ChatTurnDone* left = doneOf(turn, Side::Left);
  const ChatTurnDone* right = doneOf(turn, Side::Right);
  if (left == nullptr || right == nullptr) return {};
  const double slow = left->throughput.tokens_per_second();
  if (slow <= 0) return {};
  const double factor = right->throughput.tokens_per_second() / slow;
  return factor >= 1 ? tr("%1 faster").arg(figures::times(factor))
                     : tr("%1 slower").arg(figures::times(1 / factor));
}

QStringList turnFacts(const ChatTurn& turn) {
  QStringList facts;
  QStringList rates;
  for (const Side side : {Side::Left, Side::Right}) {
    const ChatTurnDone* done = doneOf(&turn, side);
    if (done == nullptr || done->throughput.tokens_per_second() <= 0) continue;
    rates << rateNumber(*done);
  }
  if (!rates.isEmpty()) facts << tr("%1 tok/s").arg(rates.join(tr(" and ")));
  const std::optional<std::size_t> first = turn.firstDivergence();
  if (first) {
    facts << tr("first divergence at token %1").arg(*first + 1);
  } else if (turn.complete && turn.comparedPlaces() > 0) {
    facts << tr("no divergence");
  }
  return facts;
}

QString conversation(const ChatControl& chat) {
  QStringList turns;
  for (const ChatTurn& turn : chat.model().turns()) {
    QStringList lines{tr("Prompt: %1").arg(turn.prompt)};
    for (const Side side : {Side::Left, Side::Right}) {
      const QString name = side == Side::Left ? tr("FP16") : tr("AWQ");
      const QString& text = turn.of(side).text;
      if (!text.isEmpty()) lines << QStringLiteral("%1:\n%2").arg(name, text.trimmed());
    }
    turns << lines.join(QStringLiteral("\n\n")) + QLatin1Char('\n');
  }
  return turns.join(QStringLiteral("\n"));
}

QString divergence(const ChatTurn& turn) {
  if (turn.comparedPlaces() == 0) return {};
  return tr("mean **%1**, %2 of %3 picks differ")
      .arg(figures::significant(turn.meanKl()))
      .arg(turn.differingPicks())
      .arg(turn.comparedPlaces());
}

QString placeholder(const ChatControl& chat, Side side, const QString& waiting) {
  if (!chat.error().isEmpty()) return chat.error();
  if (chat.stage() == ChatStage::Loading) {
    return chat.waitingPrompt().isEmpty() ? tr("Loading the model.")
                                          : tr("Loading the model; it answers as soon as it can.");
  }
  if (!chat.of(side)) {
    if (side == Side::Right) return waiting;
    return chat.sourceNote().isEmpty() ? tr("FP16 is loaded with the first prompt.")
                                       : chat.sourceNote();
  }
  return {};
}

QString sampling(const SamplingOptions& options) {
  if (options.temperature <= 0) return tr("greedy");
  return tr("T %1, seed %2").arg(options.temperature).arg(options.seed);
}

}  // namespace salient::ui::chat_texts
