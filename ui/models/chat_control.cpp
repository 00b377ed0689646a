// SPDX-License-Identifier: Apache-2.0
#include "ui/models/chat_control.h"

#include <utility>

namespace salient::ui {

ChatControl::ChatControl(EngineCommands& engine, QObject* parent)
    : QObject(parent), engine_(engine) {
  options_.max_new_tokens = 80;
  options_.sampling.seed = 7;
}

void ChatControl::load(const std::filesystem::path& left, const std::filesystem::path& right,
                       const QString& sourceNote) {
  sourceNote_ = sourceNote;
  if (stage_ == ChatStage::Answering) stop();
  stage_ = ChatStage::Loading;
  error_.clear();
  loadJob_ = engine_.loadChat(left, right);
  emit changed();
}

void ChatControl::send(const QString& prompt) {
  if (prompt.trimmed().isEmpty() || stage_ == ChatStage::Answering) return;
  error_.clear();
  if (stage_ != ChatStage::Ready) {
    waiting_ = prompt;
    if (stage_ == ChatStage::Empty) emit modelsWanted();
    emit changed();
    return;
  }
  model_.begin(prompt, options_.mode);
  ask(prompt);
}

void ChatControl::regenerate() {
  if (stage_ != ChatStage::Ready || model_.turns().empty()) return;
  error_.clear();
  model_.beginAgain(options_.mode);
  ask(lastTurnIsKnown_ ? QString() : model_.last()->prompt);
}

void ChatControl::ask(const QString& prompt) {
  ChatRequest request;
  request.prompt = prompt.toStdString();
  request.systemPrompt = systemPrompt_.toStdString();
  request.options = options_;
  // A turn that fails is taken back there: known again when it is answered.
  if (!prompt.isEmpty()) lastTurnIsKnown_ = false;
  stage_ = ChatStage::Answering;
  answerJob_ = engine_.send(request);
  emit changed();
}

void ChatControl::stop() {
  if (stage_ == ChatStage::Answering) engine_.stopChat();
}

void ChatControl::clear() {
  if (stage_ == ChatStage::Answering) return;
  model_.clear();
  engine_.clearChat();
  emit changed();
}

void ChatControl::setOptions(const ChatOptions& options) {
  options_ = options;
  emit changed();
}

void ChatControl::setSystemPrompt(const QString& prompt) {
  systemPrompt_ = prompt;
}

void ChatControl::forget() {
  if (stage_ == ChatStage::Answering) engine_.stopChat();
  model_.clear();
  left_.reset();
  right_.reset();
  stage_ = ChatStage::Empty;
  loadJob_ = answerJob_ = kNoJob;
  error_.clear();
  waiting_.clear();
  emit changed();
}

void ChatControl::fail(const JobFailed& failed) {
  error_ = QString::fromStdString(failed.sentence);
  stage_ = left_ || right_ ? ChatStage::Ready : ChatStage::Empty;
  if (failed.job == answerJob_) {
    model_.fail(error_);
    return;
  }
  loadJob_ = kNoJob;
}

bool ChatControl::take(const Message& message) {
  if (const auto* loaded = std::get_if<ChatLoaded>(&message)) {
    if (loaded->job != loadJob_) return false;
    left_ = loaded->left;
    right_ = loaded->right;
    stage_ = left_ || right_ ? ChatStage::Ready : ChatStage::Empty;
    // New models start a new conversation; old answers stay readable above it.
    lastTurnIsKnown_ = false;
    if (!waiting_.isEmpty()) send(std::exchange(waiting_, {}));
    return true;
  }
  if (const auto* token = std::get_if<ChatTokenArrived>(&message)) {
    if (token->job != answerJob_) return false;
    model_.add(token->token);
    return true;
  }
  if (const auto* ended = std::get_if<ChatTurnEnded>(&message)) {
    if (ended->job != answerJob_) return false;
    model_.end(ended->turn);
    return true;
  }
  if (const auto* answered = std::get_if<ChatAnswered>(&message)) {
    if (answered->job != answerJob_) return false;
    model_.finish();
    lastTurnIsKnown_ = true;
    stage_ = ChatStage::Ready;
    return true;
  }
  const auto* failed = std::get_if<JobFailed>(&message);
  if (failed == nullptr || (failed->job != loadJob_ && failed->job != answerJob_)) return false;
  fail(*failed);
  return true;
}

}  // namespace salient::ui
