// SPDX-License-Identifier: Apache-2.0
// salient eval A [B]: perplexity of A, and with B its perplexity, KL(A‖B) and top-1 agreement.

#include "app/cli/command.h"
#include "app/resources.h"
#include "engine/error.h"
#include "engine/evaluation/evaluation.h"
#include "engine/job/run_record.h"
#include "engine/report/numbers.h"

namespace salient::app {
namespace {

struct Flags {
  std::filesystem::path a, b, text, store;
  EvaluationOptions options{.window = 512, .max_windows = 0};
  LoadOptions load;
};

nlohmann::ordered_json as_json(const Evaluation& result, bool compared) {
  nlohmann::ordered_json json = {
      {"text", result.text_name},     {"window", result.window},
      {"windows", result.windows},    {"tokens", result.a.tokens},
      {"perplexity", result.a.value}, {"perplexity_stderr", result.a.stderr_value}};
  if (!compared) return json;
  json["perplexity_b"] = result.b->value;
  json["perplexity_b_stderr"] = result.b->stderr_value;
  json["log_ratio"] = result.log_ratio;
  json["log_ratio_stderr"] = result.log_ratio_stderr;
  json["kl_mean"] = result.kl_mean;
  json["kl_stderr"] = result.kl_stderr;
  json["top1_agreement"] = result.top1_agreement;
  json["top1_stderr"] = result.top1_stderr;
  return json;
}

/// Two digits of the error: windows of a text differ much more than two models on it do.
std::string with_spread(const Perplexity& perplexity) {
  return format_significant(perplexity.value, 4) + " ± " +
         format_significant(perplexity.stderr_value, 2);
}

void print_text(const Evaluation& result, const LoadedModel& a, const LoadedModel* b,
                Terminal& terminal) {
  terminal.print(printable(result.text_name) + ", " + format_count(result.windows) +
                 " windows of " + format_count(result.window) + " tokens, no BOS, " +
                 format_count(result.a.tokens) + " predictions");
  terminal.print("perplexity A  " + with_spread(result.a) + "  " + printable(a.name) + ", " +
                 a.precision);
  if (b == nullptr) return;
  terminal.print("perplexity B  " + with_spread(*result.b) + "  " + printable(b->name) + ", " +
                 b->precision);
  terminal.print("ln(B / A)     " + format_with_error(result.log_ratio, result.log_ratio_stderr) +
                 "  (paired by window)");
  terminal.print("KL(A‖B)       " + format_with_error(result.kl_mean, result.kl_stderr) + " nats");
  terminal.print("same top      " + format_percent(result.top1_agreement));
}

/// Puts the comparison into the record of a run, as that of AWQ or of plain rounding, by what B is.
void store(const Flags& flags, const Evaluation& result) {
  if (flags.b.empty()) {
    throw Error(ErrorKind::BadInput, "--store keeps a comparison; name a second model");
  }
  RunSummary summary = open_run_record(flags.store).summary;
  const Method method = open_run_record(flags.b).summary.method;
  (method == Method::Rtn ? summary.rtn_against_fp16 : summary.awq_against_fp16) = result;
  store_measurements(flags.store, summary);
}

void run(const Flags& flags, const Context& context, Terminal& terminal) {
  const auto backend = make_backend(context.globals.device);
  const auto a = load_model(*backend, flags.a, flags.load);
  const auto b = flags.b.empty() ? nullptr : load_model(*backend, flags.b, flags.load);
  if (a->tokenizer == nullptr) {
    throw Error(ErrorKind::BadInput, flags.a.string() + " has no tokenizer to cut a text with");
  }
  const std::string text =
      flags.text.empty() ? bundled_text("evaluation") : read_text_file(flags.text);
  const auto windows = evaluation_windows(*a->tokenizer, text, flags.options);
  Evaluation result = evaluate(
      *backend, a->decoder, b ? &b->decoder : nullptr, windows, context.stop,
      [&](std::int64_t done, std::int64_t total) {
        terminal.progress("window " + std::to_string(done) + " of " + std::to_string(total));
      });
  result.text_name =
      flags.text.empty() ? "the bundled evaluation text" : flags.text.filename().string();
  if (!flags.store.empty()) store(flags, result);
  if (terminal.json()) {
    terminal.print_json(as_json(result, b != nullptr));
  } else {
    print_text(result, *a, b.get(), terminal);
  }
}

}  // namespace

Command add_eval(CLI::App& root) {
  auto flags = std::make_shared<Flags>();
  CLI::App* app =
      root.add_subcommand("eval", "Perplexity of A; KL divergence and agreement of B to A");
  app->add_option("A", flags->a, "the reference model")->required();
  app->add_option("B", flags->b, "the model held against it");
  app->add_option("-f,--file", flags->text, "the text; without it a bundled one");
  app->add_option("-c,--window", flags->options.window, "tokens per window")
      ->capture_default_str()
      ->check(CLI::Range(2, 1 << 20));
  app->add_option("--chunks", flags->options.max_windows, "at most this many windows, 0: all")
      ->check(CLI::NonNegativeNumber);
  app->add_option("--store", flags->store, "a run whose report and card shall show the comparison");
  add_head_flag(*app, flags->load.head);
  return {app,
          [flags](const Context& context, Terminal& terminal) { run(*flags, context, terminal); }};
}

}  // namespace salient::app
