// SPDX-License-Identifier: Apache-2.0
#include "ui/panes/captions.h"

#include <algorithm>

#include "engine/report/captions.h"
#include "ui/models/figures.h"

namespace salient::ui::captions {
namespace {

/// What a plan calls the text that comes with the program.
constexpr const char* kDefaultTextName = "the default text";

QString text(const std::string& utf8) {
  return QString::fromStdString(utf8);
}

QString tr(const char* words) {
  return QObject::tr(words);
}

std::vector<LinearReport> doneReports(const RunState& run) {
  std::vector<LinearReport> reports;
  for (const LinearState& linear : run.linears) {
    if (linear.result && linear.stage == LinearStage::Done)
      reports.push_back(linear.result->report);
  }
  return reports;
}

}  // namespace

QString map(const RunState& run) {
  if (!run.plan) return {};
  const auto total = static_cast<std::int64_t>(run.linears.size());
  const std::int64_t kept =
      std::count_if(run.linears.begin(), run.linears.end(),
                    [](const LinearState& linear) { return linear.settings.keep_fp16; });
  if (run.phase == RunPhase::Planned || run.doneLinears() == 0) {
    const QString excluded =
        kept == 0 ? tr("nothing is excluded.") : tr("**%1** stay FP16.").arg(figures::count(kept));
    return tr("**%1** linears in **%2** blocks will be quantized, ")
               .arg(figures::count(total - kept))
               .arg(run.plan->config.num_layers) +
           excluded;
  }
  return text(map_caption(doneReports(run), total - kept));
}

QString waiting(const RunState& run, const Study& study) {
  if (!study.linear) return tr("Select a linear in the map.");
  if (run.profileOf(*study.linear) != nullptr) return {};
  const std::int64_t block = study.linear->block;
  if (run.active()) {
    if (run.currentBlock == block) return tr("Block %1 is being measured.").arg(block);
    const std::int64_t ahead = block - run.currentBlock;
    return ahead > 0 ? tr("Block %1 is measured after %2 more blocks.").arg(block).arg(ahead)
                     : tr("Block %1 was finished before this session.").arg(block);
  }
  if (run.phase == RunPhase::Planned) {
    return tr("The inputs of block %1 are measured when the run reaches it.").arg(block);
  }
  return tr("The inputs of block %1 have not been measured.").arg(block);
}

QString missing(const Session& session) {
  const RunState& run = session.run();
  const MeasuringState& measuring = session.measuring();
  if (measuring.running) {
    if (measuring.total == 0) return tr("Measuring block **%1**.").arg(measuring.block);
    return tr("Measuring block **%1** from the first block on: window **%2** of %3.")
        .arg(measuring.block)
        .arg(measuring.done)
        .arg(measuring.total);
  }
  if (!session.missingSource().isEmpty() && !session.wrongSource().isEmpty()) {
    return tr("**%1** is not **%2**, which this run was made from: its size or header differs.")
        .arg(session.wrongSource(), session.missingSource());
  }
  if (!session.missingSource().isEmpty()) {
    return tr("**%1**, which this run was made from, was not found: FP16 in the chat, the weight "
              "error and the knobs need it.")
        .arg(session.missingSource());
  }
  if (!measuring.error.isEmpty()) return measuring.error;
  const Study& study = session.study();
  if (!study.linear || run.active()) return {};
  const bool measured = run.profileOf(*study.linear) != nullptr;
  if (measured && study.stage != StudyStage::NotAtHand) return {};
  QString sentence =
      measured ? tr("The statistics of block **%1** are not in memory: the knobs and the fixed-s "
                    "table need them.")
               : tr("The inputs of block **%1** have not been measured.");
  sentence = sentence.arg(study.linear->block);
  const std::string& name = run.plan->calibration_name;
  const bool known = name.empty() || name == kDefaultTextName ||
                     !run.plan->options.calibration_text.empty() ||
                     !session.knobs().knobs().calibration.text.empty();
  if (known) return sentence;
  return sentence + tr(" The run read **%1**; until it is chosen under Calibrate, the default text "
                       "stands in.")
                        .arg(text(name));
}

QString channels(const RunState& run, const LinearId& id, double share) {
  const SiteProfile* profile = run.profileOf(id);
  if (profile == nullptr) return {};
  const std::vector<std::int64_t> salient = salient_channels(profile->magnitude, share);
  const auto channels = static_cast<std::int64_t>(profile->magnitude.size());
  if (profile->energy.empty() && channels > 0) {
    std::vector<float> sorted = profile->magnitude;
    std::sort(sorted.begin(), sorted.end());
    const float median = sorted[sorted.size() / 2];
    const double times = median > 0 ? static_cast<double>(sorted.back() / median) : 1.0;
    return tr("**%1** of %2 channels are salient; the strongest is **%3** the median.")
        .arg(figures::count(static_cast<std::int64_t>(salient.size())), figures::count(channels),
             figures::times(times));
  }
  double carried = 0;
  double all = 0;
  for (const float energy : profile->energy) all += static_cast<double>(energy);
  for (const std::int64_t channel : salient) {
    carried += static_cast<double>(profile->energy.at(static_cast<std::size_t>(channel)));
  }
  return text(channels_caption(static_cast<std::int64_t>(salient.size()),
                               static_cast<std::int64_t>(profile->magnitude.size()), share,
                               all > 0 ? carried / all : 0));
}

QString weightError(const Study& study, std::optional<std::int64_t> channel) {
  if (!study.planes) return {};
  const std::vector<float>& rtn = study.planes->rtnPeak;
  if (!channel || *channel < 0 || *channel >= static_cast<std::int64_t>(rtn.size())) {
    channel = std::max_element(rtn.begin(), rtn.end()) - rtn.begin();
  }
  const auto index = static_cast<std::size_t>(*channel);
  return text(weight_error_caption(*channel, static_cast<double>(rtn[index]),
                                   static_cast<double>(study.planes->awqPeak[index])));
}

QString scaleSearch(const RunState& run, const Study& study) {
  if (!study.linear) return {};
  const LinearState* linear = run.find(*study.linear);
  if (!study.result) {
    if (linear != nullptr && linear->stage == LinearStage::Running) {
      return tr("**%1** of %2 values of α tried.").arg(linear->trials.size()).arg(kAlphaSteps);
    }
    return {};
  }
  const LinearReport& report = study.result->report;
  if (report.settings.keep_fp16) return tr("This linear stays FP16: nothing is rounded.");
  if (report.settings.method == Method::Rtn) return tr("Plain rounding: no scales are searched.");
  QString caption = text(scale_search_caption(report));
  if (!study.exact) caption += tr(" Estimated from a share of the rows.");
  return caption;
}

QString stepRatio(const Study& study) {
  if (!study.result || study.result->report.steps.salient_histogram.empty()) return {};
  return text(step_ratio_caption(study.result->report.steps));
}

QString effect(const Session& session) {
  const Plan* plan = session.plannedNow();
  if (plan == nullptr) return {};
  QString effect = QStringLiteral("**%1**").arg(figures::bytes(plan->output_bytes));
  const RunState& run = session.run();
  const Study& study = session.study();
  if (study.whatIf && study.result && study.result->report.loss_rtn > 0) {
    const LinearReport& report = study.result->report;
    return effect +
           tr("   **%1** the error of RTN here").arg(figures::times(report.loss / report.loss_rtn));
  }
  double rtn = 0;
  double awq = 0;
  for (const LinearState& linear : run.linears) {
    if (!linear.result || linear.stage != LinearStage::Done) continue;
    rtn += linear.result->report.loss_rtn;
    awq += linear.result->report.loss;
  }
  if (rtn > 0) return effect + tr("   **%1** the error of RTN").arg(figures::times(awq / rtn));
  if (plan->fp16_bytes <= 0) return effect;
  return effect + tr("   %1 of FP16")
                      .arg(figures::percent(static_cast<double>(plan->output_bytes) /
                                            static_cast<double>(plan->fp16_bytes)));
}

QString linearDetails(const RunState& run, const LinearId& id) {
  const LinearState* linear = run.find(id);
  if (linear == nullptr) return {};
  if (!linear->result) {
    return linear->settings.keep_fp16
               ? tr("stays FP16")
               : tr("planned, %1").arg(text(to_string(linear->settings.scheme)));
  }
  const LinearReport& report = linear->result->report;
  QString details = tr("%1, %2 at %3 bits")
                        .arg(figures::shape(report.out_features, report.in_features),
                             figures::bytes(report.packed_bytes))
                        .arg(report.settings.scheme.bits);
  if (report.signal > 0) {
    details += tr("\nrelative error %1 → **%2**")
                   .arg(figures::loss(report.loss_rtn / report.signal),
                        figures::loss(report.loss / report.signal));
  }
  return report.note.empty() ? details : details + QLatin1Char('\n') + text(report.note);
}

QString jobHeadline(const RunState& run) {
  switch (run.phase) {
    case RunPhase::Empty:
      return tr("Ready");
    case RunPhase::Planned:
      return tr("Waiting for you: nothing has been written yet");
    case RunPhase::Running:
      if (run.currentBlock < 0) return tr("**Reading** the model");
      return tr("**Block %1 of %2**").arg(run.currentBlock).arg(run.plan->config.num_layers);
    case RunPhase::Paused:
      return tr("**Paused** at block %1 of %2")
          .arg(std::max<std::int64_t>(run.currentBlock, 0))
          .arg(run.plan->config.num_layers);
    case RunPhase::Exporting:
      return tr("**Export**");
    case RunPhase::Finished:
      return run.finished.seconds > 0
                 ? tr("**Finished** in %1").arg(figures::seconds(run.finished.seconds))
                 : tr("**Finished** run");
    case RunPhase::Cancelled:
      return tr("**Stopped**, finished blocks are kept");
    case RunPhase::Failed:
      return tr("**Failed**  %1").arg(text(run.finished.sentence));
  }
  return {};
}

QString jobActivity(const RunState& run) {
  if (run.phase == RunPhase::Exporting) return text(run.exportStep);
  if (run.phase != RunPhase::Running || run.currentBlock < 0) return {};
  if (run.current) return tr("searching %1").arg(figures::roleName(*run.plan, run.current->role));
  if (run.calibrationWindows > 0) {
    return tr("measuring window %1 of %2").arg(run.calibratedWindows).arg(run.calibrationWindows);
  }
  return tr("reading weights");
}

QString jobTime(const RunState& run) {
  if (!run.active()) return {};
  QString time = QStringLiteral("**%1**").arg(figures::percent(run.progress()));
  if (run.secondsLeft) time += tr("  **%1** left").arg(figures::clock(*run.secondsLeft));
  return time;
}

QString jobQuality(const EvaluationState& evaluation) {
  if (evaluation.running && !evaluation.awq) {
    return evaluation.total > 0
               ? tr("scoring window %1 of %2").arg(evaluation.done).arg(evaluation.total)
               : tr("scoring");
  }
  if (!evaluation.awq) return {};
  const Evaluation& awq = *evaluation.awq;
  QString quality = tr("perplexity on %1 × %2 of %3  FP16 **%4**")
                        .arg(awq.windows)
                        .arg(awq.window)
                        .arg(text(awq.text_name), figures::significant(awq.a.value));
  if (evaluation.rtn && evaluation.rtn->b) {
    quality += tr("  RTN **%1**").arg(figures::significant(evaluation.rtn->b->value));
  }
  if (awq.b) quality += tr("  AWQ **%1**").arg(figures::significant(awq.b->value));
  quality += tr("    KL to FP16");
  if (evaluation.rtn)
    quality += tr("  RTN **%1**").arg(figures::significant(evaluation.rtn->kl_mean));
  return quality + tr("  AWQ **%1**").arg(figures::significant(awq.kl_mean));
}

QString jobMemory(const RunState& run) {
  if (!run.plan || run.peakRssBytes <= 0) return {};
  const QString peak = figures::bytes(run.peakRssBytes);
  if (!run.active()) return tr("peak RAM %1").arg(peak);
  // The window keeps statistics for the knobs, so it may hold more than a bare run was estimated
  // at.
  if (run.peakRssBytes > run.plan->peak_memory_bytes) return tr("RAM **%1**").arg(peak);
  return tr("RAM **%1** of %2 estimated").arg(peak, figures::bytes(run.plan->peak_memory_bytes));
}

QString device(const DeviceInfo& device) {
  // A CPU is told by its instructions, a GPU by its name.
  return text(device.name != "CPU" || device.details.empty() ? device.name : device.details);
}

QString freeMemory(const DeviceInfo& device) {
  if (device.free_memory <= 0) return {};
  return tr("%1 memory free").arg(figures::bytes(device.free_memory));
}

QString planFacts(const Plan& plan) {
  const ModelConfig& config = plan.config;
  QStringList facts;
  facts << tr("%1 architecture").arg(text(plan.architecture))
        << tr("%1 parameters").arg(figures::parameters(plan.parameters))
        << tr("%1 blocks of %2, %3 heads, %4 KV heads")
               .arg(config.num_layers)
               .arg(figures::count(config.hidden_size))
               .arg(config.num_heads)
               .arg(config.num_kv_heads)
        << QStringLiteral("%1, %2").arg(
               text(plan.source_precision),
               figures::bytes(static_cast<std::int64_t>(plan.source_bytes)));
  return facts.join(QStringLiteral("     "));
}

QString goToText(const RunState& run, const std::optional<LinearId>& id) {
  if (!run.plan) return {};
  QString place = text(modelName(*run.plan));
  if (id) {
    place += QStringLiteral("  ›  %1  ›  %2")
                 .arg(tr("block %1").arg(id->block), figures::roleName(*run.plan, id->role));
  }
  return place;
}

}  // namespace salient::ui::captions
