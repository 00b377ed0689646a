// SPDX-License-Identifier: Apache-2.0
#include <QApplication>
#include <QMenu>
#include <QThreadPool>

#include "gallery_pages.h"
#include "sample_data.h"
#include "ui/plots/distance_plot.h"
#include "ui/plots/speed_plot.h"
#include "ui/style/figure_block.h"
#include "ui/style/metrics.h"
#include "ui/style/segmented_control.h"
#include "ui/style/theme.h"
#include "ui/style/view_header.h"

namespace salient::ui::gallery {
namespace {

SegmentedControl* titleSegments(const QStringList& words, int current) {
  auto* control = new SegmentedControl(words);
  control->setControlHeight(metrics::kTitleControlHeight);
  control->setCurrentIndex(current);
  return control;
}

void addSearch(QBoxLayout& rows) {
  auto* header = new ViewHeader(QStringLiteral("Scale search"));
  header->menu();
  header->setCaption(
      QStringLiteral("α = **0.60** leaves **7.4 %** of the output error of plain "
                     "rounding, **5.5 %** after clipping."));
  rows.addWidget(header);
  rows.addSpacing(4);
  auto* plot = new CurvePlot;
  plot->setFixedHeight(138);
  plot->setData(sample::curve(QStringLiteral("4-bit g64"), 0.074, 1));
  plot->setGhosts({sample::curve(QStringLiteral("3-bit g64"), 0.32, 2.0),
                   sample::curve(QStringLiteral("4-bit g128"), 0.11, 1.05),
                   sample::curve(QStringLiteral("4-bit g32"), 0.05, 0.9)});
  plot->setBest(12, QStringLiteral("best α 0.60"));
  rows.addWidget(plot);
}

void addSteps(QBoxLayout& rows) {
  auto* header = new ViewHeader(QStringLiteral("Step ratio"));
  header->addTool(titleSegments({QStringLiteral("Chosen s"), QStringLiteral("Fixed s")}, 0));
  header->setCaption(
      QStringLiteral("Salient weights now sit on a grid **3.1×** finer; the others "
                     "pay with one **1.3×** coarser."));
  rows.addWidget(header);
  rows.addSpacing(12);
  auto* figures = new QHBoxLayout;
  const auto add = [figures](const QString& label, FigureTone tone, const QString& figure) {
    auto* block = new FigureBlock(label, tone);
    block->setFigure(figure);
    figures->addWidget(block, 1);
  };
  add(QStringLiteral("median step Δ′/Δ"), FigureTone::Text, QStringLiteral("1.29×"));
  add(QStringLiteral("salient error"), FigureTone::Awq, QStringLiteral("0.32×"));
  add(QStringLiteral("other error"), FigureTone::Secondary, QStringLiteral("1.35×"));
  rows.addLayout(figures);
  rows.addSpacing(6);
  auto* histogram = new HistogramPlot;
  histogram->setFixedHeight(88);
  histogram->setData(sample::stepRatios());
  rows.addWidget(histogram);
}

PlotWidget* speedBars() {
  auto* plot = new SpeedPlot;
  plot->setBars(sample::speedBars());
  return plot;
}

PlotWidget* distanceStrips() {
  auto* plot = new DistancePlot;
  plot->setStrips(sample::distanceStrips());
  return plot;
}

}  // namespace

void settle() {
  QThreadPool::globalInstance()->waitForDone();
  QCoreApplication::processEvents();
}

QWidget* page(QBoxLayout*& rows, int width, int height) {
  auto* widget = new QWidget;
  setSurface(*widget);
  rows = new QVBoxLayout(widget);
  rows->setContentsMargins(16, 10, 16, 8);
  rows->setSpacing(0);
  widget->resize(width, height);
  return widget;
}

QWidget* channelsView(int channels) {
  QBoxLayout* rows = nullptr;
  QWidget* widget = page(rows, 848, 262);
  auto* header = new ViewHeader(QStringLiteral("Channels"));
  header->setSubtitle(QStringLiteral("1 536 inputs"));
  header->addTool(titleSegments({QStringLiteral("Index"), QStringLiteral("Sorted")}, 0));
  header->menu();
  header->setCaption(QStringLiteral(
      "**15** of 1 536 channels (top 1 %) carry **97 %** of the activation energy."));
  header->setReadout(
      QStringLiteral("channel **1095**   |x| **39.6**   **135×** median   s **19×**"));
  rows->addWidget(header);
  auto* plot = new SpectrumPlot;
  plot->setData(sample::spectrum(channels));
  plot->setSalientShare(0.0098);
  plot->setCurrentChannel(static_cast<int>(0.713 * channels));
  rows->addWidget(plot, 1);
  return widget;
}

QWidget* errorView(ErrorView shown) {
  QBoxLayout* rows = nullptr;
  QWidget* widget = page(rows, 848, 302);
  auto* header = new ViewHeader(QStringLiteral("Weight error"));
  header->addTool(
      titleSegments({QStringLiteral("|W|"), QStringLiteral("|W|·mag"), QStringLiteral("RTN"),
                     QStringLiteral("AWQ"), QStringLiteral("Split"), QStringLiteral("Gain")},
                    static_cast<int>(shown)));
  header->menu();
  header->setCaption(
      QStringLiteral("Plain rounding piles its error into the salient channels; AWQ "
                     "takes channel 1095 from **0.73** to **0.10**."));
  rows->addWidget(header);
  rows->addSpacing(4);
  auto* map = new HeatmapWidget;
  const auto data = sample::spectrum(1536);
  SpectrumPlot spectrum;
  spectrum.setData(data);
  const auto salient = spectrum.salientChannels();
  map->setSalientChannels({salient.begin(), salient.end()});
  map->setCurrentChannel(1095);
  map->setGroupSize(64);
  map->setPlane(ErrorPlane::RtnError, sample::errorPlane(576, *data, sample::Rounding::Rtn));
  map->setPlane(ErrorPlane::AwqError, sample::errorPlane(576, *data, sample::Rounding::Awq));
  map->setPlane(ErrorPlane::Gain, sample::gainPlane(576, *data));
  map->setCellText(
      [](ErrorPlane, int row, int channel) { return QString::number((row * 7 + channel) % 16); });
  map->setShown(shown);
  map->setObjectName(QStringLiteral("heatmap"));
  rows->addWidget(map, 1);
  settle();
  return widget;
}

QWidget* errorZoomed() {
  QWidget* widget = errorView(ErrorView::Split);
  auto* map = widget->findChild<HeatmapWidget*>();
  map->zoomTo(QRectF(1085, 100, 24, 10));
  return widget;
}

QWidget* rightColumn() {
  QBoxLayout* rows = nullptr;
  QWidget* widget = page(rows, 336, 520);
  addSearch(*rows);
  rows->addSpacing(24);
  addSteps(*rows);
  rows->addStretch();
  return widget;
}

QWidget* mapView(int finishedBlocks, MapLook look) {
  QBoxLayout* rows = nullptr;
  QWidget* widget = page(rows, look == MapLook::Rail ? 96 : 256, 720);
  if (look == MapLook::Full) {
    auto* header = new ViewHeader(QStringLiteral("Model map"));
    header->setCaption(
        QStringLiteral("**132** of 210 linears done: **1.7×** less error at the median so far."));
    rows->addWidget(header);
    rows->addSpacing(4);
  }
  auto* map = new MapWidget;
  map->setGrid(sample::llamaColumns(), 30);
  map->setScale(ColorScale::Diverging, {QStringLiteral("1×"), QStringLiteral("2×"),
                                        QStringLiteral("4×"), QStringLiteral("≥ 8×")});
  map->setLook(look);
  sample::fillMap(*map, finishedBlocks);
  if (finishedBlocks < 30) {
    map->setCell(finishedBlocks, 0, {.state = CellState::Running, .progress = 0.6F});
    map->setCell(finishedBlocks, 1, {.state = CellState::Paused, .progress = 0.3F});
  }
  map->setCell(4, 3, {.state = CellState::Done, .value = -0.4F, .warned = true});
  map->setCell(6, 2, {.state = CellState::Done, .value = 0.5F, .pinnedAlpha = true});
  map->setCell(8, 6, {.state = CellState::Done, .keptFp16 = true});
  map->setCell(9, 5, {.state = CellState::Failed, .warned = true});
  map->setSelection(12, 2);
  rows->addWidget(map, 1);
  return widget;
}

QWidget* chatViews() {
  QBoxLayout* rows = nullptr;
  QWidget* widget = page(rows, 1012, 400);
  auto* strip = new RibbonPlot(RibbonLook::Strip);
  strip->setFixedHeight(38);
  strip->setTokens(sample::tokens());
  rows->addWidget(strip);
  rows->addSpacing(16);
  auto* header = new ViewHeader(QStringLiteral("KL per token"));
  header->setSubtitle(QStringLiteral("Mean 0.153; AWQ picks another token at 11 of 78 places."));
  rows->addWidget(header);
  auto* ribbon = new RibbonPlot(RibbonLook::Full);
  ribbon->setFixedHeight(140);
  ribbon->setTokens(sample::tokens());
  ribbon->setSelectedToken(16);
  rows->addWidget(ribbon);
  rows->addSpacing(16);
  auto* columns = new QHBoxLayout;
  columns->setSpacing(24);
  columns->addWidget(speedBars(), 1);
  columns->addWidget(distanceStrips(), 1);
  rows->addLayout(columns);
  rows->addStretch();
  return widget;
}

}  // namespace salient::ui::gallery
