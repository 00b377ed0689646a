// SPDX-License-Identifier: Apache-2.0
// salient chat MODEL [--vs MODEL]: one prompt drives one model, or two side by side. With -p one
// turn; without it a conversation on stdin, a line a turn.

#include <iostream>
#include <limits>

#include "app/cli/command.h"
#include "engine/error.h"
#include "engine/report/captions.h"
#include "engine/report/numbers.h"
#include "engine/runtime/chat_session.h"

namespace salient::app {
namespace {

struct Flags {
  std::filesystem::path model, versus;
  std::string prompt, system;
  std::int64_t context = 2048;
  bool lock_step = false;
  bool stats = false;
  ChatOptions options;
  LoadOptions load;
};

struct Answer {
  std::string text;
  ChatTurnDone done;
  double kl_sum = 0;
  std::int64_t kl_places = 0, differing = 0, first_difference = 0;
};

/// Two answers cannot stream into one terminal, so with --vs the left one streams and the right one
/// follows whole.
class Conversation {
 public:
  Conversation(const Flags& flags, Backend& backend, Terminal& terminal)
      : flags_(flags),
        terminal_(terminal),
        left_(load_model(backend, flags.model, flags.load)),
        right_(flags.versus.empty() ? nullptr : load_model(backend, flags.versus, flags.load)),
        session_(backend, left_, right_, flags.context) {
    session_.set_system_prompt(flags.system);
    for (const auto& model : {left_, right_}) {
      if (model == nullptr) continue;
      for (const std::string& warning : model->warnings) terminal.warn(warning);
    }
  }

  void turn(const std::string& prompt, std::stop_token stop) {
    std::array<Answer, 2> answers;
    session_.send(prompt, flags_.options, std::move(stop), sink(answers));
    if (terminal_.json()) {
      terminal_.print_json(as_json(prompt, answers));
      return;
    }
    terminal_.stream("\n");
    if (right_) terminal_.print("\n" + terminal_.accent(title(*right_)) + "\n" + answers[1].text);
    print_stats(answers);
  }

  void announce() {
    if (right_ && !terminal_.json()) terminal_.print(terminal_.bold(title(*left_)));
  }

 private:
  static std::string title(const LoadedModel& model) {
    return printable(model.name) + ", " + model.precision;
  }

  ChatSink sink(std::array<Answer, 2>& answers) {
    return {
        .on_token =
            [this, &answers](const ChatToken& token) {
              Answer& answer = answers.at(index_of(token.side));
              answer.text += token.text;
              if (token.kl) {
                answer.kl_sum += *token.kl;
                ++answer.kl_places;
              }
              if (token.own_pick != token.id) {
                if (answer.differing++ == 0) answer.first_difference = token.index + 1;
              }
              if (token.side == Side::Left && !terminal_.json()) terminal_.stream(token.text);
            },
        .on_done =
            [&answers](const ChatTurnDone& done) { answers.at(index_of(done.side)).done = done; }};
  }

  void print_stats(const std::array<Answer, 2>& answers) {
    if (!flags_.stats && !right_) return;
    for (const auto& [model, answer] : {std::pair{left_, answers[0]}, {right_, answers[1]}}) {
      if (model == nullptr) continue;
      const Throughput& speed = answer.done.throughput;
      terminal_.note(model->precision + ": " + format_rate(speed.tokens_per_second()) +
                     ", first token " + format_seconds(answer.done.first_token_seconds) + ", " +
                     format_bytes(static_cast<double>(model->decoder.memory_bytes())) + ", " +
                     format_bandwidth(speed.bytes_per_second()));
    }
    const Answer& other = answers[1];
    if (!flags_.lock_step || other.kl_places == 0) return;
    terminal_.note(
        "mean KL " + format_loss(other.kl_sum / static_cast<double>(other.kl_places)) + "; " +
        without_marks(chat_caption(other.differing, other.kl_places, other.first_difference)));
  }

  nlohmann::ordered_json side_json(const LoadedModel& model, const Answer& answer) const {
    return {{"model", model.name},
            {"precision", model.precision},
            {"answer", answer.text},
            {"prompt_tokens", answer.done.throughput.prompt_tokens},
            {"new_tokens", answer.done.throughput.new_tokens},
            {"tokens_per_second", answer.done.throughput.tokens_per_second()},
            {"first_token_seconds", answer.done.first_token_seconds},
            {"memory_bytes", model.decoder.memory_bytes()}};
  }

  nlohmann::ordered_json as_json(const std::string& prompt, const std::array<Answer, 2>& answers) {
    nlohmann::ordered_json json = {{"prompt", prompt}, {"left", side_json(*left_, answers[0])}};
    if (!right_) return json;
    json["right"] = side_json(*right_, answers[1]);
    if (answers[1].kl_places > 0) {
      json["kl_mean"] = answers[1].kl_sum / static_cast<double>(answers[1].kl_places);
      json["places"] = answers[1].kl_places;
      json["differing"] = answers[1].differing;
    }
    return json;
  }

  const Flags& flags_;
  Terminal& terminal_;
  std::shared_ptr<const LoadedModel> left_, right_;
  ChatSession session_;
};

void run(Flags flags, const Context& context, Terminal& terminal) {
  flags.options.mode = flags.lock_step ? ChatMode::LockStep : ChatMode::FreeRunning;
  if (flags.lock_step && flags.versus.empty()) {
    throw Error(ErrorKind::BadInput, "--lock-step compares two models; name the second with --vs");
  }
  // The terminal shows text; only two sides are compared place by place.
  if (flags.versus.empty()) flags.options.detail = TokenDetail::Text;
  validate(flags.options.sampling);
  const auto backend = make_backend(context.globals.device);
  Conversation conversation(flags, *backend, terminal);
  conversation.announce();
  if (!flags.prompt.empty()) return conversation.turn(flags.prompt, context.stop);
  std::string line;
  while (!context.stop.stop_requested() && std::getline(std::cin, line)) {
    if (!line.empty()) conversation.turn(line, context.stop);
  }
}

}  // namespace

Command add_chat(CLI::App& root) {
  auto flags = std::make_shared<Flags>();
  CLI::App* app = root.add_subcommand("chat", "Talk to a model, or to two side by side");
  SamplingOptions& sampling = flags->options.sampling;
  app->add_option("MODEL", flags->model, "a checkpoint or a quantized export")->required();
  app->add_option("--vs", flags->versus, "a second model that gets the same prompt");
  app->add_option("-p,--prompt", flags->prompt, "one turn; without it, a turn a line on stdin");
  app->add_option("-s,--system", flags->system, "system prompt");
  app->add_option("-n,--max-tokens", flags->options.max_new_tokens, "new tokens at most")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  app->add_option("--context", flags->context, "tokens of the whole conversation at most")
      ->capture_default_str()
      ->check(CLI::Range(16, 1 << 20));
  app->add_option("--temp", sampling.temperature, "temperature, 0: greedy")->capture_default_str();
  app->add_option("--top-k", sampling.top_k, "keep the k likeliest, 0: off")->capture_default_str();
  app->add_option("--top-p", sampling.top_p, "keep this probability mass")->capture_default_str();
  app->add_option("--min-p", sampling.min_p, "least share of the best probability")
      ->capture_default_str();
  app->add_option("--repeat-penalty", sampling.repetition_penalty, "1: off")->capture_default_str();
  app->add_option("--seed", sampling.seed, "random seed")->capture_default_str();
  app->add_flag("--lock-step", flags->lock_step, "both read the tokens that the first one picks");
  app->add_flag("--stats", flags->stats, "print tokens per second and memory");
  add_head_flag(*app, flags->load.head);
  return {app,
          [flags](const Context& context, Terminal& terminal) { run(*flags, context, terminal); }};
}

}  // namespace salient::app
