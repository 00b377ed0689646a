// SPDX-License-Identifier: Apache-2.0
#include "ui/panes/preflight_pane.h"

#include <QFileInfo>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>
#include <algorithm>

#include "ui/models/figures.h"
#include "ui/panes/captions.h"
#include "ui/panes/command_field.h"
#include "ui/panes/estimate_bars.h"
#include "ui/panes/note_row.h"
#include "ui/panes/preset_card.h"
#include "ui/panes/preset_legend.h"
#include "ui/style/accent_button.h"
#include "ui/style/caption_label.h"
#include "ui/style/chip_label.h"
#include "ui/style/elided_label.h"
#include "ui/style/metrics.h"
#include "ui/style/theme.h"
#include "ui/style/typography.h"

namespace salient::ui {
namespace {

constexpr int kPageWidth = 1056;
constexpr int kMargin = 56;
constexpr int kNarrowMargin = 24;
constexpr int kNarrow = 900;

double share(std::int64_t part, std::int64_t whole) {
  return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : 0;
}

QString presetName(Preset preset) {
  switch (preset) {
    case Preset::Small:
      return PreflightPane::tr("Small");
    case Preset::Balanced:
      return PreflightPane::tr("Balanced");
    case Preset::Careful:
      return PreflightPane::tr("Careful");
    case Preset::Own:
      return PreflightPane::tr("Own");
  }
  return {};
}

QString judgement(Preset preset) {
  switch (preset) {
    case Preset::Small:
      return PreflightPane::tr("Visible loss on small models.");
    case Preset::Balanced:
      return PreflightPane::tr("What most people want.");
    default:
      return PreflightPane::tr("Hardly different from FP16.");
  }
}

PresetFacts factsOf(Preset preset, const Plan& plan) {
  PresetFacts facts;
  const QuantScheme& scheme = plan.options.scheme;
  facts.name = presetName(preset);
  facts.scheme =
      scheme.group_size == QuantScheme::kWholeRow
          ? PreflightPane::tr("%1-bit, whole row").arg(scheme.bits)
          : PreflightPane::tr("%1-bit, group %2").arg(scheme.bits).arg(scheme.group_size);
  facts.shortScheme = QString::fromStdString(to_string(scheme));
  facts.size = figures::bytes(plan.output_bytes);
  facts.share = PreflightPane::tr("%1 of FP16")
                    .arg(figures::percent(share(plan.output_bytes, plan.fp16_bytes)));
  facts.shortShare = figures::percent(share(plan.output_bytes, plan.fp16_bytes));
  double seconds = 0;
  for (const PhaseEstimate& phase : plan.phases) {
    seconds += (phase.seconds_low + phase.seconds_high) / 2;
  }
  facts.time = PreflightPane::tr("About %1").arg(figures::seconds(seconds));
  facts.judgement = judgement(preset);
  facts.format = plan.options.format == ExportFormat::Awq
                     ? PreflightPane::tr("Exports the AWQ format that serving engines load.")
                     : PreflightPane::tr("Runs in Salient; exports as FP16 with s folded in.");
  facts.quantized = share(plan.quantized_bytes, plan.fp16_bytes);
  facts.kept = share(plan.output_bytes - plan.quantized_bytes, plan.fp16_bytes);
  return facts;
}

QLabel* words(const QFont& font) {
  auto* label = new QLabel;
  label->setTextFormat(Qt::PlainText);
  label->setFont(font);
  return label;
}

}  // namespace

PreflightPane::PreflightPane(Session& session, const WindowActions& actions, QWidget* parent)
    : QScrollArea(parent),
      session_(session),
      verdict_(new ChipLabel(ChipKind::Positive, tr("Supported"))),
      name_(new ElidedLabel(textFont(TextRole::Headline, Weight::Strong))),
      facts_(new CaptionLabel),
      legend_(new PresetLegend),
      memory_(new EstimateBars(IconName::Memory, tr("Memory"))),
      time_(new EstimateBars(IconName::Clock, tr("Time"))),
      disk_(new EstimateBars(IconName::Disk, tr("Disk"))),
      notesTitle_(words(textFont(TextRole::Body, Weight::Strong))),
      notes_(new QVBoxLayout),
      quantize_(new AccentButton(IconName::Play, tr("Quantize"))),
      open_(new QPushButton(tr("Open without quantizing"))),
      command_(new CommandField),
      foot_(new CaptionLabel) {
  setWidgetResizable(true);
  setFrameShape(QFrame::NoFrame);
  setFocusPolicy(Qt::NoFocus);
  setAccessibleName(tr("Pre-flight"));
  build(actions);
}

QWidget* PreflightPane::firstStop() {
  return quantize_;
}

void PreflightPane::build(const WindowActions& actions) {
  setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  auto* page = new QWidget;
  setSurface(*page);
  auto* outer = new QHBoxLayout(page);
  outer_ = outer;
  outer->setContentsMargins(kMargin, 24, kMargin, 24);
  auto* column = new QWidget;
  column->setMaximumWidth(kPageWidth);
  outer->addStretch(1);
  outer->addWidget(column, 1000);
  outer->addStretch(1);
  auto* rows = new QVBoxLayout(column);
  rows->setContentsMargins(0, 0, 0, 0);
  rows->setSpacing(0);
  rows->addWidget(verdict_, 0, Qt::AlignLeft);
  rows->addSpacing(8);
  rows->addWidget(name_);
  rows->addSpacing(8);
  rows->addWidget(facts_);
  rows->addSpacing(26);
  rows->addWidget(legend_);
  rows->addSpacing(12);
  auto* cards = new QHBoxLayout;
  cards->setSpacing(24);
  for (std::size_t i = 0; i < kPresets.size(); ++i) {
    cards_[i] = new PresetCard;
    cards->addWidget(cards_[i]);
    connect(cards_[i], &QRadioButton::clicked, this, [this, i] {
      Knobs knobs = session_.knobs().knobs();
      const auto& plans = session_.presetPlans();
      const std::int64_t group = i < plans.size() && plans[i] ? plans[i]->options.scheme.group_size
                                                              : knobs.scheme.group_size;
      session_.knobs().change(tr("preset %1").arg(presetName(kPresets[i])),
                              withPreset(knobs, kPresets[i], group));
      fillCards();
    });
  }
  rows->addLayout(cards);
  rows->addSpacing(34);
  auto* estimates = new QHBoxLayout;
  estimates->setSpacing(24);
  for (EstimateBars* bars : {memory_, time_, disk_}) estimates->addWidget(bars, 1, Qt::AlignTop);
  rows->addLayout(estimates);
  rows->addSpacing(30);
  notesTitle_->setText(tr("Good to know"));
  rows->addWidget(notesTitle_);
  rows->addSpacing(8);
  rows->addLayout(notes_);
  notes_->setSpacing(8);
  rows->addSpacing(30);
  rows->addWidget(actionsRow(actions));
  rows->addSpacing(12);
  rows->addWidget(foot_);
  rows->addStretch(1);
  setWidget(page);
}

void PreflightPane::resizeEvent(QResizeEvent* event) {
  QScrollArea::resizeEvent(event);
  const int margin = width() < kNarrow ? kNarrowMargin : kMargin;
  outer_->setContentsMargins(margin, 24, margin, 24);
}

QWidget* PreflightPane::actionsRow(const WindowActions& actions) {
  auto* line = new QWidget;
  auto* row = new QHBoxLayout(line);
  row->setContentsMargins(0, 0, 0, 0);
  row->setSpacing(10);
  setControlHeight(*quantize_, 36);
  setControlHeight(*open_, 36);
  setButtonHint(*quantize_, QStringLiteral("Ctrl+R"));
  quantize_->setToolTip(tr("Start the run; it can be paused and resumed"));
  open_->setToolTip(tr("Look around and chat with the model as it is"));
  auto* target = new QPushButton(tr("Save to…"));
  setControlHeight(*target, 36);
  target->setToolTip(tr("Where the run goes"));
  row->addWidget(quantize_);
  row->addWidget(open_);
  row->addWidget(target);
  row->addSpacing(8);
  row->addWidget(command_, 1);
  connect(quantize_, &QPushButton::clicked, actions[Command::Quantize], &QAction::trigger);
  connect(open_, &QPushButton::clicked, this, &PreflightPane::openWithoutQuantizing);
  connect(target, &QPushButton::clicked, this, &PreflightPane::targetWanted);
  return line;
}

void PreflightPane::fillCards() {
  const auto& plans = session_.presetPlans();
  const Preset chosen = presetOf(session_.knobs().knobs());
  for (std::size_t i = 0; i < kPresets.size(); ++i) {
    const bool planned = i < plans.size() && plans[i];
    cards_[i]->setVisible(planned);
    if (!planned) continue;
    cards_[i]->setFacts(factsOf(kPresets[i], *plans[i]));
    cards_[i]->setChecked(kPresets[i] == chosen);
  }
}

void PreflightPane::fillEstimates(const Plan& plan) {
  std::int64_t peak = 1;
  double slowest = 1e-9;
  double low = 0;
  double high = 0;
  for (const PhaseEstimate& phase : plan.phases) {
    peak = std::max(peak, phase.memory_bytes);
    slowest = std::max(slowest, phase.seconds_high);
    low += phase.seconds_low;
    high += phase.seconds_high;
  }
  std::vector<EstimateRow> memory;
  std::vector<EstimateRow> time;
  for (const PhaseEstimate& phase : plan.phases) {
    const QString name = QString::fromStdString(phase.phase);
    const double used = share(phase.memory_bytes, peak);
    memory.push_back(
        {name, figures::bytes(phase.memory_bytes), used, used, phase.memory_bytes == peak});
    time.push_back({name, figures::durationRange(phase.seconds_low, phase.seconds_high),
                    phase.seconds_low / slowest, phase.seconds_high / slowest, false});
  }
  memory_->setRows(
      tr("peak **%1** of %2 free")
          .arg(figures::bytes(plan.peak_memory_bytes), figures::bytes(plan.free_memory_bytes)),
      std::move(memory));
  time_->setRows(tr("**%1** on %2 threads")
                     .arg(figures::durationRange(low, high))
                     .arg(session_.device().threads),
                 std::move(time));
  const std::int64_t largest =
      std::max<std::int64_t>({plan.output_bytes, plan.journal_bytes, std::int64_t{1}});
  const double output = share(plan.output_bytes, largest);
  const double journal = share(plan.journal_bytes, largest);
  disk_->setRows(tr("**%1** of %2 free")
                     .arg(figures::bytes(plan.disk_bytes), figures::bytes(plan.free_disk_bytes)),
                 {{tr("export"), figures::bytes(plan.output_bytes), output, output, false},
                  {tr("journal"), figures::bytes(plan.journal_bytes), journal, journal, false}},
                 tr("The journal is removed after the export."));
}

void PreflightPane::fillNotes(const Plan& plan) {
  QStringList notes;
  for (const std::string& warning : plan.warnings) {
    notes << QLatin1Char('!') + QString::fromStdString(warning);
  }
  for (const std::string& note : plan.notes) notes << QString::fromStdString(note);
  notesTitle_->setVisible(!notes.isEmpty());
  if (notes == shownNotes_) return;
  shownNotes_ = notes;
  while (QLayoutItem* item = notes_->takeAt(0)) {
    delete item->widget();
    delete item;
  }
  for (const QString& note : notes) {
    const bool warns = note.startsWith(QLatin1Char('!'));
    notes_->addWidget(new NoteRow(warns ? IconName::Warning : IconName::Info,
                                  warns ? IconTone::Warning : IconTone::Secondary,
                                  warns ? note.mid(1) : note));
  }
}

void PreflightPane::refresh(Changes changes) {
  if (!(changes & (Change::Plan | Change::Knobs | Change::Run))) return;
  const Plan* plan = session_.plannedNow();
  if (plan == nullptr) return;
  const bool fits = plan->peak_memory_bytes <= plan->free_memory_bytes &&
                    plan->disk_bytes <= plan->free_disk_bytes;
  verdict_->setChip(fits ? ChipKind::Positive : ChipKind::Warning,
                    fits ? tr("Supported") : tr("Supported, but it will be tight"));
  name_->setWords(QString::fromStdString(modelName(*plan)));
  facts_->setText(captions::planFacts(*plan));
  legend_->setSizes(figures::bytes(plan->embedding_bytes), figures::bytes(plan->fp16_bytes));
  fillCards();
  fillEstimates(*plan);
  fillNotes(*plan);
  quantize_->setText(plan->resumes ? tr("Resume at block %1").arg(plan->finished_blocks)
                                   : tr("Quantize"));
  JobOptions shown = plan->options;
  shown.source = shown.source.filename().empty() ? shown.source.parent_path().filename()
                                                 : shown.source.filename();
  command_->setCommand(QString::fromStdString(commandLine(shown)));
  foot_->setText(tr("The run goes to %1. After the first block the estimates are replaced by "
                    "measurement. Closing the window keeps finished blocks.")
                     .arg(QString::fromStdString(plan->options.target.string())));
}

}  // namespace salient::ui
