// SPDX-License-Identifier: Apache-2.0
#include "ui/bridge/chat_desk.h"

#include <algorithm>
#include <utility>

namespace salient::ui {
namespace {

/// Long enough for several turns, short enough that two caches stay small beside the weights.
constexpr std::int64_t kConversationTokens = 4096;

std::int64_t capacityFor(const LoadedModel& model) {
  const std::int64_t positions = model.decoder.shape.config.max_positions;
  return positions > 0 ? std::min(positions, kConversationTokens) : kConversationTokens;
}

class Answering {
 public:
  explicit Answering(bool& flag) : flag_(flag) { flag_ = true; }
  ~Answering() { flag_ = false; }
  Answering(const Answering&) = delete;
  Answering& operator=(const Answering&) = delete;

 private:
  bool& flag_;
};

}  // namespace

void ChatDesk::seat(Seat& seat, const std::filesystem::path& path) {
  std::error_code ignored;
  const auto written = std::filesystem::last_write_time(path, ignored);
  if (seat.model && seat.path == path && seat.written == written) return;
  seat = {};
  if (path.empty()) return;
  seat.model = load_model(backend_, path, {});
  seat.path = path;
  seat.written = written;
  seat.limitBytesPerSecond = backend_.measure_read_bandwidth(seat.model->decoder.bytes_per_token());
}

std::optional<ChatSideLoaded> ChatDesk::describe(const Seat& seat) {
  if (!seat.model) return std::nullopt;
  return ChatSideLoaded{seat.model->name, seat.model->precision, seat.model->decoder.memory_bytes(),
                        seat.limitBytesPerSecond};
}

ChatLoaded ChatDesk::load(JobId job, const std::filesystem::path& left,
                          const std::filesystem::path& right) {
  if (answering_) throw Error(ErrorKind::Failure, "Stop the answer before changing the models.");
  session_.reset();
  seat(left_, left);
  seat(right_, right);
  ChatLoaded loaded{job, describe(left_), describe(right_), {}};
  const std::shared_ptr<const LoadedModel> first = left_.model ? left_.model : right_.model;
  if (!first) return loaded;
  const std::shared_ptr<const LoadedModel> second = left_.model ? right_.model : nullptr;
  session_ = std::make_unique<ChatSession>(backend_, first, second, capacityFor(*first));
  return loaded;
}

void ChatDesk::answer(JobId job, const ChatRequest& request, const std::stop_token& stop,
                      const std::function<void(Message)>& post,
                      const std::function<void()>& between) {
  if (!session_) throw Error(ErrorKind::Failure, "No model is loaded for the chat.");
  if (answering_) throw Error(ErrorKind::Failure, "The models are still answering.");
  const Answering answering(answering_);
  // With the source left out, the quantized model alone sits left in the session.
  const bool alone = !left_.model;
  const auto sideOf = [alone](Side side) { return alone ? Side::Right : side; };
  ChatSink sink;
  sink.on_token = [&](const ChatToken& token) {
    ChatTokenArrived arrived{job, token};
    arrived.token.side = sideOf(token.side);
    post(std::move(arrived));
    between();
  };
  sink.on_done = [&](const ChatTurnDone& turn) {
    ChatTurnEnded ended{job, turn};
    ended.turn.side = sideOf(turn.side);
    post(ended);
  };
  session_->set_system_prompt(request.systemPrompt);
  if (request.prompt.empty()) {
    session_->regenerate(request.options, stop, sink);
  } else {
    session_->send(request.prompt, request.options, stop, sink);
  }
  post(ChatAnswered{job});
}

void ChatDesk::clear() {
  if (session_ && !answering_) session_->clear();
}

}  // namespace salient::ui
