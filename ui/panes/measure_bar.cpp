// SPDX-License-Identifier: Apache-2.0
#include "ui/panes/measure_bar.h"

#include <QHBoxLayout>
#include <QPainter>
#include <QPropertyAnimation>
#include <QPushButton>

#include "ui/panes/captions.h"
#include "ui/style/accent_button.h"
#include "ui/style/caption_label.h"
#include "ui/style/metrics.h"
#include "ui/style/motion.h"
#include "ui/style/palette.h"
#include "ui/style/progress_strip.h"
#include "ui/style/theme.h"

namespace salient::ui {
namespace {

constexpr int kProgressWidth = 160;

QPushButton* button(const QString& text, const QString& name) {
  auto* made = new QPushButton(text);
  made->setAccessibleName(name);
  setControlHeight(*made, metrics::kTitleControlHeight);
  return made;
}

}  // namespace

MeasureBar::MeasureBar(Session& session, const WindowActions& actions, QWidget* parent)
    : QWidget(parent),
      session_(session),
      sentence_(new CaptionLabel),
      progress_(new ProgressStrip),
      measure_(button(tr("Measure this linear"), tr("Measure this linear"))),
      stop_(button(tr("Stop"), tr("Stop measuring"))),
      locate_(button(tr("Locate model…"), tr("Locate the model of this run"))) {
  setSurface(*this);
  setAccessibleName(tr("What the views are missing"));
  progress_->setAccessibleName(tr("Progress of measuring"));
  progress_->setFixedWidth(kProgressWidth);
  measure_->setObjectName(QStringLiteral("measureLinear"));
  stop_->setObjectName(QStringLiteral("stopMeasuring"));
  locate_->setObjectName(QStringLiteral("locateModel"));
  measure_->setToolTip(
      tr("Reads the calibration text through the model up to this block, in the background"));
  auto* row = new QHBoxLayout(this);
  row->setContentsMargins(metrics::kViewPadding, metrics::kGrid * 2, metrics::kViewPadding,
                          metrics::kGrid * 2);
  row->setSpacing(metrics::kViewPadding);
  row->addWidget(sentence_, 1, Qt::AlignVCenter);
  row->addWidget(progress_, 0, Qt::AlignVCenter);
  for (QPushButton* choice : {measure_, stop_, locate_}) row->addWidget(choice);
  connect(measure_, &QPushButton::clicked, actions[Command::MeasureLinear], &QAction::trigger);
  connect(locate_, &QPushButton::clicked, actions[Command::LocateModel], &QAction::trigger);
  connect(stop_, &QPushButton::clicked, this, [this] { session_.stopMeasuring(); });
  refresh(Changes(kEverything));
}

void MeasureBar::refresh(Changes changes) {
  if (!(changes & (Change::Study | Change::Plan | Change::Run | Change::Knobs))) return;
  const QString sentence = captions::missing(session_);
  slide(!sentence.isEmpty());
  if (sentence.isEmpty()) return;
  const MeasuringState& measuring = session_.measuring();
  sentence_->setText(sentence);
  sentence_->setAccessibleName(withoutMarks(sentence));
  progress_->setVisible(measuring.running);
  progress_->setFraction(measuring.total > 0 ? static_cast<double>(measuring.done) /
                                                   static_cast<double>(measuring.total)
                                             : 0);
  stop_->setVisible(measuring.running);
  locate_->setVisible(!session_.missingSource().isEmpty());
  measure_->setVisible(session_.canMeasure());
}

void MeasureBar::slide(bool shown) {
  if (shown == !isHidden()) return;
  setVisible(shown);
  const int duration = motionDuration(Motion::Collapse);
  if (!shown || duration == 0) return;
  auto* grow = new QPropertyAnimation(this, "maximumHeight", this);
  grow->setDuration(duration);
  grow->setStartValue(0);
  grow->setEndValue(sizeHint().height());
  connect(grow, &QAbstractAnimation::finished, this, [this] { setMaximumHeight(QWIDGETSIZE_MAX); });
  grow->start(QAbstractAnimation::DeleteWhenStopped);
}

void MeasureBar::paintEvent(QPaintEvent* /*event*/) {
  QPainter painter(this);
  painter.fillRect(0, height() - 1, width(), 1, paletteOf(*this).hairline);
}

}  // namespace salient::ui
