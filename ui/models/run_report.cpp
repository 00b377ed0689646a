// SPDX-License-Identifier: Apache-2.0
#include "ui/models/run_report.h"

#include "engine/report/html_report.h"

namespace salient::ui {
namespace {

std::optional<double> rateOf(const ChatTurn* turn, Side side) {
  if (turn == nullptr || !turn->of(side).done) return std::nullopt;
  return turn->of(side).done->throughput.tokens_per_second();
}

}  // namespace

std::string runReport(Session& session) {
  const RunState& run = session.run();
  const Plan& plan = *run.plan;
  RunSummary summary;
  summary.model = modelName(plan);
  summary.architecture = plan.architecture;
  summary.source_precision = plan.source_precision;
  summary.parameters = plan.parameters;
  summary.scheme = plan.options.scheme;
  summary.method = plan.options.method;
  summary.clip = plan.options.clip;
  const std::filesystem::path& text = plan.options.calibration_text;
  summary.calibration = std::to_string(plan.options.calibration.samples) + " × " +
                        std::to_string(plan.options.calibration.seq_len) + " tokens of " +
                        (text.empty() ? "the bundled text" : text.filename().string());
  summary.command = commandLine(plan.options);
  summary.fp16_bytes = plan.fp16_bytes;
  summary.output_bytes = plan.output_bytes;
  summary.quantize_seconds = run.finished.seconds;
  summary.peak_rss_bytes = run.peakRssBytes;
  for (const LinearState& linear : run.linears) {
    if (linear.result) summary.linears.push_back(linear.result->report);
  }
  summary.notes = plan.notes;
  summary.notes.insert(summary.notes.end(), run.warnings.begin(), run.warnings.end());
  summary.rtn_against_fp16 = session.evaluation().rtn;
  summary.awq_against_fp16 = session.evaluation().awq;
  const ChatTurn* turn = session.chat().model().last();
  summary.fp16_tokens_per_second = rateOf(turn, Side::Left);
  summary.quantized_tokens_per_second = rateOf(turn, Side::Right);
  return html_report(summary);
}

}  // namespace salient::ui
