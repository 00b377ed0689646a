// SPDX-License-Identifier: Apache-2.0
#include "ui/panes/job_bar.h"

#include <QHBoxLayout>
#include <QToolButton>

#include "ui/panes/captions.h"
#include "ui/panes/device_picker.h"
#include "ui/style/caption_label.h"
#include "ui/style/metrics.h"
#include "ui/style/progress_strip.h"
#include "ui/style/typography.h"

namespace salient::ui {
namespace {

CaptionLabel* oneLine(const QString& name) {
  auto* label = new CaptionLabel;
  label->setWordWrap(false);
  label->setAccessibleName(name);
  return label;
}

void tell(CaptionLabel& label, const QString& text) {
  label.setText(text);
  label.setVisible(!text.isEmpty());
}

}  // namespace

JobBar::JobBar(Session& session, const WindowActions& actions, QWidget* parent)
    : QWidget(parent),
      session_(session),
      headline_(oneLine(tr("State of the run"))),
      activity_(oneLine(tr("What is being done"))),
      progress_(new ProgressStrip),
      time_(oneLine(tr("Progress and time left"))),
      quality_(oneLine(tr("Quality"))),
      memory_(oneLine(tr("Memory"))),
      device_(new DevicePicker(session)) {
  setFixedHeight(metrics::kJobBar);
  progress_->setAccessibleName(tr("Progress of the run"));
  auto* row = new QHBoxLayout(this);
  row->setContentsMargins(metrics::kViewPadding, 0, metrics::kViewPadding, 0);
  row->setSpacing(metrics::kViewPadding);
  for (CaptionLabel* label : {headline_, activity_}) row->addWidget(label, 0, Qt::AlignVCenter);
  row->addWidget(progress_, 0, Qt::AlignVCenter);
  for (CaptionLabel* label : {time_, quality_}) row->addWidget(label, 0, Qt::AlignVCenter);
  row->addStretch(1);
  row->addWidget(memory_, 0, Qt::AlignVCenter);
  row->addWidget(device_, 0, Qt::AlignVCenter);
  auto* log = new QToolButton;
  log->setDefaultAction(actions[Command::ToggleLog]);
  log->setText(tr("Log"));
  log->setToolButtonStyle(Qt::ToolButtonTextOnly);
  log->setAutoRaise(true);
  log->setFocusPolicy(Qt::TabFocus);
  log->setAccessibleName(tr("Show the log"));
  log->setFont(textFont(TextRole::Caption, Weight::Strong));
  row->addWidget(log);
  refresh(Changes(kEverything));
}

void JobBar::refresh(Changes changes) {
  if (!(changes & (Change::Run | Change::Plan | Change::Evaluation))) return;
  const RunState& run = session_.run();
  const QString error = session_.openError();
  tell(*headline_, error.isEmpty() ? captions::jobHeadline(run) : error);
  tell(*activity_, captions::jobActivity(run));
  progress_->setVisible(run.active());
  progress_->setFraction(run.progress());
  progress_->setStripState(run.phase == RunPhase::Paused ? StripState::Paused
                                                         : StripState::Running);
  tell(*time_, captions::jobTime(run));
  tell(*quality_, run.active() ? QString() : captions::jobQuality(session_.evaluation()));
  showMachine();
}

void JobBar::showMachine() {
  // The run comes first: the machine gives way in a narrow window.
  const QString memory = session_.run().peakRssBytes > 0 ? captions::jobMemory(session_.run())
                                                         : captions::freeMemory(session_.device());
  tell(*memory_, width() >= 1200 ? memory : QString());
  device_->refresh();
  device_->setVisible(width() >= 1300 && !device_->text().isEmpty());
}

void JobBar::resizeEvent(QResizeEvent* event) {
  QWidget::resizeEvent(event);
  showMachine();
}

}  // namespace salient::ui
