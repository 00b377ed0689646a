// SPDX-License-Identifier: Apache-2.0
#pragma once

// From a turn of the conversation to what its views show. Pure functions, shared by the chat dock
// and the Chat layout.

#include <QString>
#include <vector>

#include "ui/models/chat_control.h"
#include "ui/plots/answer_view.h"
#include "ui/plots/ribbon_plot.h"

namespace salient::ui::chat_texts {

std::vector<AnswerToken> answerTokens(const ChatTurn& turn, Side side);
std::vector<RibbonToken> ribbonTokens(const ChatTurn& turn);
QString ribbonReadout(const ChatTurn& turn, int token);

/// "**52.1** tok/s", "269 MB", "first 24 ms", "70 % of read limit", as far as it is known.
QStringList speed(const ChatTurn* turn, const ChatControl& chat, Side side, AnswerLook look);
/// "2.3× faster", empty until both have answered.
QString faster(const ChatTurn* turn);
/// Share of the bandwidth limit, 0 to 1; 0 when unknown.
double limitShare(const ChatTurn* turn, const ChatControl& chat, Side side);
/// "mean **0.153**, **11** of 78 picks differ"
QString divergence(const ChatTurn& turn);
/// "52.1 and 121 tok/s", "first divergence at token 17": one turn among several.
QStringList turnFacts(const ChatTurn& turn);
/// Prompt and answers of the whole conversation, for the clipboard.
QString conversation(const ChatControl& chat);
/// What an empty side says.
QString placeholder(const ChatControl& chat, Side side, const QString& waiting);
QString sampling(const SamplingOptions& options);

}  // namespace salient::ui::chat_texts
