// SPDX-License-Identifier: Apache-2.0
// salient inspect OUT: what the search found, linear by linear, from the record of a published run.

#include <algorithm>

#include "app/cli/command.h"
#include "engine/error.h"
#include "engine/job/run_energy.h"
#include "engine/job/settings_json.h"
#include "engine/report/captions.h"
#include "engine/report/numbers.h"

namespace salient::app {
namespace {

struct Flags {
  std::filesystem::path folder;
  std::string linear;
  bool csv = false;
};

std::vector<LinearReport> chosen(const RunRecord& record, const std::string& part) {
  std::vector<LinearReport> reports;
  for (const LinearReport& report : record.summary.linears) {
    if (report.name.find(part) != std::string::npos) reports.push_back(report);
  }
  if (reports.empty()) {
    throw Error(ErrorKind::BadInput, "no linear of " + record.folder.string() + " has '" + part +
                                         "' in its name; names look like " +
                                         record.summary.linears.front().name);
  }
  return reports;
}

double relative(double loss, const LinearReport& report) {
  return report.signal > 0 ? loss / report.signal : loss;
}

std::string scheme_of(const LinearReport& report) {
  return report.settings.keep_fp16 ? "FP16" : to_string(report.settings.scheme);
}

void print_csv(const std::vector<LinearReport>& reports, Terminal& terminal) {
  terminal.print(
      "name,out_features,in_features,scheme,alpha,signal,loss_rtn,loss_scaled,loss,bytes");
  for (const LinearReport& report : reports) {
    const nlohmann::ordered_json figures = {report.alpha,       report.signal, report.loss_rtn,
                                            report.loss_scaled, report.loss,   report.packed_bytes};
    std::string line = printable(report.name) + "," + std::to_string(report.out_features) + "," +
                       std::to_string(report.in_features) + "," + scheme_of(report);
    for (const auto& figure : figures) line += "," + figure.dump();
    terminal.print(line);
  }
}

void print_table(const std::vector<LinearReport>& reports, Terminal& terminal) {
  for (const LinearReport& report : reports) {
    terminal.print(
        printable(report.name) + "  " + scheme_of(report) + "  α " + format_alpha(report.alpha) +
        "  error " + format_loss(relative(report.loss_rtn, report)) + " → " +
        format_loss(relative(report.loss, report)) + "  " + format_factor(report.error_cut()) +
        (report.note.empty() ? "" : "  " + printable(report.note)));
  }
}

/// One linear in words and with its whole curve.
void print_one(const RunRecord& record, const LinearReport& report, Terminal& terminal) {
  const auto energy = input_energy(record, report.id, BlockOptions().salient_share);
  if (energy) terminal.print(without_marks(input_caption(*energy)));
  terminal.print(without_marks(scale_search_caption(report)));
  terminal.print(without_marks(step_ratio_caption(report.steps)));
  for (const AlphaTrial& trial : report.curve.trials) {
    terminal.print("α " + format_alpha(trial.alpha) + "  " +
                   (trial.finite ? format_loss(relative(trial.loss, report)) : "not finite"));
  }
}

void run(const Flags& flags, Terminal& terminal) {
  const RunRecord record = open_run_record(flags.folder);
  const auto reports = chosen(record, flags.linear);
  if (terminal.json()) {
    nlohmann::ordered_json json = nlohmann::ordered_json::array();
    for (const LinearReport& report : reports) json.push_back(to_json_value(report));
    return terminal.print_json(json);
  }
  if (flags.csv) return print_csv(reports, terminal);
  terminal.print(terminal.bold(printable(record.summary.model)) + ", " +
                 to_string(record.summary.scheme) + ", " + std::string(key_of(record.format)));
  terminal.print(without_marks(map_caption(
      record.summary.linears, static_cast<std::int64_t>(record.summary.linears.size()))));
  print_table(reports, terminal);
  if (reports.size() == 1) print_one(record, reports.front(), terminal);
}

}  // namespace

Command add_inspect(CLI::App& root) {
  auto flags = std::make_shared<Flags>();
  CLI::App* app = root.add_subcommand("inspect", "What the search found, linear by linear");
  app->add_option("OUT", flags->folder, "a folder that salient quantize wrote")->required();
  app->add_option("--linear", flags->linear, "only linears with this in their name");
  app->add_flag("--csv", flags->csv, "as CSV");
  return {app, [flags](const Context&, Terminal& terminal) { run(*flags, terminal); }};
}

}  // namespace salient::app
