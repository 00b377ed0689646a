// SPDX-License-Identifier: Apache-2.0
#include "ui/panes/knobs_bar.h"

#include <QCheckBox>
#include <QFileDialog>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QLabel>
#include <QMenu>
#include <QToolButton>
#include <algorithm>
#include <array>

#include "ui/panes/action_button.h"
#include "ui/panes/captions.h"
#include "ui/style/accent_button.h"
#include "ui/style/caption_label.h"
#include "ui/style/metrics.h"
#include "ui/style/prefix_combo_box.h"
#include "ui/style/segmented_control.h"

namespace salient::ui {
namespace {

constexpr std::array kBits = {2, 3, 4, 8};
constexpr std::array<std::int64_t, 4> kGroups = {32, 64, 128, QuantScheme::kWholeRow};

struct Amount {
  std::int64_t samples, seqLen;
};
constexpr std::array kAmounts = {Amount{16, 256}, Amount{64, 512}, Amount{128, 512}};

QLabel* knobLabel(const QString& text) {
  auto* label = new QLabel(text);
  label->setForegroundRole(QPalette::PlaceholderText);
  return label;
}

template <class Values, class Value>
int indexIn(const Values& values, const Value& value) {
  const auto found = std::find(values.begin(), values.end(), value);
  return found == values.end() ? -1 : static_cast<int>(found - values.begin());
}

QString calibrationText(const CalibrationChoice& choice, std::int64_t samples,
                        std::int64_t seqLen) {
  const QString name = choice.text.empty()
                           ? KnobsBar::tr("default")
                           : QString::fromStdString(choice.text.filename().string());
  return QStringLiteral("%1 %2 × %3").arg(name).arg(samples).arg(seqLen);
}

}  // namespace

KnobsBar::KnobsBar(Session& session, const WindowActions& actions, QWidget* parent)
    : QWidget(parent),
      session_(session),
      preset_(new PrefixComboBox(tr("Preset"))),
      bits_(new SegmentedControl(
          {QStringLiteral("2"), QStringLiteral("3"), QStringLiteral("4"), QStringLiteral("8")})),
      group_(new SegmentedControl(
          {QStringLiteral("32"), QStringLiteral("64"), QStringLiteral("128"), tr("row")})),
      bitsLabel_(knobLabel(tr("Bits"))),
      groupLabel_(knobLabel(tr("Group"))),
      symmetric_(new QCheckBox(tr("Symmetric"))),
      clip_(new QCheckBox(tr("Clip"))),
      calibration_(new PrefixComboBox(tr("Calibrate"))),
      more_(new QToolButton),
      undo_(actionButton(actions[Command::Undo], IconName::Undo)),
      redo_(actionButton(actions[Command::Redo], IconName::Redo)),
      effect_(new CaptionLabel),
      quantize_(new AccentButton(IconName::Play, tr("Quantize"))),
      export_(new AccentButton(IconName::Export, tr("Export…"))),
      pause_(new QPushButton(tr("Pause"))),
      cancel_(new QPushButton(tr("Cancel"))) {
  build(actions);
  connectKnobs();
  refresh(Changes(kEverything));
}

void KnobsBar::build(const WindowActions& actions) {
  setFixedHeight(metrics::kKnobBar);
  preset_->addItems({tr("Small"), tr("Balanced"), tr("Careful"), tr("Own")});
  preset_->setAccessibleName(tr("Preset"));
  preset_->setToolTip(tr("Small is 3 bits, Balanced 4, Careful 8"));
  bits_->setAccessibleName(tr("Bits"));
  group_->setAccessibleName(tr("Group size"));
  symmetric_->setToolTip(tr("A grid symmetric around zero instead of one with a zero point"));
  symmetric_->setAccessibleName(tr("Symmetric grid"));
  clip_->setToolTip(tr("Search how far the largest weights of a group may be cut"));
  clip_->setAccessibleName(tr("Clip search"));
  calibration_->setAccessibleName(tr("Calibration text"));
  calibration_->setToolTip(tr("Which text, how many windows, how many tokens each"));
  effect_->setWordWrap(false);
  effect_->setAlignment(Qt::AlignRight);
  effect_->setAccessibleName(tr("Size and error"));
  pause_->setIcon(paletteIcon(IconName::Pause, IconTone::Text));
  cancel_->setFlat(true);
  auto* row = new QHBoxLayout(this);
  row->setContentsMargins(metrics::kViewPadding, 0, metrics::kViewPadding, 0);
  row->setSpacing(metrics::kGrid * 2);
  row->addWidget(preset_);
  row->addSpacing(metrics::kGrid * 2);
  row->addWidget(bitsLabel_);
  row->addWidget(bits_);
  row->addSpacing(metrics::kGrid * 2);
  row->addWidget(groupLabel_);
  row->addWidget(group_);
  row->addSpacing(metrics::kGrid * 2);
  row->addWidget(symmetric_);
  row->addSpacing(metrics::kGrid);
  row->addWidget(clip_);
  row->addSpacing(metrics::kGrid * 2);
  row->addWidget(calibration_);
  more_->setIcon(paletteIcon(IconName::More, IconTone::Text));
  more_->setAutoRaise(true);
  more_->setPopupMode(QToolButton::InstantPopup);
  more_->setFocusPolicy(Qt::TabFocus);
  more_->setAccessibleName(tr("More knobs"));
  more_->setToolTip(tr("Symmetric, clip and calibration"));
  more_->setMenu(new QMenu(more_));
  connect(more_->menu(), &QMenu::aboutToShow, this, &KnobsBar::fillMore);
  row->addWidget(more_);
  row->addWidget(undo_);
  row->addWidget(redo_);
  row->addWidget(effect_, 1, Qt::AlignVCenter);
  row->addSpacing(metrics::kGrid);
  for (QPushButton* button :
       std::initializer_list<QPushButton*>{quantize_, export_, pause_, cancel_}) {
    row->addWidget(button);
  }
  setButtonHint(*quantize_, QStringLiteral("Ctrl+R"));
  connect(quantize_, &QPushButton::clicked, actions[Command::Quantize], &QAction::trigger);
  connect(export_, &QPushButton::clicked, actions[Command::Export], &QAction::trigger);
  connect(pause_, &QPushButton::clicked, actions[Command::PauseResume], &QAction::trigger);
  connect(cancel_, &QPushButton::clicked, actions[Command::Cancel], &QAction::trigger);
}

void KnobsBar::connectKnobs() {
  connect(preset_, &QComboBox::activated, this, [this](int index) {
    if (index >= static_cast<int>(kPresets.size())) return;
    const Preset preset = kPresets[static_cast<std::size_t>(index)];
    change(tr("preset %1").arg(preset_->itemText(index)),
           [preset](Knobs& knobs) { knobs = withPreset(knobs, preset, knobs.scheme.group_size); });
  });
  connect(bits_, &SegmentedControl::activated, this, [this](int index) {
    const int bits = kBits[static_cast<std::size_t>(index)];
    change(tr("%1 bits").arg(bits), [bits](Knobs& knobs) { knobs.scheme.bits = bits; });
  });
  connect(group_, &SegmentedControl::activated, this, [this](int index) {
    const std::int64_t group = kGroups[static_cast<std::size_t>(index)];
    change(tr("group %1").arg(group_->text(index)),
           [group](Knobs& knobs) { knobs.scheme.group_size = group; });
  });
  connect(symmetric_, &QCheckBox::clicked, this, &KnobsBar::setSymmetric);
  connect(clip_, &QCheckBox::clicked, this, &KnobsBar::setClip);
  connect(calibration_, &QComboBox::activated, this, &KnobsBar::chooseCalibration);
}

void KnobsBar::setSymmetric(bool on) {
  change(on ? tr("symmetric") : tr("asymmetric"), [on](Knobs& knobs) {
    knobs.scheme.symmetry = on ? Symmetry::Symmetric : Symmetry::Asymmetric;
  });
}

void KnobsBar::setClip(bool on) {
  change(on ? tr("clip") : tr("no clip"),
         [on](Knobs& knobs) { knobs.clip = on ? ClipMode::Search : ClipMode::Off; });
}

void KnobsBar::fillMore() {
  QMenu& menu = *more_->menu();
  menu.clear();
  const Knobs& knobs = session_.knobs().knobs();
  QAction* symmetric = menu.addAction(tr("Symmetric"), this, &KnobsBar::setSymmetric);
  symmetric->setCheckable(true);
  symmetric->setChecked(knobs.scheme.symmetry == Symmetry::Symmetric);
  QAction* clip = menu.addAction(tr("Clip"), this, &KnobsBar::setClip);
  clip->setCheckable(true);
  clip->setChecked(knobs.clip == ClipMode::Search);
  QMenu* calibrate = menu.addMenu(tr("Calibrate"));
  calibrate->setEnabled(calibration_->isEnabled());
  for (int i = 0; i < calibration_->count(); ++i) {
    calibrate->addAction(calibration_->itemText(i), this, [this, i] { chooseCalibration(i); });
  }
}

void KnobsBar::change(const QString& text, const std::function<void(Knobs&)>& edit) {
  Knobs knobs = session_.knobs().knobs();
  edit(knobs);
  session_.knobs().change(text, knobs);
}

void KnobsBar::chooseCalibration(int index) {
  if (index < static_cast<int>(kAmounts.size())) {
    const Amount amount = kAmounts[static_cast<std::size_t>(index)];
    change(tr("calibrate with %1 × %2").arg(amount.samples).arg(amount.seqLen),
           [amount](Knobs& knobs) {
             knobs.calibration.samples = amount.samples;
             knobs.calibration.seqLen = amount.seqLen;
           });
    return;
  }
  const bool own = index == static_cast<int>(kAmounts.size());
  const QString path = own ? QFileDialog::getOpenFileName(this, tr("Calibration text"), {},
                                                          tr("Text (*.txt *.md);;All files (*)"))
                           : QString();
  if (own && path.isEmpty()) {
    refresh(Change::Knobs);
    return;
  }
  change(own ? tr("calibrate with %1").arg(QFileInfo(path).fileName()) : tr("default text"),
         [path](Knobs& knobs) { knobs.calibration.text = path.toStdString(); });
}

void KnobsBar::showButtons() {
  const RunState& run = session_.run();
  quantize_->setVisible(run.phase == RunPhase::Cancelled || run.phase == RunPhase::Failed ||
                        (run.phase == RunPhase::Finished && session_.plannedNow() != nullptr &&
                         session_.knobsDiffer()));
  export_->setVisible(run.phase == RunPhase::Finished && !quantize_->isVisibleTo(this));
  pause_->setVisible(run.active());
  cancel_->setVisible(run.active());
  const bool paused = run.phase == RunPhase::Paused;
  pause_->setText(paused ? tr("Resume") : tr("Pause"));
  pause_->setIcon(paletteIcon(paused ? IconName::Play : IconName::Pause, IconTone::Text));
  pause_->setAccessibleName(pause_->text());
  cancel_->setAccessibleName(tr("Cancel run"));
  calibration_->setEnabled(!run.active());
}

void KnobsBar::refresh(Changes changes) {
  if (!(changes & (Change::Knobs | Change::Plan | Change::Run | Change::Study))) return;
  const Knobs& knobs = session_.knobs().knobs();
  preset_->setCurrentIndex(static_cast<int>(presetOf(knobs)));
  bits_->setCurrentIndex(indexIn(kBits, knobs.scheme.bits));
  group_->setCurrentIndex(indexIn(kGroups, knobs.scheme.group_size));
  symmetric_->setChecked(knobs.scheme.symmetry == Symmetry::Symmetric);
  clip_->setChecked(knobs.clip == ClipMode::Search);
  if (changes & (Change::Knobs | Change::Plan)) {
    calibration_->clear();
    int current = -1;
    for (const Amount& amount : kAmounts) {
      if (amount.samples == knobs.calibration.samples &&
          amount.seqLen == knobs.calibration.seqLen) {
        current = calibration_->count();
      }
      calibration_->addItem(calibrationText(knobs.calibration, amount.samples, amount.seqLen));
    }
    calibration_->addItem(tr("Another text…"));
    if (!knobs.calibration.text.empty()) calibration_->addItem(tr("Default text"));
    calibration_->setCurrentIndex(current);
  }
  effect_->setText(captions::effect(session_));
  showButtons();
}

void KnobsBar::resizeEvent(QResizeEvent* event) {
  QWidget::resizeEvent(event);
  // Collapse order of the design: the labels and the rarely turned knobs give way first.
  const int wide = width();
  calibration_->setVisible(wide >= 1400);
  symmetric_->setVisible(wide >= 1200);
  clip_->setVisible(wide >= 1200);
  more_->setVisible(wide < 1400);
  preset_->setVisible(wide >= 1100);
}

}  // namespace salient::ui
