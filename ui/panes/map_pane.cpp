// SPDX-License-Identifier: Apache-2.0
#include "ui/panes/map_pane.h"

#include <QLabel>
#include <QMenu>
#include <QVBoxLayout>
#include <algorithm>
#include <cmath>

#include "ui/models/figures.h"
#include "ui/panes/captions.h"
#include "ui/style/caption_label.h"
#include "ui/style/elided_label.h"
#include "ui/style/metrics.h"
#include "ui/style/prefix_combo_box.h"
#include "ui/style/typography.h"
#include "ui/style/view_header.h"

namespace salient::ui {
namespace {

constexpr std::size_t kRoles = kLinearRoles.size();

LinearId idOf(int block, int column) {
  return {block, kLinearRoles.at(static_cast<std::size_t>(column))};
}

}  // namespace

MapPane::MapPane(Session& session, QWidget* parent)
    : Pane(session, tr("Model map"), parent),
      map_(new MapWidget),
      value_(new PrefixComboBox({}, ComboLook::Flat)),
      railTitle_(new QLabel(tr("Map"))),
      name_(new ElidedLabel(textFont(TextRole::Caption, Weight::Strong))),
      details_(new CaptionLabel) {
  value_->addItems({tr("Error cut"), tr("α"), tr("Error left"), tr("Size")});
  value_->setAccessibleName(tr("Colour of the map"));
  value_->setToolTip(tr("What the colour of a cell says"));
  header().addTool(value_);
  map_->setAccessibleName(tr("Model map"));
  map_->setReadout([this](int block, int column) {
    const LinearId id = idOf(block, column);
    QString text = QStringLiteral("**%1** ").arg(this->nameOf(id)) +
                   captions::linearDetails(this->session().run(), id);
    return text.replace(QLatin1Char('\n'), QStringLiteral(", "));
  });
  railTitle_->setFont(textFont(TextRole::Body, Weight::Strong));
  railTitle_->setMinimumHeight(metrics::kTitleControlHeight);
  railTitle_->hide();
  rows().addWidget(railTitle_);
  rows().addSpacing(metrics::kPlotGap);
  rows().addWidget(map_, 1);
  addExportEntries(header().menu(), *map_, accessibleName());
  rows().addSpacing(metrics::kPlotGap);
  rows().addWidget(name_);
  rows().addWidget(details_);
  connect(value_, &QComboBox::activated, this,
          [this](int index) { setValue(static_cast<MapValue>(index)); });
  connect(map_, &MapWidget::cellSelected, this, [this](int block, int column) {
    this->session().selection().select(idOf(block, column));
  });
  connect(map_, &MapWidget::cellMenuRequested, this, &MapPane::showMenu);
}

void MapPane::setLook(MapLook look) {
  map_->setLook(look);
  const bool full = look == MapLook::Full;
  header().setVisible(full);
  railTitle_->setVisible(!full);
  name_->setVisible(full);
  details_->setVisible(full);
}

void MapPane::setValue(MapValue value) {
  shown_ = value;
  switch (value) {
    case MapValue::ErrorCut:
      // Of a plan there is nothing to be coloured yet.
      if (planned_) {
        map_->setScale(ColorScale::Diverging, {});
        break;
      }
      map_->setScale(ColorScale::Diverging, {QStringLiteral("1×"), QStringLiteral("2×"),
                                             QStringLiteral("4×"), QStringLiteral("≥ 8×")});
      break;
    case MapValue::Alpha:
      map_->setScale(ColorScale::Sequential,
                     {QStringLiteral("0"), QStringLiteral("0.5"), QStringLiteral("1")});
      break;
    case MapValue::Error:
      map_->setScale(ColorScale::Sequential, {QStringLiteral("1e-4"), QStringLiteral("1e-3"),
                                              QStringLiteral("1e-2"), QStringLiteral("≥ 0.1")});
      break;
    case MapValue::Size:
      map_->setScale(ColorScale::Sequential, {tr("0"), tr("4"), tr("8 bits a weight")});
      break;
  }
  fillCells();
}

void MapPane::layGrid() {
  const RunState& run = session().run();
  const std::int64_t blocks = run.plan ? run.plan->config.num_layers : 0;
  if (blocks == blocks_) return;
  blocks_ = blocks;
  std::vector<MapColumn> columns;
  for (const LinearRole role : kLinearRoles) {
    const std::string_view name = short_name(role);
    columns.push_back({QString::fromUtf8(name.data(), static_cast<qsizetype>(name.size())),
                       role == LinearRole::Gate});
  }
  map_->setGrid(columns, static_cast<int>(blocks));
  setValue(shown_);
}

double MapPane::valueOf(const LinearReport& report) const {
  const double relative = report.signal > 0 ? report.loss / report.signal : 0;
  switch (shown_) {
    case MapValue::ErrorCut:
      return std::log2(std::max(report.error_cut(), 1e-3)) / 3.0;
    case MapValue::Alpha:
      return report.alpha;
    case MapValue::Error:
      return (std::log10(std::max(relative, 1e-12)) + 4.0) / 3.0;
    case MapValue::Size: {
      const double weights = static_cast<double>(report.out_features * report.in_features);
      return weights > 0 ? static_cast<double>(report.packed_bytes) / weights : 0;
    }
  }
  return 0;
}

MapCell MapPane::cellOf(const LinearState& linear) const {
  MapCell cell;
  cell.keptFp16 = linear.settings.keep_fp16;
  cell.pinnedAlpha = linear.settings.alpha.has_value();
  if (linear.stage == LinearStage::Running) {
    cell.state = CellState::Running;
    cell.progress = static_cast<float>(linear.trials.size()) / static_cast<float>(kAlphaSteps);
  }
  if (!linear.result || linear.stage != LinearStage::Done) return cell;
  const LinearReport& report = linear.result->report;
  cell.state = CellState::Done;
  cell.value = static_cast<float>(valueOf(report));
  cell.warned = report.error_cut() < 1.0 || !report.note.empty();
  return cell;
}

void MapPane::fillCells() {
  const RunState& run = session().run();
  for (const LinearState& linear : run.linears) {
    if (linear.id.block >= blocks_) continue;
    MapCell cell = cellOf(linear);
    if (cell.state == CellState::Running && run.phase == RunPhase::Paused) {
      cell.state = CellState::Paused;
    }
    const LinearKnobs own = session().knobs().knobs().of(linear.id);
    cell.keptFp16 = cell.keptFp16 || own.keepFp16;
    cell.pinnedAlpha = cell.pinnedAlpha || own.alpha.has_value();
    map_->setCell(static_cast<int>(linear.id.block), static_cast<int>(index_of(linear.id.role)),
                  cell);
  }
}

QString MapPane::nameOf(const LinearId& id) {
  return figures::linearName(*session().run().plan, id);
}

void MapPane::showDetails() {
  const std::optional<LinearId>& selected = session().selection().linear();
  if (!selected) {
    map_->setSelection(-1, -1);
    name_->setWords(tr("Click a column or a cell"));
    details_->setText(tr("to keep it FP16 or to give it other bits before the run."));
    return;
  }
  map_->setSelection(static_cast<int>(selected->block), static_cast<int>(index_of(selected->role)));
  name_->setWords(nameOf(*selected));
  details_->setText(captions::linearDetails(session().run(), *selected));
}

void MapPane::refresh(Changes changes) {
  layGrid();
  if (changes & (Change::Run | Change::Plan | Change::Knobs)) {
    const bool planned = session().run().phase == RunPhase::Planned;
    if (planned != planned_) {
      planned_ = planned;
      value_->setVisible(!planned);
      value_->setCurrentIndex(0);
      setValue(MapValue::ErrorCut);
    }
    fillCells();
    setCaption(captions::map(session().run()), map_);
  }
  showDetails();
}

void MapPane::showMenu(int block, int column, const QPoint& position) {
  const LinearId id = idOf(block, column);
  session().selection().select(id);
  KnobSettings& settings = session().knobs();
  QMenu menu(this);
  QAction* keep = menu.addAction(tr("Keep FP16"), [&settings, id, this](bool on) {
    Knobs knobs = settings.knobs();
    knobs.linears[id].keepFp16 = on;
    if (knobs.linears[id].empty()) knobs.linears.erase(id);
    settings.change(tr("keep %1 FP16").arg(nameOf(id)), knobs);
  });
  keep->setCheckable(true);
  keep->setChecked(settings.knobs().of(id).keepFp16);
  menu.addAction(tr("Keep the whole column FP16"), [&settings, id, this] {
    Knobs knobs = settings.knobs();
    for (std::int64_t i = 0; i < blocks_; ++i) knobs.linears[{i, id.role}].keepFp16 = true;
    settings.change(tr("keep every %1 FP16").arg(figures::roleName(*session().run().plan, id.role)),
                    knobs);
  });
  QMenu* bits = menu.addMenu(tr("Bits"));
  for (const int value : {2, 3, 4, 8}) {
    bits->addAction(QString::number(value), [&settings, id, value, this] {
      Knobs knobs = settings.knobs();
      knobs.linears[id].bits = value;
      settings.change(tr("%1 bits for %2").arg(value).arg(nameOf(id)), knobs);
    });
  }
  QAction* own = menu.addAction(tr("As the others"), [&settings, id, this] {
    Knobs knobs = settings.knobs();
    knobs.linears.erase(id);
    settings.change(tr("%1 as the others").arg(nameOf(id)), knobs);
  });
  own->setEnabled(!settings.knobs().of(id).empty());
  menu.exec(position);
}

}  // namespace salient::ui
