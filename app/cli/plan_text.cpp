// SPDX-License-Identifier: Apache-2.0
#include "app/cli/plan_text.h"

#include <algorithm>

#include "engine/export/consumers.h"
#include "engine/report/numbers.h"

namespace salient::app {
namespace {

std::string bytes(std::int64_t count) {
  return format_bytes(static_cast<double>(count));
}

std::string range(double low, double high) {
  return format_seconds(low) + " to " + format_seconds(high);
}

std::string percent_of(std::int64_t part, std::int64_t whole) {
  return whole > 0 ? format_percent(static_cast<double>(part) / static_cast<double>(whole)) : "–";
}

std::int64_t kept_count(const Plan& plan) {
  return std::count_if(plan.settings.begin(), plan.settings.end(),
                       [](const LinearSettings& settings) { return settings.keep_fp16; });
}

std::vector<ConsumerVerdict> consumers_of_plan(const Plan& plan) {
  if (!plan.options.format) return {};
  return consumers_of(*plan.options.format, plan.config, plan.linears, plan.settings);
}

/// "vLLM, tensor parallel 1, 2 or 4" or "lmdeploy: takes group 128, not 64".
std::string consumer_line(const ConsumerVerdict& verdict) {
  if (!verdict.loads) return verdict.consumer + ": " + verdict.why_not;
  std::string text = verdict.consumer;
  if (!verdict.note.empty()) text += ", " + verdict.note;
  const std::vector<int>& parts = verdict.tensor_parallel;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const char* between = i == 0 ? ", tensor parallel " : i + 1 == parts.size() ? " or " : ", ";
    text += between + std::to_string(parts[i]);
  }
  return text;
}

nlohmann::ordered_json consumers_json(const Plan& plan) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const ConsumerVerdict& verdict : consumers_of_plan(plan)) {
    list.push_back({{"consumer", verdict.consumer},
                    {"loads", verdict.loads},
                    {"why_not", verdict.why_not},
                    {"note", verdict.note},
                    {"tensor_parallel", verdict.tensor_parallel}});
  }
  return list;
}

}  // namespace

void print_plan(const Plan& plan, Terminal& terminal) {
  terminal.print(terminal.bold(printable(plan.config.name)) + ", " + plan.architecture + ", " +
                 format_parameters(plan.parameters) + " parameters, " + plan.source_precision);
  terminal.print("scheme   " + to_string(plan.options.scheme) +
                 (plan.options.method == Method::Rtn      ? ", plain rounding"
                  : plan.options.clip == ClipMode::Search ? ", AWQ with clip"
                                                          : ", AWQ without clip") +
                 (plan.options.format ? ", written as " + std::string(key_of(*plan.options.format))
                                      : std::string()));
  terminal.print("linears  " + std::to_string(plan.linears.size()) + ", of them " +
                 std::to_string(kept_count(plan)) + " kept in FP16");
  terminal.print("size     " + bytes(plan.output_bytes) + ", " +
                 percent_of(plan.output_bytes, plan.fp16_bytes) + " of " + bytes(plan.fp16_bytes) +
                 " in FP16");
  terminal.print("memory   peak " + bytes(plan.peak_memory_bytes) + " of " +
                 bytes(plan.free_memory_bytes) + " free");
  terminal.print("disk     " + bytes(plan.disk_bytes) + " of " + bytes(plan.free_disk_bytes) +
                 " free");
  double low = 0;
  double high = 0;
  for (const PhaseEstimate& phase : plan.phases) {
    low += phase.seconds_low;
    high += phase.seconds_high;
  }
  terminal.print("time     " + range(low, high));
  for (const PhaseEstimate& phase : plan.phases) {
    terminal.print("  " + phase.phase + "  " + range(phase.seconds_low, phase.seconds_high) + ", " +
                   bytes(phase.memory_bytes));
  }
  if (plan.resumes) {
    terminal.print("resumes at block " + std::to_string(plan.finished_blocks) + " of " +
                   std::to_string(plan.config.num_layers));
  }
  for (const ConsumerVerdict& verdict : consumers_of_plan(plan)) {
    terminal.print((verdict.loads ? "loads in " : "not in   ") + consumer_line(verdict));
  }
  for (const std::string& note : plan.notes) terminal.print("note     " + printable(note));
  for (const std::string& warning : plan.warnings) terminal.warn(warning);
}

nlohmann::ordered_json plan_json(const Plan& plan) {
  nlohmann::ordered_json json = {
      {"model", plan.config.name},
      {"architecture", plan.architecture},
      {"precision", plan.source_precision},
      {"parameters", plan.parameters},
      {"scheme", to_string(plan.options.scheme)},
      {"format", plan.options.format ? key_of(*plan.options.format) : ""},
      {"linears", plan.linears.size()},
      {"kept_fp16", kept_count(plan)},
      {"fp16_bytes", plan.fp16_bytes},
      {"output_bytes", plan.output_bytes},
      {"peak_memory_bytes", plan.peak_memory_bytes},
      {"free_memory_bytes", plan.free_memory_bytes},
      {"disk_bytes", plan.disk_bytes},
      {"free_disk_bytes", plan.free_disk_bytes},
      {"resumes", plan.resumes},
      {"finished_blocks", plan.finished_blocks},
      {"notes", plan.notes},
      {"warnings", plan.warnings}};
  json["consumers"] = consumers_json(plan);
  for (const PhaseEstimate& phase : plan.phases) {
    json["phases"].push_back({{"phase", phase.phase},
                              {"memory_bytes", phase.memory_bytes},
                              {"seconds_low", phase.seconds_low},
                              {"seconds_high", phase.seconds_high}});
  }
  return json;
}

}  // namespace salient::app
