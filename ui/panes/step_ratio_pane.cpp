// SPDX-License-Identifier: Apache-2.0
#include "ui/panes/step_ratio_pane.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QMenu>
#include <QVBoxLayout>
#include <cmath>

#include "ui/models/figures.h"
#include "ui/panes/captions.h"
#include "ui/panes/fixed_scale_table.h"
#include "ui/plots/histogram_plot.h"
#include "ui/style/figure_block.h"
#include "ui/style/metrics.h"
#include "ui/style/segmented_control.h"
#include "ui/style/typography.h"
#include "ui/style/view_header.h"

namespace salient::ui {
namespace {

HistogramData histogramOf(const StepStats& steps) {
  HistogramData data;
  data.quantity = QStringLiteral("(Δ′/Δ)/s");
  const std::size_t bins = steps.salient_histogram.size();
  if (bins == 0) return data;
  for (std::size_t i = 0; i <= bins; ++i) {
    const double share = static_cast<double>(i) / static_cast<double>(bins);
    data.edges.push_back(std::exp2(kHistogramRange * (2.0 * share - 1.0)));
  }
  data.salient.assign(steps.salient_histogram.begin(), steps.salient_histogram.end());
  data.others.assign(steps.other_histogram.begin(), steps.other_histogram.end());
  data.predicted = steps.predicted;
  return data;
}

QString ratio(double value) {
  return QString::number(value, 'f', value < 10 ? 2 : 1) + QStringLiteral("×");
}

}  // namespace

StepRatioPane::StepRatioPane(Session& session, QWidget* parent)
    : Pane(session, tr("Step ratio"), parent),
      mode_(new SegmentedControl({tr("Chosen s"), tr("Fixed s")})),
      step_(new FigureBlock(tr("median step Δ′/Δ"))),
      salient_(new FigureBlock(tr("salient error"), FigureTone::Awq)),
      other_(new FigureBlock(tr("other error"), FigureTone::Secondary)),
      plot_(new HistogramPlot),
      tableTitle_(new QLabel),
      table_(new FixedScaleTable) {
  mode_->setAccessibleName(tr("Chosen or fixed scales"));
  mode_->setControlHeight(metrics::kTitleControlHeight);
  mode_->setSegmentToolTip(1, tr("The paper's table: one s on the salient channels"));
  header().addTool(mode_);
  plot_->setAccessibleName(tr("Step ratio"));
  rows().addSpacing(metrics::kPlotGap);
  auto* figures = new QHBoxLayout;
  for (FigureBlock* block : {step_, salient_, other_}) figures->addWidget(block, 1);
  rows().addLayout(figures);
  addPlot(*plot_);
  tableTitle_->setFont(textFont(TextRole::Caption, Weight::Strong));
  tableTitle_->setTextFormat(Qt::PlainText);
  rows().addSpacing(metrics::kPlotGap);
  rows().addWidget(tableTitle_);
  rows().addWidget(table_);
  header().menu().addSeparator();
  addExportMenu(header().menu(), *table_);
  connect(mode_, &SegmentedControl::activated, this, [this](int) { refresh(Change::Study); });
}

QWidget* StepRatioPane::firstStop() {
  return plot_;
}

void StepRatioPane::fill() {
  const Study& study = session().study();
  const StepStats* steps = study.result ? &study.result->report.steps : nullptr;
  const bool fixed = mode_->currentIndex() == 1;
  if (fixed && !study.fixedScales.empty()) steps = &study.fixedScales[2].stats;
  const bool known = steps != nullptr && !steps->salient_histogram.empty();
  step_->setFigure(known ? ratio(steps->median_step_ratio) : QString());
  salient_->setFigure(known ? ratio(steps->salient_error_ratio) : QString());
  other_->setFigure(known ? ratio(steps->other_error_ratio) : QString());
  if (known) plot_->setData(histogramOf(*steps));
  plot_->setMessage(known ? QString() : tr("Filled when α is chosen."));
  const double share = session().knobs().knobs().salientShare;
  tableTitle_->setText(
      tr("Fixed s on the top %1 % of this linear").arg(QString::number(share * 100, 'g', 2)));
  table_->setRows(study.fixedScales);
}

void StepRatioPane::refresh(Changes changes) {
  if (!(changes & (Change::Study | Change::Plan | Change::Knobs))) return;
  const Study& study = session().study();
  const bool fixed = mode_->currentIndex() == 1;
  fill();
  if (fixed && study.fixedScales.size() > 2) {
    const FixedScaleRow& row = study.fixedScales[2];
    setCaption(tr("With s = **%1** on the salient channels alone the output error is **%2** of "
                  "plain rounding's.")
                   .arg(row.factor)
                   .arg(figures::percent(row.loss_over_rtn)),
               plot_);
    return;
  }
  const QString waiting = captions::waiting(session().run(), study);
  setCaption(waiting.isEmpty() ? captions::stepRatio(study) : waiting, plot_);
}

}  // namespace salient::ui
