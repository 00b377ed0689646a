// SPDX-License-Identifier: Apache-2.0
// Renders every widget of ui/style and ui/plots with sample data, in both themes at 1x and 2x:
//   QT_QPA_PLATFORM=offscreen ui_gallery OUT_DIR
// To be looked at beside the design's pictures; not a test.
#include <QApplication>
#include <QCheckBox>
#include <QDir>
#include <QElapsedTimer>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QMenuBar>
#include <QPainter>
#include <QPlainTextEdit>
#include <QRadioButton>
#include <QSlider>
#include <QSpinBox>
#include <QTabWidget>
#include <QTableWidget>
#include <QThreadPool>
#include <QToolButton>
#include <QVBoxLayout>
#include <algorithm>
#include <cstdio>
#include <vector>

#include "sample_data.h"
#include "ui/plots/heatmap_widget.h"
#include "ui/plots/limit_bar.h"
#include "ui/plots/scale_strip.h"
#include "ui/style/accent_button.h"
#include "ui/style/caption_label.h"
#include "ui/style/chip_label.h"
#include "ui/style/figure_block.h"
#include "ui/style/icons.h"
#include "ui/style/metrics.h"
#include "ui/style/prefix_combo_box.h"
#include "ui/style/progress_strip.h"
#include "ui/style/segmented_control.h"
#include "ui/style/theme.h"
#include "ui/style/typography.h"
#include "ui/style/view_header.h"

using namespace salient::ui;

namespace {

// A finished plane takes a pool thread and one posted event.
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

SegmentedControl* titleSegments(const QStringList& words, int current) {
  auto* control = new SegmentedControl(words);
  control->setControlHeight(metrics::kTitleControlHeight);
  control->setCurrentIndex(current);
  return control;
}

QWidget* knobBar() {
  auto* bar = new QWidget;
  bar->setAutoFillBackground(true);
  bar->resize(1440, metrics::kKnobBar);
  auto* row = new QHBoxLayout(bar);
  row->setContentsMargins(16, 8, 16, 8);
  row->setSpacing(16);
  auto* preset = new PrefixComboBox(QStringLiteral("Preset"));
  preset->addItems({QStringLiteral("Balanced"), QStringLiteral("Small")});
  row->addWidget(preset);
  const auto labelled = [row](const QString& word, SegmentedControl* control, int index) {
    auto* label = new QLabel(word);
    label->setForegroundRole(QPalette::PlaceholderText);
    row->addWidget(label);
    row->addWidget(control);
    control->setCurrentIndex(index);
  };
  labelled(QStringLiteral("Bits"),
           new SegmentedControl({QStringLiteral("2"), QStringLiteral("3"), QStringLiteral("4"),
                                 QStringLiteral("8")}),
           2);
  labelled(QStringLiteral("Group"),
           new SegmentedControl({QStringLiteral("32"), QStringLiteral("64"), QStringLiteral("128"),
                                 QStringLiteral("row")}),
           1);
  row->addWidget(new QCheckBox(QStringLiteral("Symmetric")));
  auto* clip = new QCheckBox(QStringLiteral("Clip"));
  clip->setChecked(true);
  row->addWidget(clip);
  auto* calibrate = new PrefixComboBox(QStringLiteral("Calibrate"));
  calibrate->addItem(QStringLiteral("c4.txt 16 × 256"));
  row->addWidget(calibrate);
  for (const IconName name : {IconName::Undo, IconName::Redo}) {
    auto* button = new QToolButton;
    button->setAutoRaise(true);
    button->setIcon(paletteIcon(name));
    button->setEnabled(name == IconName::Undo);
    row->addWidget(button);
  }
  row->addStretch();
  auto* budget = new CaptionLabel(QStringLiteral("**114 MB**   **0.15×** the error of RTN"));
  budget->setWordWrap(false);
  row->addWidget(budget);
  auto* pause = new QPushButton(QStringLiteral("Pause"));
  pause->setIcon(paletteIcon(IconName::Pause, IconTone::Text));
  row->addWidget(pause);
  row->addWidget(new AccentButton(QStringLiteral("Export…")));
  return bar;
}

QWidget* controls() {
  QBoxLayout* rows = nullptr;
  QWidget* widget = page(rows, 620, 430);
  rows->setSpacing(12);
  auto* chips = new QHBoxLayout;
  chips->addWidget(new ChipLabel(ChipKind::Positive, QStringLiteral("Supported")));
  chips->addWidget(new ChipLabel(ChipKind::Warning, QStringLiteral("Partly supported")));
  chips->addWidget(new ChipLabel(ChipKind::Danger, QStringLiteral("Not supported")));
  chips->addWidget(new ChipLabel(ChipKind::Neutral, QStringLiteral("Not measured")));
  chips->addStretch();
  rows->addLayout(chips);
  auto* headline = new QLabel(QStringLiteral("SmolLM2-135M-Instruct"));
  headline->setFont(textFont(TextRole::Headline, Weight::Strong));
  rows->addWidget(headline);
  rows->addWidget(new CaptionLabel(
      QStringLiteral("Plain rounding piles its error into the salient channels; AWQ takes channel "
                     "1095 from **0.73** to **0.10**, and a long sentence wraps to the next line "
                     "of **17** px.")));
  auto* buttons = new QHBoxLayout;
  auto* run = new AccentButton(IconName::Play, QStringLiteral("Quantize"));
  setButtonHint(*run, QStringLiteral("Ctrl+R"));
  setControlHeight(*run, 36);
  buttons->addWidget(run);
  auto* open = new QPushButton(QStringLiteral("Open without quantizing"));
  setControlHeight(*open, 36);
  buttons->addWidget(open);
  auto* flat = new QPushButton(QStringLiteral("Cancel"));
  flat->setFlat(true);
  buttons->addWidget(flat);
  auto* off = new AccentButton(QStringLiteral("Export…"));
  off->setEnabled(false);
  buttons->addWidget(off);
  buttons->addStretch();
  rows->addLayout(buttons);
  auto* choices = new QHBoxLayout;
  auto* radio = new QRadioButton(QStringLiteral("Balanced"));
  radio->setChecked(true);
  choices->addWidget(radio);
  choices->addWidget(new QRadioButton(QStringLiteral("Careful")));
  auto* disabled = new QCheckBox(QStringLiteral("Keep FP16"));
  disabled->setEnabled(false);
  choices->addWidget(disabled);
  auto* metric = new PrefixComboBox({}, ComboLook::Flat);
  metric->addItem(QStringLiteral("Error cut"));
  setControlHeight(*metric, metrics::kTitleControlHeight);
  choices->addWidget(metric);
  choices->addStretch();
  rows->addLayout(choices);
  auto* field = new QLineEdit(QStringLiteral("Tell me a fun fact about octopuses."));
  rows->addWidget(field);
  auto* strip = new ProgressStrip;
  strip->setFraction(0.63);
  rows->addWidget(strip);
  auto* figures = new QHBoxLayout;
  figures->setSpacing(24);
  const QStringList labels = {QStringLiteral("median step Δ′/Δ"), QStringLiteral("salient error"),
                              QStringLiteral("other error")};
  const QStringList values = {QStringLiteral("1.29×"), QStringLiteral("0.32×"), QString()};
  for (int i = 0; i < 3; ++i) {
    auto* block = new FigureBlock(labels[i], static_cast<FigureTone>(i));
    block->setFigure(values[i]);
    figures->addWidget(block);
  }
  rows->addLayout(figures);
  auto* icons = new QHBoxLayout;
  icons->setSpacing(2);
  for (int i = 0; i <= static_cast<int>(IconName::Warning); ++i) {
    auto* picture = new QLabel;
    picture->setPixmap(paletteIcon(static_cast<IconName>(i), IconTone::Text).pixmap(16, 16));
    icons->addWidget(picture);
  }
  rows->addLayout(icons);
  rows->addStretch();
  return widget;
}

// What the main window takes from Qt as it is: menus, tables, spin boxes, tabs, text.
QWidget* standardWidgets() {
  QBoxLayout* rows = nullptr;
  QWidget* widget = page(rows, 720, 560);
  rows->setSpacing(12);
  auto* bar = new QMenuBar;
  for (const char* name : {"File", "Edit", "View", "Job", "Tools", "Help"}) {
    bar->addMenu(QString::fromLatin1(name));
  }
  rows->addWidget(bar);
  auto* fields = new QHBoxLayout;
  fields->setSpacing(8);
  auto* spin = new QSpinBox;
  spin->setRange(0, 100);
  spin->setValue(7);
  auto* real = new QDoubleSpinBox;
  real->setValue(0.95);
  auto* off = new QSpinBox;
  off->setEnabled(false);
  auto* slider = new QSlider(Qt::Horizontal);
  slider->setValue(40);
  auto* hint = new QLineEdit;
  hint->setPlaceholderText(QStringLiteral("Go to a model, layer, tensor or command"));
  for (QWidget* each : std::initializer_list<QWidget*>{spin, real, off, slider, hint}) {
    fields->addWidget(each);
  }
  rows->addLayout(fields);
  auto* table = new QTableWidget(4, 4);
  table->setHorizontalHeaderLabels({QStringLiteral("Model"), QStringLiteral("Parameters"),
                                    QStringLiteral("Type"), QStringLiteral("Size")});
  table->verticalHeader()->hide();
  for (int row = 0; row < 4; ++row) {
    for (int column = 0; column < 4; ++column) {
      table->setItem(row, column,
                     new QTableWidgetItem(QStringLiteral("cell %1").arg(row + column)));
    }
  }
  table->selectRow(1);
  rows->addWidget(table, 1);
  auto* tabs = new QTabWidget;
  auto* log = new QPlainTextEdit(QStringLiteral("block 12 v_proj: α 0.45, 1.9e-3 → 7.1e-4"));
  log->setFont(monoFont(TextRole::Caption));
  tabs->addTab(log, QStringLiteral("Log"));
  tabs->addTab(new QWidget, QStringLiteral("Tasks"));
  rows->addWidget(tabs, 1);
  auto* menu = new QMenu(widget);
  menu->setWindowFlags(Qt::Widget);
  menu->addAction(paletteIcon(IconName::Copy), QStringLiteral("Copy"), QKeySequence::Copy, menu,
                  [] {});
  menu->addAction(QStringLiteral("Save as PNG…"));
  menu->addSeparator();
  auto* checked = menu->addAction(QStringLiteral("Show as table"));
  checked->setCheckable(true);
  checked->setChecked(true);
  menu->addAction(QStringLiteral("Explain"))->setEnabled(false);
  menu->addMenu(QStringLiteral("Layout"));
  rows->addWidget(menu);
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
  map->setCellText([](int row, int channel) { return QString::number((row * 7 + channel) % 16); });
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
  auto* search = new ViewHeader(QStringLiteral("Scale search"));
  search->menu();
  search->setCaption(
      QStringLiteral("α = **0.60** leaves **7.4 %** of the output error of plain "
                     "rounding, **5.5 %** after clipping."));
  rows->addWidget(search);
  rows->addSpacing(4);
  auto* curve = new CurvePlot;
  curve->setFixedHeight(138);
  Curve main = sample::curve(QStringLiteral("4-bit g64"), 0.074, 1);
  curve->setData(main);
  curve->setGhosts({sample::curve(QStringLiteral("3-bit g64"), 0.32, 2.0),
                    sample::curve(QStringLiteral("4-bit g128"), 0.11, 1.05),
                    sample::curve(QStringLiteral("4-bit g32"), 0.05, 0.9)});
  curve->setBest(12, QStringLiteral("best α 0.60"));
  rows->addWidget(curve);
  rows->addSpacing(12);
  auto* knobs = new QHBoxLayout;
  auto* alpha = new PrefixComboBox(QStringLiteral("α"));
  alpha->addItem(QStringLiteral("auto 0.60"));
  auto* bits = new PrefixComboBox(QStringLiteral("Bits"));
  bits->addItem(QStringLiteral("4"));
  knobs->addWidget(alpha);
  knobs->addWidget(bits);
  knobs->addWidget(new QCheckBox(QStringLiteral("Keep FP16")));
  knobs->addStretch();
  rows->addLayout(knobs);
  rows->addSpacing(12);
  auto* steps = new ViewHeader(QStringLiteral("Step ratio"));
  steps->addTool(titleSegments({QStringLiteral("Chosen s"), QStringLiteral("Fixed s")}, 0));
  steps->setCaption(
      QStringLiteral("Salient weights now sit on a grid **3.1×** finer; the others "
                     "pay with one **1.3×** coarser."));
  rows->addWidget(steps);
  rows->addSpacing(12);
  auto* figures = new QHBoxLayout;
  auto* median = new FigureBlock(QStringLiteral("median step Δ′/Δ"));
  median->setFigure(QStringLiteral("1.29×"));
  auto* salient = new FigureBlock(QStringLiteral("salient error"), FigureTone::Awq);
  salient->setFigure(QStringLiteral("0.32×"));
  auto* others = new FigureBlock(QStringLiteral("other error"), FigureTone::Secondary);
  others->setFigure(QStringLiteral("1.35×"));
  for (FigureBlock* block : {median, salient, others}) figures->addWidget(block, 1);
  rows->addLayout(figures);
  rows->addSpacing(6);
  auto* histogram = new HistogramPlot;
  histogram->setFixedHeight(88);
  histogram->setData(sample::stepRatios());
  rows->addWidget(histogram);
  rows->addStretch();
  return widget;
}

QWidget* mapView(int finished, MapLook look) {
  QBoxLayout* rows = nullptr;
  QWidget* widget = page(rows, look == MapLook::Rail ? 96 : 256, 720);
  auto* map = new MapWidget;
  if (look == MapLook::Full) {
    auto* header = new ViewHeader(QStringLiteral("Model map"));
    header->setCaption(
        QStringLiteral("**132** of 210 linears done: **1.7×** less error at the median so far."));
    rows->addWidget(header);
    rows->addSpacing(4);
  }
  map->setGrid(sample::llamaColumns(), 30);
  map->setScale(ColorScale::Diverging, {QStringLiteral("1×"), QStringLiteral("2×"),
                                        QStringLiteral("4×"), QStringLiteral("≥ 8×")});
  map->setLook(look);
  sample::fillMap(*map, finished);
  if (finished < 30) {
    MapCell running;
    running.state = CellState::Running;
    running.progress = 0.6F;
    map->setCell(finished, 0, running);
    running.state = CellState::Paused;
    map->setCell(finished, 1, running);
  }
  MapCell odd = map->cell(4, 3);
  odd.value = -0.4F;
  odd.warned = true;
  map->setCell(4, 3, odd);
  odd = map->cell(6, 2);
  odd.pinnedAlpha = true;
  map->setCell(6, 2, odd);
  odd = map->cell(8, 6);
  odd.keptFp16 = true;
  map->setCell(8, 6, odd);
  odd.keptFp16 = false;
  odd.state = CellState::Failed;
  odd.warned = true;
  map->setCell(9, 5, odd);
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
  auto* bars = new QVBoxLayout;
  auto* fp16 = new LimitBar(ModelTone::Fp16);
  fp16->setBar(0.3, 0.42, QStringLiteral("52.1 tok/s, 70 % of the read limit"));
  auto* awq = new LimitBar(ModelTone::Awq);
  awq->setBar(0.69, 1, QStringLiteral("121 tok/s, 69 % of the read limit"));
  bars->addWidget(fp16);
  bars->addSpacing(12);
  bars->addWidget(awq);
  bars->addStretch();
  columns->addLayout(bars, 1);
  auto* strips = new QVBoxLayout;
  auto* kl = new ScaleStrip(QStringLiteral("KL divergence"), QStringLiteral("lower is better"));
  kl->setMarks({{ModelTone::Awq, 0.166, QStringLiteral("AWQ 0.166")},
                {ModelTone::Rtn, 0.342, QStringLiteral("RTN 0.342")}});
  auto* perplexity =
      new ScaleStrip(QStringLiteral("Perplexity"), QStringLiteral("lower is better"));
  perplexity->setMarks({{ModelTone::Fp16, 34.0, QStringLiteral("FP16 34.0")},
                        {ModelTone::Awq, 41.4, QStringLiteral("AWQ 41.4")},
                        {ModelTone::Rtn, 45.6, QStringLiteral("RTN 45.6")}});
  strips->addWidget(kl);
  strips->addWidget(perplexity);
  columns->addLayout(strips, 1);
  rows->addLayout(columns);
  rows->addStretch();
  return widget;
}

void save(QWidget* widget, const QString& path, double ratio) {
  widget->setAttribute(Qt::WA_DontShowOnScreen);
  widget->show();
  QCoreApplication::processEvents();
  QImage image(widget->size() * ratio, QImage::Format_RGB32);
  image.setDevicePixelRatio(ratio);
  widget->render(&image);
  if (!image.save(path)) std::fprintf(stderr, "cannot write %s\n", qPrintable(path));
  delete widget;
}

void timePaint(const char* name, PlotWidget& plot) {
  plot.resize(816, 240);
  QImage image(plot.size(), QImage::Format_RGB32);
  plot.render(&image);
  QElapsedTimer clock;
  constexpr int kFrames = 21;
  std::vector<double> frames;
  for (int i = 0; i < kFrames; ++i) {
    // Every frame another view, so nothing is cached.
    plot.zoomTo(plot.fullView().adjusted(i + 1, 0, -1, 0));
    clock.start();
    plot.render(&image);
    frames.push_back(static_cast<double>(clock.nsecsElapsed()) / 1e6);
  }
  std::sort(frames.begin(), frames.end());
  std::printf("%s: %.2f ms a frame (median of %d, 816x240; slowest %.2f)\n", name,
              frames[kFrames / 2], kFrames, frames.back());
}

void timeFrames() {
  SpectrumPlot spectrum;
  const auto data = sample::spectrum(4096);
  spectrum.setData(data);
  timePaint("spectrum, 4096 channels", spectrum);
  HeatmapWidget heatmap;
  heatmap.setPlane(ErrorPlane::RtnError, sample::errorPlane(4096, *data, sample::Rounding::Rtn));
  heatmap.setPlane(ErrorPlane::AwqError, sample::errorPlane(4096, *data, sample::Rounding::Awq));
  settle();
  timePaint("heat map, 4096 x 4096, split, both planes pooled again", heatmap);
}

}  // namespace

int main(int argc, char** argv) {
  QApplication application(argc, argv);
  if (argc < 2) {
    std::fprintf(stderr, "usage: ui_gallery OUT_DIR\n");
    return 2;
  }
  const QDir out(QString::fromLocal8Bit(argv[1]));
  QDir().mkpath(out.path());
  for (const Theme theme : {Theme::Light, Theme::Dark}) {
    applyTheme(application, {theme, 1.0});
    for (const int ratio : {1, 2}) {
      const auto path = [&](const char* name) {
        const char* look = theme == Theme::Dark ? "dark" : "light";
        return out.filePath(QStringLiteral("%1-%2-%3x.png")
                                .arg(QLatin1String(name), QLatin1String(look))
                                .arg(ratio));
      };
      save(knobBar(), path("knobs"), ratio);
      save(controls(), path("controls"), ratio);
      save(standardWidgets(), path("standard"), ratio);
      save(channelsView(1536), path("channels"), ratio);
      save(errorView(ErrorView::Split), path("error"), ratio);
      save(errorView(ErrorView::Gain), path("gain"), ratio);
      save(errorZoomed(), path("error-zoomed"), ratio);
      save(rightColumn(), path("right"), ratio);
      save(mapView(30, MapLook::Full), path("map"), ratio);
      save(mapView(18, MapLook::Full), path("map-running"), ratio);
      save(mapView(30, MapLook::Rail), path("rail"), ratio);
      save(chatViews(), path("chat"), ratio);
    }
  }
  timeFrames();
  return 0;
}
