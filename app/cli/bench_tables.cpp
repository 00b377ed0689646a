// SPDX-License-Identifier: Apache-2.0
#include "app/cli/bench_tables.h"

#include <array>

#include "engine/error.h"
#include "engine/report/numbers.h"
#include "engine/runtime/linear_times.h"

namespace salient::app {
namespace {

struct NamedCase {
  const char* name;
  std::int64_t in_features, out_features, tokens;
};

/// The fused linears of Llama-2-7B and Llama-3-8B, one token; then more tokens.
constexpr std::array kCases = {
    NamedCase{"7B q, k, v", 4096, 12288, 1},     NamedCase{"7B o", 4096, 4096, 1},
    NamedCase{"7B gate, up", 4096, 22016, 1},    NamedCase{"7B down", 11008, 4096, 1},
    NamedCase{"8B q, k, v", 4096, 6144, 1},      NamedCase{"8B down", 14336, 4096, 1},
    NamedCase{"7B gate, up", 4096, 22016, 4},    NamedCase{"7B gate, up", 4096, 22016, 16},
    NamedCase{"7B gate, up", 4096, 22016, 64},   NamedCase{"7B gate, up", 4096, 22016, 256},
    NamedCase{"7B gate, up", 4096, 22016, 2048}, NamedCase{"7B o", 4096, 4096, 2048},
    NamedCase{"7B down", 11008, 4096, 2048},
};

std::string microseconds(double seconds) {
  return format_significant(seconds * 1e6, 4) + " µs";
}

std::string tera(double operations_per_second) {
  return operations_per_second < 1e12
             ? format_significant(operations_per_second / 1e9, 3) + " GFLOP/s"
             : format_significant(operations_per_second / 1e12, 3) + " TFLOP/s";
}

std::vector<ResultTable::Cell> linear_row(const NamedCase& shape, const std::string& precision,
                                          const LinearTime& time, const LinearLimits& limits,
                                          std::optional<double> dense_seconds) {
  const double share = limits.seconds(time) / time.seconds;
  std::vector<ResultTable::Cell> row = {
      name_cell(shape.name),
      {std::to_string(shape.in_features) + " × " + std::to_string(shape.out_features),
       std::to_string(shape.in_features) + "x" + std::to_string(shape.out_features)},
      {std::to_string(shape.tokens), shape.tokens},
      {precision, precision},
      {microseconds(time.seconds), time.seconds},
      {format_bandwidth(time.bytes_per_second()), time.bytes_per_second()},
      {tera(time.operations_per_second()), time.operations_per_second()},
      {format_percent(share), share},
      {"", nullptr}};
  if (dense_seconds) {
    const double factor = *dense_seconds / time.seconds;
    row.back() = {format_factor(factor), factor};
  }
  return row;
}

}  // namespace

ResultTable linear_table(Backend& backend, const BenchSchemes& schemes, int repeats,
                         const std::stop_token& stop, Terminal& terminal) {
  ResultTable table({{"linear", "linear"},
                     {"shape", "in × out"},
                     {"tokens", "tokens"},
                     {"precision", "precision"},
                     {"seconds", "time"},
                     {"bytes_per_second", "weights read"},
                     {"operations_per_second", "products"},
                     {"share_of_limit", "share of the limit"},
                     {"over_fp16", "over FP16"}});
  const TimedBatches how{.batches = repeats};
  const LinearLimits limits = measure_linear_limits(backend, how);
  if (!terminal.json()) {
    terminal.note("limits of this run: read " + format_bandwidth(limits.read) + ", dense product " +
                  tera(limits.product));
  }
  for (const NamedCase& shape : kCases) {
    std::optional<double> dense_seconds;
    for (const auto& scheme : schemes) {
      if (stop.stop_requested()) throw Error(ErrorKind::Cancelled, "bench stopped");
      const std::string precision = scheme ? to_string(*scheme) : "FP16";
      terminal.progress(std::string(shape.name) + ", " + std::to_string(shape.tokens) +
                        " tokens, " + precision);
      const LinearTime time =
          time_linear(backend, {shape.in_features, shape.out_features, shape.tokens, scheme}, how);
      table.add(linear_row(shape, precision, time, limits, dense_seconds));
      if (!scheme) dense_seconds = time.seconds;
    }
  }
  terminal.end_progress();
  return table;
}

ResultTable stage_table(const StageTimes& times, double read_limit) {
  ResultTable table({{"stage", "stage"},
                     {"calls", "calls a token"},
                     {"seconds_per_call", "time of one"},
                     {"seconds", "time a token"},
                     {"share_of_step", "share of the token"},
                     {"bytes", "read"},
                     {"bytes_per_second", "rate"},
                     {"share_of_limit", "share of the read limit"}});
  const auto add = [&](const StageTime& stage) {
    const double once = stage.seconds / static_cast<double>(stage.calls);
    const double of_step = stage.seconds / times.step.seconds;
    const double rate = static_cast<double>(stage.bytes) / stage.seconds;
    table.add({name_cell(stage.stage),
               {std::to_string(stage.calls), stage.calls},
               {microseconds(once), once},
               {microseconds(stage.seconds), stage.seconds},
               {format_percent(of_step), of_step},
               {format_bytes(static_cast<double>(stage.bytes)), stage.bytes},
               {format_bandwidth(rate), rate},
               {format_percent(rate / read_limit), rate / read_limit}});
  };
  StageTime sum{.stage = "sum of the stages", .calls = 1};
  for (const StageTime& stage : times.stages) {
    add(stage);
    sum.seconds += stage.seconds;
    sum.bytes += stage.bytes;
  }
  add(sum);
  add(times.step);
  return table;
}

}  // namespace salient::app
