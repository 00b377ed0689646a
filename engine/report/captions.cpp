// SPDX-License-Identifier: Apache-2.0
#include "engine/report/captions.h"

#include <algorithm>
#include <cmath>

#include "engine/report/numbers.h"

namespace salient {
namespace {

std::string bold(const std::string& text) {
  return "**" + text + "**";
}

/// "1", "1.5": the share a person set, in percent.
std::string format_share(double share) {
  const double percent = share * 100;
  const double whole = std::round(percent);
  return std::abs(percent - whole) < 0.05 * percent ? format_count(std::llround(whole))
                                                    : format_significant(percent, 2);
}

}  // namespace

std::string map_caption(std::span<const LinearReport> done, std::int64_t planned) {
  if (done.empty()) {
    return bold(format_count(planned)) + " linears will be quantized; nothing is measured yet.";
  }
  std::vector<double> cuts;
  std::int64_t gained = 0;
  for (const LinearReport& report : done) {
    cuts.push_back(report.error_cut());
    gained += report.error_cut() > 1.0 ? 1 : 0;
  }
  std::sort(cuts.begin(), cuts.end());
  const auto count = static_cast<std::int64_t>(done.size());
  const std::string tail = ": " + bold(format_factor(cuts[cuts.size() / 2])) +
                           " less error at the median, " + bold(format_factor(cuts.back())) +
                           " at best.";
  if (count < planned) {
    return bold(format_count(count)) + " of " + format_count(planned) + " linears done" + tail;
  }
  if (gained == count) return "All " + bold(format_count(count)) + " linears gained" + tail;
  return bold(format_count(gained)) + " of " + format_count(count) + " linears gained" + tail;
}

std::string channels_caption(std::int64_t salient, std::int64_t channels, double share,
                             double energy) {
  return bold(format_count(salient)) + " of " + format_count(channels) + " channels (top " +
         format_share(share) + " %) carry " + bold(format_percent(energy)) +
         " of the activation energy.";
}

std::string input_caption(const InputEnergy& input) {
  return "In the " + std::string(name_of(input.site)) + " of block " + std::to_string(input.block) +
         ", " + channels_caption(input.salient, input.channels, input.share, input.carried);
}

std::string weight_error_caption(std::int64_t channel, double rtn_error, double awq_error) {
  const auto number = [](double error) {
    return bold(error >= 0.01 ? format_significant(error, 2) : format_loss(error));
  };
  const std::string numbers = " channel " + std::to_string(channel) + " from " + number(rtn_error) +
                              " to " + number(awq_error) + ".";
  if (awq_error < rtn_error) {
    return "Plain rounding piles its error into the salient channels; AWQ takes" + numbers;
  }
  return "Scaling did not help the loudest channel here: AWQ takes" + numbers;
}

std::string scale_search_caption(const LinearReport& report) {
  if (report.settings.keep_fp16) return "This linear is kept in FP16: there is nothing to search.";
  if (report.loss_rtn <= 0) return "Plain rounding leaves no error here.";
  const double scaled = report.loss_scaled / report.loss_rtn;
  const double clipped = report.loss / report.loss_rtn;
  if (report.alpha == 0.0) {
    return "No scale beat plain rounding (α = " + bold("0") + "); clipping leaves " +
           bold(format_percent(clipped)) + " of its output error.";
  }
  std::string text = "α = " + bold(format_alpha(report.alpha)) + " leaves " +
                     bold(format_percent(scaled)) + " of the output error of plain rounding";
  if (report.loss < report.loss_scaled)
    text += ", " + bold(format_percent(clipped)) + " after clipping";
  return text + ".";
}

std::string step_ratio_caption(const StepStats& steps) {
  const double finer = steps.salient_error_ratio > 0 ? 1.0 / steps.salient_error_ratio : 1.0;
  const double coarser = steps.other_error_ratio;
  if (finer < 1.05) return "The chosen scales leave the grid of the salient weights as it was.";
  std::string text = "Salient weights now sit on a grid " + bold(format_factor(finer)) + " finer; ";
  if (coarser < 1.05) return text + "the others pay nothing for it.";
  return text + "the others pay with one " + bold(format_factor(coarser)) + " coarser.";
}

std::string chat_caption(std::int64_t differing, std::int64_t places, std::int64_t first_place) {
  if (differing == 0) return "All " + bold(format_count(places)) + " picks are the same.";
  return bold(format_count(differing)) + " of " + format_count(places) +
         " picks differ, first at token " + bold(format_count(first_place)) + ".";
}

std::string without_marks(std::string_view caption) {
  std::string text;
  for (std::size_t i = 0; i < caption.size(); ++i) {
    if (caption.substr(i, 2) == "**") {
      ++i;
    } else {
      text += caption[i];
    }
  }
  return text;
}

}  // namespace salient
