// SPDX-License-Identifier: Apache-2.0
#include "engine/report/html_report.h"

#include <algorithm>
#include <limits>
#include <vector>

#include "engine/report/captions.h"
#include "engine/report/numbers.h"
#include "engine/report/svg_chart.h"

namespace salient {
namespace {

constexpr const char* kStyle = R"(<style>
body{font:15px/1.5 Inter,system-ui,sans-serif;color:#171B22;background:#fff;max-width:960px;margin:40px auto;padding:0 24px}
h1{font-size:28px;font-weight:600;margin:0}h2{font-size:17px;font-weight:600;margin:36px 0 4px}
p{margin:4px 0;color:#4D5665}p b{color:#171B22;font-weight:600}
table{border-collapse:collapse;font-size:13px;font-variant-numeric:tabular-nums}
th{font-weight:600;text-align:right;color:#4D5665}td,th{padding:3px 12px 3px 0;text-align:right;border-bottom:1px solid #E1E4EA}
td:first-child,th:first-child{text-align:left}code{font-size:13px;background:#ECEEF2;padding:2px 6px;border-radius:4px}
.figures{display:flex;gap:40px;margin:20px 0;flex-wrap:wrap}.figures div{color:#4D5665;font-size:13px}.figures b{display:block;font-size:21px;color:#171B22;font-weight:600}
.fp16 b{color:#334152}.rtn b{color:#906402}.awq b{color:#3655CD}
svg text{font:11px Inter,system-ui,sans-serif;fill:#4D5665}svg .name{fill:#3655CD}svg .rtn-name{fill:#906402;font-weight:600}
svg .grid{stroke:#E9EBF0}svg .rtn{stroke:#906402;stroke-dasharray:5 3;stroke-width:1.5}svg .curve{fill:none;stroke:#3655CD;stroke-width:2}svg .kept{fill:none;stroke:#838B99}
</style>)";

/// **bold** marks of a caption as <b>, everything else escaped.
std::string marked(const std::string& caption) {
  std::string html;
  bool open = false;
  std::size_t begin = 0;
  for (std::size_t at = caption.find("**"); at != std::string::npos;
       at = caption.find("**", begin)) {
    html += escape_html(std::string_view(caption).substr(begin, at - begin));
    html += open ? "</b>" : "<b>";
    open = !open;
    begin = at + 2;
  }
  return html + escape_html(std::string_view(caption).substr(begin)) + (open ? "</b>" : "");
}

std::string figure(std::string_view style, const std::string& value, const std::string& name) {
  return "<div class='" + std::string(style) + "'><b>" + escape_html(value) + "</b>" +
         escape_html(name) + "</div>";
}

std::string quality_figures(const RunSummary& run) {
  std::string html = "<div class='figures'>";
  html += figure("", format_bytes(static_cast<double>(run.output_bytes)),
                 "from " + format_bytes(static_cast<double>(run.fp16_bytes)) + " in FP16");
  html += figure("", format_seconds(run.quantize_seconds), "to quantize");
  const auto& best = run.awq_against_fp16 ? run.awq_against_fp16 : run.rtn_against_fp16;
  if (best) html += figure("fp16", format_significant(best->a.value, 3), "perplexity FP16");
  if (run.rtn_against_fp16 && run.rtn_against_fp16->b) {
    html += figure("rtn", format_significant(run.rtn_against_fp16->b->value, 3), "perplexity RTN");
    html += figure("rtn", format_significant(run.rtn_against_fp16->kl_mean, 3), "KL RTN");
  }
  if (run.awq_against_fp16 && run.awq_against_fp16->b) {
    html += figure("awq", format_significant(run.awq_against_fp16->b->value, 3), "perplexity AWQ");
    html += figure(
        "awq", format_with_error(run.awq_against_fp16->kl_mean, run.awq_against_fp16->kl_stderr),
        "KL AWQ");
  }
  html += "</div>";
  if (best) {
    html += "<p>Perplexity and KL divergence to FP16 on " + format_count(best->windows) +
            " windows of " + format_count(best->window) + " tokens of " +
            escape_html(best->text_name) + ".</p>";
  }
  return html;
}

std::string map(const RunSummary& run) {
  std::vector<std::string> columns;
  for (const LinearReport& linear : run.linears) {
    if (linear.id.block == run.linears.front().id.block) {
      columns.emplace_back(short_name(linear.id.role));
    }
  }
  std::vector<double> cuts;
  for (const LinearReport& linear : run.linears) {
    cuts.push_back(linear.settings.keep_fp16 ? std::numeric_limits<double>::quiet_NaN()
                                             : linear.error_cut());
  }
  return "<h2>Model map</h2><p>" +
         marked(map_caption(run.linears, static_cast<std::int64_t>(run.linears.size()))) + "</p>" +
         svg_heat_grid("error cut against plain rounding, blocks by linears", columns, cuts);
}

SvgCurve relative_curve(const LinearReport& linear) {
  SvgCurve curve{.label = "block " + std::to_string(linear.id.block) + " " +
                          std::string(short_name(linear.id.role)),
                 .points = {}};
  for (const AlphaTrial& trial : linear.curve.trials) {
    if (trial.finite && linear.loss_rtn > 0) {
      curve.points.push_back({trial.alpha, trial.loss / linear.loss_rtn});
    }
  }
  return curve;
}

std::vector<const LinearReport*> by_gain(const RunSummary& run) {
  std::vector<const LinearReport*> order;
  for (const LinearReport& linear : run.linears) {
    if (!linear.curve.trials.empty()) order.push_back(&linear);
  }
  std::sort(order.begin(), order.end(), [](const LinearReport* a, const LinearReport* b) {
    return a->error_cut() != b->error_cut() ? a->error_cut() > b->error_cut() : a->id < b->id;
  });
  return order;
}

std::string salience(const RunSummary& run) {
  if (!run.loudest_input) return "";
  return "<h2>Salience</h2><p>" + marked(input_caption(*run.loudest_input)) +
         " No other input of the model is as uneven.</p>";
}

std::string scale_search(const RunSummary& run) {
  const auto order = by_gain(run);
  if (order.empty()) return "";
  std::vector<SvgCurve> curves;
  for (const std::size_t i : {order.size() - 1, order.size() / 2, std::size_t{0}}) {
    curves.push_back(relative_curve(*order[i]));
  }
  return "<h2>Scale search</h2><p>" + marked(scale_search_caption(*order.front())) +
         " The curves are the best, the median and the worst linear.</p>" +
         svg_log_curves("output error over alpha", curves);
}

std::string step_ratio(const RunSummary& run) {
  const auto order = by_gain(run);
  if (order.empty()) return "";
  return "<h2>Step ratio</h2><p>" + escape_html(order.front()->name) + ": " +
         marked(step_ratio_caption(order.front()->steps)) + "</p>";
}

std::string table(const RunSummary& run) {
  std::string html =
      "<h2>Every linear</h2><table><tr><th>linear</th><th>scheme</th><th>α</th><th>relative error "
      "RTN</th><th>stored</th><th>cut</th><th>size</th><th></th></tr>";
  for (const LinearReport& linear : run.linears) {
    const double signal = linear.signal > 0 ? linear.signal : 1;
    const bool kept = linear.settings.keep_fp16;
    html += "<tr><td>" + escape_html(linear.name) + "</td><td>" +
            (kept ? std::string("FP16") : to_string(linear.settings.scheme)) + "</td><td>" +
            format_alpha(linear.alpha) + "</td><td>" + format_loss(linear.loss_rtn / signal) +
            "</td><td>" + format_loss(linear.loss / signal) + "</td><td>" +
            format_factor(linear.error_cut()) + "</td><td>" +
            format_bytes(static_cast<double>(linear.packed_bytes)) + "</td><td>" +
            escape_html(linear.note) + "</td></tr>";
  }
  return html + "</table>";
}

}  // namespace

std::string html_report(const RunSummary& run) {
  const std::string title = run.model + ", " + to_string(run.scheme);
  std::string html = "<!DOCTYPE html><html lang='en'><head><meta charset='utf-8'><title>" +
                     escape_html(title) + "</title>" + kStyle + "</head><body><h1>" +
                     escape_html(run.model) + "</h1><p>" + escape_html(to_string(run.scheme)) +
                     ", " + (run.method == Method::Awq ? "AWQ" : "plain rounding") +
                     ", calibrated on " + escape_html(run.calibration) + ". FP16 here means " +
                     escape_html(run.source_precision) + ".</p>";
  html += quality_figures(run);
  for (const std::string& note : run.notes) html += "<p>" + escape_html(note) + "</p>";
  html += map(run) + salience(run) + scale_search(run) + step_ratio(run) + table(run);
  return html + "<h2>Again</h2><p><code>" + escape_html(run.command) +
         "</code></p></body></html>\n";
}

}  // namespace salient
