// SPDX-License-Identifier: Apache-2.0
// salient bench MODEL...: prompt and decode speed, median with spread, beside the read bandwidth
// that was measured in the same run over a buffer of the model's size. Decode can be no faster than
// that bandwidth divided by the bytes of a token.

#include <algorithm>
#include <chrono>
#include <optional>
#include <sstream>

#include "app/cli/command.h"
#include "engine/error.h"
#include "engine/model/synthetic_checkpoint.h"
#include "engine/report/numbers.h"
#include "engine/runtime/distribution.h"
#include "engine/runtime/generator.h"

namespace salient::app {
namespace {

struct Flags {
  std::vector<std::filesystem::path> models;
  std::int64_t prompt_tokens = 256;
  std::int64_t new_tokens = 64;
  int repeats = 5;
  std::string format = "md";
  bool int8_activations = false;
  std::string protocol;
  std::filesystem::path synthetic;  ///< a config.json
  std::string schemes = "fp16";
  LoadOptions load;
};

struct Spread {
  double median = 0, low = 0, high = 0;
};

Spread spread_of(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return {values[values.size() / 2], values.front(), values.back()};
}

struct Row {
  std::string name, precision;
  std::int64_t bytes_per_token = 0, memory_bytes = 0;
  Spread prompt, decode, bandwidth, share;
  std::optional<double> int8_kl;  ///< mean KL that 8-bit activations cost, in nats
};

/// Ids spread over the vocabulary, so that no run lives from one cached row.
std::vector<std::int32_t> prompt_ids(std::int64_t count, std::int64_t vocab) {
  std::vector<std::int32_t> ids;
  for (std::int64_t i = 0; i < count; ++i) {
    ids.push_back(static_cast<std::int32_t>((i * 7919 + 11) % vocab));
  }
  return ids;
}

/// KL(exact ‖ 8-bit activations) over the places of a prompt.
double kl_of_int8(Backend& backend, const LoadedModel& model, std::span<const std::int32_t> ids) {
  const auto logits_with = [&](ActivationPrecision precision) {
    backend.set_activation_precision(precision);
    Sequence sequence =
        make_sequence(backend, model.decoder.shape, static_cast<std::int64_t>(ids.size()));
    return backend.download(forward(backend, model.decoder, sequence, ids, LogitsOf::EveryToken));
  };
  const Tensor exact = logits_with(ActivationPrecision::Exact);
  const Tensor rounded = logits_with(ActivationPrecision::Int8);
  double sum = 0;
  for (std::int64_t i = 0; i < exact.dim(0); ++i) {
    const Tensor p = exact.rows(i, i + 1), q = rounded.rows(i, i + 1);
    sum += compare_rows(p.as<float>(), q.as<float>()).kl;
  }
  return sum / static_cast<double>(exact.dim(0));
}

Row measure(Backend& backend, const std::shared_ptr<const LoadedModel>& model, const Flags& flags,
            const Context& context, Terminal& terminal) {
  Row row;
  row.name = model->name;
  row.precision = model->precision;
  row.bytes_per_token = model->decoder.bytes_per_token();
  row.memory_bytes = model->decoder.memory_bytes();
  const auto ids = prompt_ids(flags.prompt_tokens, model->decoder.shape.config.vocab_size);
  if (flags.int8_activations) {
    constexpr std::size_t kPlaces = 128;
    row.int8_kl = kl_of_int8(backend, *model, std::span(ids).first(std::min(kPlaces, ids.size())));
  }
  std::vector<double> prompt, decode, bandwidth, share;
  for (int repeat = 0; repeat <= flags.repeats; ++repeat) {
    if (context.stop.stop_requested()) throw Error(ErrorKind::Cancelled, "bench stopped");
    terminal.progress(row.name + ": repeat " + std::to_string(repeat) + " of " +
                      std::to_string(flags.repeats));
    Generator generator(backend, model, flags.prompt_tokens + flags.new_tokens + 1);
    const auto logits = generator.prefill(ids, context.stop);
    generator.decode_greedy(greedy_pick(logits), 1);  // Recording a step is not decoding.
    generator.reset_decoding();
    generator.decode_greedy(generator.ids().back(), flags.new_tokens);
    if (repeat == 0) continue;  // Warm-up: page faults and clocks.
    // Bandwidth and speed alternate, so that a drift of the machine moves both.
    const double limit = backend.measure_read_bandwidth(row.bytes_per_token);
    const Throughput& speed = generator.throughput();
    prompt.push_back(static_cast<double>(speed.prompt_tokens) / speed.prefill_seconds);
    decode.push_back(speed.tokens_per_second());
    bandwidth.push_back(limit);
    share.push_back(speed.bytes_per_second() / limit);
  }
  row.prompt = spread_of(prompt);
  row.decode = spread_of(decode);
  row.bandwidth = spread_of(bandwidth);
  row.share = spread_of(share);
  return row;
}

std::string ranged(const Spread& spread) {
  return format_significant(spread.median, 3) + " (" + format_significant(spread.low, 3) + "–" +
         format_significant(spread.high, 3) + ")";
}

void print_markdown(const std::vector<Row>& rows, const Flags& flags, Terminal& terminal) {
  terminal.print("| model | precision | pp" + std::to_string(flags.prompt_tokens) + " tok/s | tg" +
                 std::to_string(flags.new_tokens) +
                 " tok/s | bytes a token | read limit | share of it |");
  terminal.print("|---|---|---|---|---|---|---|");
  for (const Row& row : rows) {
    terminal.print("| " + printable(row.name) + " | " + row.precision + " | " + ranged(row.prompt) +
                   " | " + ranged(row.decode) + " | " +
                   format_bytes(static_cast<double>(row.bytes_per_token)) + " | " +
                   format_bandwidth(row.bandwidth.median) + " | " +
                   format_percent(row.share.median) + " |");
  }
  for (const Row& row : rows) {
    if (!row.int8_kl) continue;
    terminal.print(printable(row.name) + ": 8-bit activations cost a KL of " +
                   format_significant(*row.int8_kl, 2) + " to the exact mode");
  }
}

nlohmann::ordered_json json_of(const Spread& spread) {
  return {{"median", spread.median}, {"low", spread.low}, {"high", spread.high}};
}

nlohmann::ordered_json as_json(const std::vector<Row>& rows, const Flags& flags) {
  nlohmann::ordered_json json = nlohmann::ordered_json::array();
  for (const Row& row : rows) {
    json.push_back({{"model", row.name},
                    {"precision", row.precision},
                    {"prompt_tokens", flags.prompt_tokens},
                    {"new_tokens", flags.new_tokens},
                    {"prompt_tokens_per_second", json_of(row.prompt)},
                    {"tokens_per_second", json_of(row.decode)},
                    {"bytes_per_token", row.bytes_per_token},
                    {"memory_bytes", row.memory_bytes},
                    {"read_bytes_per_second", json_of(row.bandwidth)},
                    {"share_of_limit", json_of(row.share)}});
    if (row.int8_kl) json.back()["int8_kl"] = *row.int8_kl;
  }
  return json;
}

void print_csv(const std::vector<Row>& rows, Terminal& terminal) {
  terminal.print(
      "model,precision,prompt_tokens_per_second,tokens_per_second,bytes_per_token,"
      "read_bytes_per_second,share_of_limit");
  for (const Row& row : rows) {
    // The name comes from a file: quotes are doubled, so that it stays one field.
    std::string name;
    for (const char c : printable(row.name)) name += c == '"' ? "\"\"" : std::string(1, c);
    const nlohmann::ordered_json figures = {row.prompt.median, row.decode.median,
                                            row.bytes_per_token, row.bandwidth.median,
                                            row.share.median};
    std::string line = "\"" + name + "\",\"" + row.precision + "\"";
    for (const auto& figure : figures) line += "," + figure.dump();
    terminal.print(line);
  }
}

/// "fp16" or "BITS:GROUP", separated by commas.
std::vector<LoadOptions> synthetic_loads(const Flags& flags) {
  std::vector<LoadOptions> loads;
  if (flags.synthetic.empty()) return loads;
  std::istringstream words(flags.schemes);
  for (std::string word; std::getline(words, word, ',');) {
    LoadOptions load = flags.load;
    if (word != "fp16") {
      QuantScheme scheme;
      char colon = 0;
      std::istringstream numbers(word);
      if (!(numbers >> scheme.bits >> colon >> scheme.group_size) || colon != ':') {
        throw Error(ErrorKind::BadInput, "--schemes: \"" + word + "\" is not fp16 or BITS:GROUP");
      }
      validate(scheme);
      load.round_to = scheme;
    }
    loads.push_back(load);
  }
  return loads;
}

void run(const Flags& typed, const Context& context, Terminal& terminal) {
  Flags flags = typed;
  if (flags.models.empty() && flags.synthetic.empty()) {
    throw Error(ErrorKind::BadInput, "bench needs a model, or --synth with a config.json");
  }
  if (flags.int8_activations && context.globals.device.name != "cpu") {
    throw Error(ErrorKind::BadInput, "--int8-activations is a mode of the CPU; " +
                                         context.globals.device.name +
                                         " multiplies 16-bit activations");
  }
  if (flags.protocol == "paper") {
    flags.prompt_tokens = 4;
    flags.new_tokens = 200;
  }
  const auto backend = make_backend(context.globals.device);
  if (flags.int8_activations) backend->set_activation_precision(ActivationPrecision::Int8);
  if (!terminal.json() && flags.format == "md") {
    const DeviceInfo device = backend->device();
    terminal.print(device.name + ", " + device.details + ", " + std::to_string(flags.repeats) +
                   " repeats, median (lowest–highest)" +
                   (flags.int8_activations ? ", 8-bit activations" : ""));
  }
  std::vector<Row> rows;
  for (const auto& path : flags.models) {
    const auto model = load_model(*backend, path, flags.load);
    rows.push_back(measure(*backend, model, flags, context, terminal));
  }
  for (const LoadOptions& load : synthetic_loads(flags)) {
    const auto source = make_synthetic_checkpoint(flags.synthetic, 0);
    terminal.progress("making random weights");
    rows.push_back(
        measure(*backend, load_model(*backend, *source, load), flags, context, terminal));
  }
  if (terminal.json() || flags.format == "json") {
    terminal.print_json(as_json(rows, flags));
  } else if (flags.format == "csv") {
    print_csv(rows, terminal);
  } else {
    print_markdown(rows, flags, terminal);
  }
}

}  // namespace

Command add_bench(CLI::App& root) {
  auto flags = std::make_shared<Flags>();
  CLI::App* app = root.add_subcommand("bench", "Prompt and decode speed beside the memory's limit");
  app->add_option("MODEL", flags->models, "one model or more");
  app->add_option("-p,--prompt-tokens", flags->prompt_tokens, "tokens of the prompt")
      ->capture_default_str()
      ->check(CLI::Range(1, 1 << 20));
  app->add_option("-n,--new-tokens", flags->new_tokens, "tokens decoded")
      ->capture_default_str()
      ->check(CLI::Range(1, 1 << 20));
  app->add_option("-r,--repeats", flags->repeats, "counted repeats")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000));
  app->add_option("-f,--format", flags->format, "md, csv or json")
      ->capture_default_str()
      ->check(CLI::IsMember({"md", "csv", "json"}));
  app->add_option("--protocol", flags->protocol, "paper: 4 prompt tokens, 200 new ones")
      ->check(CLI::IsMember({"paper"}));
  app->add_option("--synth", flags->synthetic, "a config.json: its model with random weights")
      ->check(CLI::ExistingFile);
  app->add_option("--schemes", flags->schemes, "of --synth: fp16, 4:128 …, separated by commas")
      ->capture_default_str();
  app->add_flag("--int8-activations", flags->int8_activations,
                "round activations to 8 bits: faster, with a small error");
  add_head_flag(*app, flags->load.head);
  return {app,
          [flags](const Context& context, Terminal& terminal) { run(*flags, context, terminal); }};
}

}  // namespace salient::app
