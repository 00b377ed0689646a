// SPDX-License-Identifier: Apache-2.0
// salient quantize PATH -o OUT: the run, with its journal. The same command on an unfinished OUT
// resumes it.

#include <algorithm>
#include <stop_token>

#include "app/cli/command.h"
#include "app/cli/job_flags.h"
#include "app/cli/plan_text.h"
#include "engine/checkpoint/checkpoint.h"
#include "engine/error.h"
#include "engine/job/run_record.h"
#include "engine/report/captions.h"
#include "engine/report/numbers.h"

namespace salient::app {
namespace {

struct Flags {
  JobFlags job;
  bool dry_run = false;
};

/// Turns events into progress lines and keeps what the last lines report.
class Progress {
 public:
  Progress(const Plan& plan, Terminal& terminal) : plan_(plan), terminal_(terminal) {}

  void operator()(const Event& event) {
    std::visit([this](const auto& fact) { show(fact); }, event);
  }

  const std::vector<LinearReport>& reports() const { return reports_; }

 private:
  void show(const RunStarted& run) {
    blocks_ = run.num_blocks;
    if (run.first_block > 0) {
      terminal_.note("resuming at block " + std::to_string(run.first_block) + " of " +
                     std::to_string(run.num_blocks));
    }
  }
  void show(const WindowCalibrated& window) {
    terminal_.progress(position(window.block) + " calibrating, window " +
                       std::to_string(window.done) + " of " + std::to_string(window.total) + left_);
  }
  void show(const LinearQuantized& linear) {
    const LinearReport& report = linear.report;
    reports_.push_back(report);
    const double signal = report.signal > 0 ? report.signal : 1;
    terminal_.progress(
        position(report.id.block) + " " + std::string(short_name(report.id.role)) + "  α " +
        format_alpha(report.alpha) + "  loss " + format_loss(report.loss_rtn / signal) + " → " +
        format_loss(report.loss / signal) + " (" + format_factor(report.error_cut()) + ")" + left_);
  }
  void show(const BlockFinished& block) {
    left_ = "  " + format_clock(block.seconds_left) + " left";
  }
  void show(const ExportProgress& step) {
    terminal_.progress(step.step + " " + format_percent(step.share));
  }
  void show(const Warned& warning) { terminal_.warn(warning.sentence); }
  template <class Fact>
  void show(const Fact& /*fact*/) {}

  std::string position(std::int64_t block) const {
    return "[" + std::to_string(block + 1) + "/" + std::to_string(blocks_) + "]";
  }

  const Plan& plan_;
  Terminal& terminal_;
  std::vector<LinearReport> reports_;
  std::int64_t blocks_ = 0;
  std::string left_;
};

double median_cut(const std::vector<LinearReport>& reports) {
  std::vector<double> cuts;
  for (const LinearReport& report : reports) cuts.push_back(report.error_cut());
  if (cuts.empty()) return 1;
  std::sort(cuts.begin(), cuts.end());
  return cuts[cuts.size() / 2];
}

void print_result(const Plan& plan, const RunFinished& end,
                  const std::vector<LinearReport>& reports, Terminal& terminal) {
  if (terminal.json()) {
    terminal.print_json({{"output", plan.options.target.string()},
                         {"model", plan.config.name},
                         {"scheme", to_string(plan.options.scheme)},
                         {"format", plan.options.format ? key_of(*plan.options.format) : ""},
                         {"output_bytes", plan.output_bytes},
                         {"quantize_seconds", end.seconds},
                         {"peak_rss_bytes", end.peak_rss_bytes},
                         {"median_error_cut", median_cut(reports)}});
    return;
  }
  if (plan.options.method == Method::Rtn) {
    terminal.print(std::to_string(reports.size()) + " linears rounded, nothing searched.");
  } else if (!reports.empty()) {
    terminal.print(without_marks(map_caption(reports, static_cast<std::int64_t>(reports.size()))));
  }
  terminal.print("wrote " + plan.options.target.string() + " (" + to_string(plan.options.scheme) +
                 ", " + format_bytes(static_cast<double>(plan.output_bytes)) + ") in " +
                 format_seconds(end.seconds) + ", peak memory " +
                 format_bytes(static_cast<double>(end.peak_rss_bytes)));
}

/// What only the end of a run knows goes into its record and card.
void store_result(const Plan& plan, const RunFinished& end) {
  RunSummary summary = open_run_record(plan.options.target).summary;
  summary.quantize_seconds = end.seconds;
  summary.peak_rss_bytes = end.peak_rss_bytes;
  store_measurements(plan.options.target, summary);
}

void run(const Flags& flags, const Context& context, Terminal& terminal) {
  const auto backend = make_backend(context.globals.device);
  const auto checkpoint = open_checkpoint(flags.job.source);
  const Plan plan = make_plan(*backend, *checkpoint, to_job_options(flags.job));
  if (flags.dry_run) {
    if (terminal.json()) return terminal.print_json(plan_json(plan));
    return print_plan(plan, terminal);
  }
  for (const std::string& warning : plan.warnings) terminal.warn(warning);
  for (const std::string& note : plan.notes) terminal.note("note: " + note);
  RunControl control;
  const std::stop_callback on_stop(context.stop, [&control] { control.cancel(); });
  Progress progress(plan, terminal);
  const RunFinished end =
      run_job(*backend, plan, control, [&](const Event& event) { progress(event); });
  if (end.outcome == Outcome::Cancelled) {
    throw Error(ErrorKind::Cancelled,
                "stopped; finished blocks are kept, the same command goes on from there");
  }
  if (end.outcome == Outcome::Failed) throw Error(end.error_kind, end.sentence);
  store_result(plan, end);
  print_result(plan, end, progress.reports(), terminal);
}

}  // namespace

Command add_quantize(CLI::App& root) {
  auto flags = std::make_shared<Flags>();
  CLI::App* app = root.add_subcommand("quantize", "Quantize a model; resumes an unfinished run");
  add_job_flags(*app, flags->job);
  app->add_option("-o,--output", flags->job.target, "the folder to write")->required();
  app->add_flag("-f,--overwrite", flags->job.overwrite, "replace OUT once the new one is whole");
  app->add_flag("--dry-run", flags->dry_run, "only print the plan");
  return {app,
          [flags](const Context& context, Terminal& terminal) { run(*flags, context, terminal); }};
}

}  // namespace salient::app
