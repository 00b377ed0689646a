// SPDX-License-Identifier: Apache-2.0
#include "engine/runtime/chat_session.h"

#include <algorithm>
#include <utility>

#include "engine/error.h"
#include "engine/runtime/chat_prompt.h"
#include "engine/runtime/distribution.h"

namespace salient {
namespace {

constexpr std::size_t kTopTokens = 5;
/// Tokens left to the device at a time: what takes this long, so that a stop is answered at once.
constexpr double kBurstSeconds = 0.05;
constexpr std::int64_t kMostBurst = 16;

/// One side of a turn while it is being answered.
struct Speaker {
  Side side;
  Generator* generator;
  Sampler sampler;
  StreamDecoder decoder;
  std::string answer;
  double first_token_seconds = 0;
  bool finished = false;
  bool stopped_by_user = false;
  bool reached_limit = false;

  Speaker(Side which, Generator& of, const SamplingOptions& sampling)
      : side(which), generator(&of), sampler(sampling), decoder(*of.model().tokenizer) {}

  const LoadedModel& model() const { return generator->model(); }
  bool stops_at(std::int32_t id) const {
    const auto& ids = model().stop_ids;
    return std::find(ids.begin(), ids.end(), id) != ids.end();
  }
  std::int32_t pick() { return sampler.pick(generator->logits(), generator->ids()); }
};

std::string shown(const Tokenizer& tokenizer, std::int32_t id) {
  return tokenizer.token_bytes(id);
}

std::vector<TokenChance> chances(const Speaker& speaker) {
  std::vector<TokenChance> top;
  for (const TokenProbability& token : top_tokens(speaker.generator->logits(), kTopTokens)) {
    top.push_back({token.id, shown(*speaker.model().tokenizer, token.id), token.probability});
  }
  return top;
}

/// A place whose logits never came to the host.
void speak_text(Speaker& speaker, std::int64_t index, std::int32_t id, const ChatSink& sink) {
  ChatToken token{.side = speaker.side,
                  .index = index,
                  .id = id,
                  .text = speaker.decoder.push(id),
                  .own_pick = id,
                  .own_pick_text = shown(*speaker.model().tokenizer, id),
                  .top = {},
                  .kl = std::nullopt};
  speaker.answer += token.text;
  if (sink.on_token) sink.on_token(token);
}

/// Reports one place: `pick` is this side's own choice, `id` what is appended.
void speak(Speaker& speaker, std::int64_t index, std::int32_t pick, std::int32_t id,
           std::optional<double> kl, const ChatSink& sink) {
  ChatToken token{.side = speaker.side,
                  .index = index,
                  .id = id,
                  .text = speaker.decoder.push(id),
                  .own_pick = pick,
                  .own_pick_text = shown(*speaker.model().tokenizer, pick),
                  .top = chances(speaker),
                  .kl = kl};
  speaker.answer += token.text;
  if (sink.on_token) sink.on_token(token);
}

bool has_room(const Speaker& speaker) {
  return static_cast<std::int64_t>(speaker.generator->ids().size()) < speaker.generator->capacity();
}

std::int64_t tokens_in(double seconds, const Throughput& speed) {
  const double count = speed.tokens_per_second() * seconds;
  return std::clamp<std::int64_t>(static_cast<std::int64_t>(count), 1, kMostBurst);
}

/// One speaker's turn, several tokens at a time.
void run_bursts(Speaker& speaker, const ChatOptions& options, const ChatSink& sink,
                const std::stop_token& stop) {
  Generator& generator = *speaker.generator;
  std::int32_t next = speaker.pick();
  std::int64_t place = 0;
  while (!speaker.stops_at(next)) {
    speaker.stopped_by_user = stop.stop_requested();
    speaker.reached_limit = place >= options.max_new_tokens;
    if (speaker.stopped_by_user || speaker.reached_limit) return;
    const auto start = static_cast<std::int64_t>(generator.ids().size());
    const std::int64_t count =
        std::min({tokens_in(kBurstSeconds, generator.throughput()), options.max_new_tokens - place,
                  generator.capacity() - start});
    if (count == 0) {
      speak_text(speaker, place, next, sink);
      speaker.reached_limit = true;
      return;
    }
    const auto picks =
        generator.decode_sampled(next, count, options.sampling, speaker.sampler.draws());
    speaker.sampler.skip(picks.size());
    for (std::size_t i = 0; i < picks.size() && !speaker.stops_at(next); ++i) {
      speak_text(speaker, place++, next, sink);
      next = picks[i];
      // What was computed behind an end is no part of the conversation.
      if (speaker.stops_at(next)) generator.keep_first(start + static_cast<std::int64_t>(i) + 1);
    }
  }
}

/// All speakers of one turn, one place after the other.
class Turn {
 public:
  Turn(std::vector<Speaker>& speakers, const ChatOptions& options, const ChatSink& sink)
      : speakers_(speakers), options_(options), sink_(sink) {}

  void run(const std::stop_token& stop) {
    for (std::int64_t place = 0; !all_finished(); ++place) {
      if (stop.stop_requested()) return finish_all([](Speaker& s) { s.stopped_by_user = true; });
      if (place >= options_.max_new_tokens) {
        return finish_all([](Speaker& s) { s.reached_limit = true; });
      }
      step(place);
    }
  }

 private:
  bool all_finished() const {
    return std::all_of(speakers_.begin(), speakers_.end(),
                       [](const Speaker& s) { return s.finished; });
  }

  template <class Mark>
  void finish_all(Mark mark) {
    for (Speaker& speaker : speakers_) {
      if (!speaker.finished) mark(speaker);
      speaker.finished = true;
    }
  }

  /// KL of the two sides at this place; nothing once they have read different ids.
  std::optional<double> divergence() const {
    if (speakers_.size() != 2 || speakers_[0].finished || speakers_[1].finished) return {};
    const auto left = speakers_[0].generator->logits();
    const auto right = speakers_[1].generator->logits();
    if (left.size() != right.size()) return {};
    if (speakers_[0].generator->ids() != speakers_[1].generator->ids()) return {};
    return compare_rows(left, right).kl;
  }

  void step(std::int64_t place) {
    const std::optional<double> kl = divergence();
    const bool locked = options_.mode == ChatMode::LockStep;
    std::int32_t leader = 0;
    std::vector<std::int32_t> chosen(speakers_.size());
    for (std::size_t i = 0; i < speakers_.size(); ++i) {
      Speaker& speaker = speakers_[i];
      if (speaker.finished) continue;
      const std::int32_t pick = speaker.pick();
      if (i == 0) leader = pick;
      chosen[i] = locked && i > 0 ? leader : pick;
      if (speaker.stops_at(chosen[i])) {
        speaker.finished = true;
        continue;
      }
      speak(speaker, place, pick, chosen[i], i == 1 ? kl : std::nullopt, sink_);
    }
    for (std::size_t i = 0; i < speakers_.size(); ++i) advance(speakers_[i], chosen[i]);
  }

  static void advance(Speaker& speaker, std::int32_t id) {
    if (speaker.finished) return;
    if (has_room(speaker)) {
      speaker.generator->decode(id);
      return;
    }
    speaker.finished = true;
    speaker.reached_limit = true;
  }

  std::vector<Speaker>& speakers_;
  const ChatOptions& options_;
  const ChatSink& sink_;
};

void read_prompt(Speaker& speaker, const std::vector<ChatMessage>& turns,
                 const std::string& system_prompt, std::stop_token stop) {
  std::vector<ChatMessage> messages;
  if (!system_prompt.empty()) messages.push_back({"system", system_prompt});
  messages.insert(messages.end(), turns.begin(), turns.end());
  speaker.generator->reset_throughput();
  speaker.generator->prefill(chat_prompt_ids(speaker.model(), messages), std::move(stop));
  speaker.first_token_seconds = speaker.generator->throughput().prefill_seconds;
}

}  // namespace

ChatSession::ChatSession(Backend& backend, std::shared_ptr<const LoadedModel> left,
                         std::shared_ptr<const LoadedModel> right, std::int64_t capacity) {
  for (auto* model : {&left, &right}) {
    if (*model == nullptr) continue;
    if ((*model)->tokenizer == nullptr) {
      throw Error(ErrorKind::BadInput, (*model)->name + " has no tokenizer, so it cannot chat");
    }
    const auto side = static_cast<std::size_t>(model == &right);
    voices_[side].generator = std::make_unique<Generator>(backend, std::move(*model), capacity);
  }
  if (voices_[0].generator == nullptr) throw std::logic_error("ChatSession needs a left model");
}

void ChatSession::set_system_prompt(std::string text) {
  system_prompt_ = std::move(text);
}

void ChatSession::send(const std::string& prompt, const ChatOptions& options, std::stop_token stop,
                       const ChatSink& sink) {
  for (Voice& voice : voices_) voice.turns.push_back({"user", prompt});
  try {
    answer(options, std::move(stop), sink);
  } catch (...) {
    for (Voice& voice : voices_) {
      if (voice.turns.back().role == "user") voice.turns.pop_back();
    }
    throw;
  }
}

void ChatSession::regenerate(const ChatOptions& options, std::stop_token stop,
                             const ChatSink& sink) {
  if (voices_[0].turns.empty()) {
    throw Error(ErrorKind::BadInput, "there is no answer to generate again; send a prompt first");
  }
  for (Voice& voice : voices_) {
    if (voice.turns.back().role == "assistant") voice.turns.pop_back();
  }
  answer(options, std::move(stop), sink);
}

void ChatSession::clear() {
  for (Voice& voice : voices_) voice.turns.clear();
}

void ChatSession::answer(const ChatOptions& options, std::stop_token stop, const ChatSink& sink) {
  validate(options.sampling);
  std::vector<Speaker> speakers;
  for (const Side side : {Side::Left, Side::Right}) {
    Voice& voice = voices_[index_of(side)];
    if (voice.generator) speakers.emplace_back(side, *voice.generator, options.sampling);
  }
  try {
    for (Speaker& speaker : speakers) {
      // In lock-step the right side reads the left one's conversation, so that contexts stay equal.
      const Side read = options.mode == ChatMode::LockStep ? Side::Left : speaker.side;
      read_prompt(speaker, history(read), system_prompt_, stop);
    }
    if (speakers.size() == 1 && options.detail == TokenDetail::Text) {
      run_bursts(speakers.front(), options, sink, stop);
    } else {
      Turn(speakers, options, sink).run(stop);
    }
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::Cancelled) throw;
    for (Speaker& speaker : speakers) speaker.stopped_by_user = true;
  }
  for (Speaker& speaker : speakers) {
    speaker.answer += speaker.decoder.finish();
    voices_[index_of(speaker.side)].turns.push_back({"assistant", speaker.answer});
    if (sink.on_done) {
      sink.on_done({.side = speaker.side,
                    .throughput = speaker.generator->throughput(),
                    .first_token_seconds = speaker.first_token_seconds,
                    .stopped_by_user = speaker.stopped_by_user,
                    .reached_limit = speaker.reached_limit});
    }
  }
}

}  // namespace salient
