// SPDX-License-Identifier: Apache-2.0
// salient bench MODEL...: prompt and decode speed, median with spread, beside the read bandwidth
// that was measured in the same run over a buffer of the model's size. Decode can be no faster than
// that bandwidth divided by the bytes of a token.

#include <algorithm>
#include <chrono>
#include <optional>
#include <sstream>

#include "app/cli/bench_tables.h"
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
  std::int64_t num_layers = 0;      ///< of --synth, 0: as its config says
  std::string schemes = "fp16";
  bool linears = false, stages = false;
  LoadOptions load;
};

struct Row {
  std::string name, precision;
  std::int64_t bytes_per_token = 0, memory_bytes = 0;
  Spread prompt, first_token, decode, bandwidth, copy, share;
  std::optional<double> int8_kl;  ///< mean KL that 8-bit activations cost, in nats
  std::optional<StageTimes> stages;
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
  std::vector<double> prompt, first_token, decode, bandwidth, copy, share;
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
    first_token.push_back(speed.prefill_seconds);
    copy.push_back(backend.measure_copy_bandwidth(row.bytes_per_token));
    prompt.push_back(static_cast<double>(speed.prompt_tokens) / speed.prefill_seconds);
    decode.push_back(speed.tokens_per_second());
    bandwidth.push_back(limit);
    share.push_back(speed.bytes_per_second() / limit);
  }
  row.prompt = spread_of(prompt);
  row.first_token = spread_of(first_token);
  row.copy = spread_of(copy);
  row.decode = spread_of(decode);
  row.bandwidth = spread_of(bandwidth);
  row.share = spread_of(share);
  if (flags.stages) {
    terminal.progress(row.name + ": stages");
    // The depth in the middle of the decoding.
    row.stages = measure_stages(backend, *model, flags.prompt_tokens + flags.new_tokens / 2,
                                {.batches = flags.repeats}, context.stop);
  }
  return row;
}

ResultTable::Cell hidden(nlohmann::ordered_json value) {
  return {"", std::move(value)};
}

ResultTable speed_table(const std::vector<Row>& rows, const Flags& flags) {
  ResultTable table(
      {{"model", "model"},
       {"precision", "precision"},
       {"prompt_tokens", ""},
       {"new_tokens", ""},
       {"prompt_tokens_per_second", "pp" + std::to_string(flags.prompt_tokens) + " tok/s"},
       {"first_token_seconds", "first token"},
       {"tokens_per_second", "tg" + std::to_string(flags.new_tokens) + " tok/s"},
       {"bytes_per_token", "bytes a token"},
       {"memory_bytes", ""},
       {"read_bytes_per_second", "read limit"},
       {"copy_bytes_per_second", "copy"},
       {"share_of_limit", "share of the limit"},
       {"int8_kl", ""}});
  for (const Row& row : rows) {
    ResultTable::Cell first = cell_of(row.first_token), read = cell_of(row.bandwidth),
                      copy = cell_of(row.copy), share = cell_of(row.share);
    first.text = format_seconds(row.first_token.median);
    read.text = format_bandwidth(row.bandwidth.median);
    copy.text = format_bandwidth(row.copy.median);
    share.text = format_percent(row.share.median);
    table.add({name_cell(row.name),
               {row.precision, row.precision},
               hidden(flags.prompt_tokens),
               hidden(flags.new_tokens),
               cell_of(row.prompt),
               first,
               cell_of(row.decode),
               {format_bytes(static_cast<double>(row.bytes_per_token)), row.bytes_per_token},
               hidden(row.memory_bytes),
               read,
               copy,
               share,
               hidden(row.int8_kl ? nlohmann::ordered_json(*row.int8_kl) : nullptr)});
  }
  return table;
}

std::string stage_title(const Row& row) {
  return printable(row.name) + ", " + row.precision + ", one token behind " +
         std::to_string(row.stages->cached_tokens) + " cached ones";
}

void print_speed(const std::vector<Row>& rows, const Flags& flags, Terminal& terminal) {
  const ResultTable table = speed_table(rows, flags);
  if (terminal.json() || flags.format == "json") {
    nlohmann::ordered_json json = table.json();
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (!rows[i].stages) continue;
      json[i]["cached_tokens"] = rows[i].stages->cached_tokens;
      json[i]["stages"] = stage_table(*rows[i].stages, rows[i].bandwidth.median).json();
    }
    return terminal.print_json(json);
  }
  const bool csv = flags.format == "csv";
  csv ? table.print_csv(terminal) : table.print_markdown(terminal);
  for (const Row& row : rows) {
    if (row.int8_kl && !csv) {
      terminal.print(printable(row.name) + ": 8-bit activations cost a KL of " +
                     format_significant(*row.int8_kl, 2) + " to the exact mode");
    }
    if (!row.stages) continue;
    const ResultTable stages = stage_table(*row.stages, row.bandwidth.median);
    terminal.print("");
    if (!csv) terminal.print(stage_title(row) + "\n");
    csv ? stages.print_csv(terminal) : stages.print_markdown(terminal);
  }
}

/// "fp16" or "BITS:GROUP", separated by commas.
BenchSchemes schemes_of(const std::string& text) {
  BenchSchemes schemes;
  std::istringstream words(text);
  for (std::string word; std::getline(words, word, ',');) {
    if (word == "fp16") {
      schemes.emplace_back();
      continue;
    }
    QuantScheme scheme;
    char colon = 0;
    std::istringstream numbers(word);
    if (!(numbers >> scheme.bits >> colon >> scheme.group_size) || colon != ':') {
      throw Error(ErrorKind::BadInput, "--schemes: \"" + word + "\" is not fp16 or BITS:GROUP");
    }
    validate(scheme);
    schemes.emplace_back(scheme);
  }
  return schemes;
}

void print_linears(Backend& backend, const Flags& flags, const Context& context,
                   Terminal& terminal) {
  const ResultTable table =
      linear_table(backend, schemes_of(flags.schemes), flags.repeats, context.stop, terminal);
  if (terminal.json() || flags.format == "json") return terminal.print_json(table.json());
  flags.format == "csv" ? table.print_csv(terminal) : table.print_markdown(terminal);
}

void run(const Flags& typed, const Context& context, Terminal& terminal) {
  Flags flags = typed;
  if (flags.models.empty() && flags.synthetic.empty() && !flags.linears) {
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
  if (flags.linears) return print_linears(*backend, flags, context, terminal);
  std::vector<Row> rows;
  for (const auto& path : flags.models) {
    const auto model = load_model(*backend, path, flags.load);
    rows.push_back(measure(*backend, model, flags, context, terminal));
  }
  for (const auto& scheme : flags.synthetic.empty() ? BenchSchemes{} : schemes_of(flags.schemes)) {
    const auto source = make_synthetic_checkpoint(flags.synthetic, 0, flags.num_layers);
    LoadOptions load = flags.load;
    load.round_to = scheme;
    terminal.progress("making random weights");
    rows.push_back(
        measure(*backend, load_model(*backend, *source, load), flags, context, terminal));
  }
  terminal.end_progress();
  print_speed(rows, flags, terminal);
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
  app->add_option("--layers", flags->num_layers, "blocks of --synth, 0: as its config says")
      ->check(CLI::Range(0, 4096));
  app->add_option("--schemes", flags->schemes,
                  "of --synth and --linears: fp16, 4:128 …, separated by commas")
      ->capture_default_str();
  app->add_flag("--stages", flags->stages, "time the stages of one decoded token");
  app->add_flag("--linears", flags->linears, "time linears of known shapes instead of a model");
  app->add_flag("--int8-activations", flags->int8_activations,
                "round activations to 8 bits: faster, with a small error");
  add_head_flag(*app, flags->load.head);
  return {app,
          [flags](const Context& context, Terminal& terminal) { run(*flags, context, terminal); }};
}

}  // namespace salient::app
