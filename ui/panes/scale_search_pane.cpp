// SPDX-License-Identifier: Apache-2.0
#include "ui/panes/scale_search_pane.h"

#include <QCheckBox>
#include <QHBoxLayout>
#include <QSignalBlocker>
#include <cmath>

#include "ui/models/figures.h"
#include "ui/panes/captions.h"
#include "ui/plots/curve_plot.h"
#include "ui/style/metrics.h"
#include "ui/style/prefix_combo_box.h"
#include "ui/style/view_header.h"

namespace salient::ui {
namespace {

Curve curveOf(const QString& name, const std::vector<AlphaTrial>& trials, double lossRtn) {
  Curve curve;
  curve.name = name;
  const double rtn = lossRtn > 0 ? lossRtn : trials.empty() ? 1.0 : trials.front().loss;
  for (const AlphaTrial& trial : trials) {
    CurvePoint point;
    point.alpha = trial.alpha;
    if (trial.finite && rtn > 0) {
      point.loss = trial.loss / rtn;
    } else {
      point.state = PointState::Skipped;
      point.reason = QObject::tr("the error is not a finite number here");
    }
    curve.points.push_back(point);
  }
  return curve;
}

int bestOf(const std::vector<AlphaTrial>& trials, double alpha) {
  for (std::size_t i = 0; i < trials.size(); ++i) {
    if (trials[i].finite && std::abs(trials[i].alpha - alpha) < 1e-9) return static_cast<int>(i);
  }
  return -1;
}

}  // namespace

ScaleSearchPane::ScaleSearchPane(Session& session, QWidget* parent)
    : Pane(session, tr("Scale search"), parent),
      plot_(new CurvePlot),
      alpha_(new PrefixComboBox(tr("α"))),
      bits_(new PrefixComboBox(tr("Bits"))),
      keep_(new QCheckBox(tr("Keep FP16"))) {
  plot_->setAccessibleName(tr("Scale search"));
  addPlot(*plot_);
  for (PrefixComboBox* knob : {alpha_, bits_}) {
    knob->setSizeAdjustPolicy(QComboBox::AdjustToContents);
  }
  alpha_->setMinimumWidth(112);
  bits_->setMaximumWidth(80);
  alpha_->setAccessibleName(tr("α of this linear and those that share its scales"));
  alpha_->setToolTip(tr("Automatic, or pinned to a value; a click on the curve pins it too"));
  bits_->setAccessibleName(tr("Bits of this linear"));
  bits_->setToolTip(tr("As all linears, or its own"));
  keep_->setToolTip(tr("This linear is not quantized"));
  keep_->setAccessibleName(tr("Keep this linear in FP16"));
  auto* row = new QHBoxLayout;
  row->setContentsMargins(0, metrics::kGrid * 2, 0, metrics::kGrid * 2);
  row->setSpacing(metrics::kGrid * 2);
  row->addWidget(alpha_);
  row->addWidget(bits_);
  row->addStretch(1);
  row->addWidget(keep_);
  rows().addLayout(row);
  connect(plot_, &CurvePlot::pinRequested, this, [this](double value) { pin(value); });
  connect(alpha_, &QComboBox::activated, this, [this](int index) {
    pin(index == 0 ? std::nullopt
                   : std::optional<double>(static_cast<double>(index - 1) / kAlphaSteps));
  });
  connect(bits_, &QComboBox::activated, this, [this](int index) {
    setBits(index == 0 ? std::nullopt : std::optional<int>(bits_->itemData(index).toInt()));
  });
  connect(keep_, &QCheckBox::clicked, this, &ScaleSearchPane::keepFp16);
}

QWidget* ScaleSearchPane::firstStop() {
  return plot_;
}

void ScaleSearchPane::pin(std::optional<double> alpha) {
  const std::optional<LinearId>& selected = session().selection().linear();
  if (!selected || !session().run().plan) return;
  KnobSettings& settings = session().knobs();
  Knobs knobs = settings.knobs();
  // A pinned α searched again by a second click on the same point is the way back.
  const bool release = alpha && knobs.of(*selected).alpha == alpha;
  for (const LinearId& id : scaleGroup(*session().run().plan, *selected)) {
    knobs.linears[id].alpha = release ? std::nullopt : alpha;
    if (knobs.linears[id].empty()) knobs.linears.erase(id);
  }
  const bool automatic = release || !alpha;
  settings.change(automatic ? tr("automatic α") : tr("α %1").arg(*alpha, 0, 'f', 2), knobs,
                  KnobKey::Alpha);
}

void ScaleSearchPane::setBits(std::optional<int> bits) {
  const std::optional<LinearId>& selected = session().selection().linear();
  if (!selected) return;
  KnobSettings& settings = session().knobs();
  Knobs knobs = settings.knobs();
  knobs.linears[*selected].bits = bits;
  if (knobs.linears[*selected].empty()) knobs.linears.erase(*selected);
  settings.change(
      bits ? tr("%1 bits for %2")
                 .arg(*bits)
                 .arg(figures::linearName(*session().run().plan, *selected))
           : tr("%1 as the others").arg(figures::linearName(*session().run().plan, *selected)),
      knobs);
}

void ScaleSearchPane::keepFp16(bool keep) {
  const std::optional<LinearId>& selected = session().selection().linear();
  if (!selected) return;
  KnobSettings& settings = session().knobs();
  Knobs knobs = settings.knobs();
  knobs.linears[*selected].keepFp16 = keep;
  if (knobs.linears[*selected].empty()) knobs.linears.erase(*selected);
  settings.change(
      keep ? tr("keep %1 FP16").arg(figures::linearName(*session().run().plan, *selected))
           : tr("quantize %1").arg(figures::linearName(*session().run().plan, *selected)),
      knobs);
}

void ScaleSearchPane::fillCurve() {
  const Study& study = session().study();
  const LinearState* linear = study.linear ? session().run().find(*study.linear) : nullptr;
  const std::vector<AlphaTrial>* trials = nullptr;
  double lossRtn = 0;
  if (study.result) {
    trials = &study.result->report.curve.trials;
    lossRtn = study.result->report.loss_rtn;
  } else if (linear != nullptr) {
    trials = &linear->trials;
  }
  const QString label = settingsLabel(study.settings);
  if (trials == nullptr || trials->empty()) {
    plot_->setData({label, {}});
    plot_->setBest(-1, {});
  } else {
    plot_->setData(curveOf(label, *trials, lossRtn));
    const int best = study.result ? bestOf(*trials, study.result->report.alpha) : -1;
    plot_->setBest(
        best, best < 0 ? QString() : tr("best α %1").arg(study.result->report.alpha, 0, 'f', 2));
  }
  std::vector<Curve> ghosts;
  for (const GhostCurve& ghost : study.ghosts) {
    // Ghosts keep the scale of the curve in force, so that fewer bits stand higher.
    ghosts.push_back(curveOf(ghost.label, ghost.curve.trials, lossRtn));
  }
  plot_->setGhosts(ghosts);
  plot_->setPinned(study.settings.alpha);
  plot_->setStale(study.whatIf && study.stage == StudyStage::Searching && !study.exact);
  const std::vector<AlphaTrial> shown = trials ? *trials : std::vector<AlphaTrial>{};
  const double rtn = lossRtn > 0 ? lossRtn : shown.empty() ? 1.0 : shown.front().loss;
  plot_->setReadout([shown, rtn](int point) {
    if (point < 0 || point >= static_cast<int>(shown.size())) return QString();
    const AlphaTrial& trial = shown[static_cast<std::size_t>(point)];
    return tr("α **%1**  error **%2** of RTN")
        .arg(trial.alpha, 0, 'f', 2)
        .arg(figures::percent(trial.loss / rtn));
  });
}

void ScaleSearchPane::fillKnobs() {
  const std::optional<LinearId>& selected = session().selection().linear();
  const QSignalBlocker quietAlpha(alpha_);
  const QSignalBlocker quietBits(bits_);
  for (QWidget* knob : std::initializer_list<QWidget*>{alpha_, bits_, keep_}) {
    knob->setEnabled(selected.has_value());
  }
  if (!selected) return;
  const Study& study = session().study();
  const LinearKnobs own = session().knobs().knobs().of(*selected);
  const QString best =
      study.result ? tr("auto %1").arg(study.result->report.alpha, 0, 'f', 2) : tr("auto");
  if (alpha_->count() != kAlphaSteps + 1) {
    alpha_->clear();
    alpha_->addItem(best);
    for (int i = 0; i < kAlphaSteps; ++i) {
      alpha_->addItem(QString::number(static_cast<double>(i) / kAlphaSteps, 'f', 2));
    }
  }
  const QString first = own.alpha ? tr("auto") : best;
  if (alpha_->itemText(0) != first) alpha_->setItemText(0, first);
  alpha_->setCurrentIndex(own.alpha ? 1 + static_cast<int>(std::lround(*own.alpha * kAlphaSteps))
                                    : 0);
  if (bits_->count() == 0) {
    bits_->addItem({});
    for (const int bits : {2, 3, 4, 8}) bits_->addItem(QString::number(bits), bits);
  }
  bits_->setItemText(0, QString::number(session().knobs().knobs().scheme.bits));
  bits_->setCurrentIndex(own.bits ? bits_->findData(*own.bits) : 0);
  keep_->setChecked(own.keepFp16);
}

void ScaleSearchPane::refresh(Changes changes) {
  if (!(changes & (Change::Study | Change::Plan | Change::Knobs))) return;
  const Study& study = session().study();
  const QString waiting = captions::waiting(session().run(), study);
  if (!waiting.isEmpty()) {
    plot_->setMessage(waiting);
    setCaption(waiting, plot_);
  } else {
    plot_->setMessage({});
    QString caption = captions::scaleSearch(session().run(), study);
    if (study.stage == StudyStage::Failed) caption = study.error;
    setCaption(caption, plot_);
    fillCurve();
  }
  fillKnobs();
}

}  // namespace salient::ui
