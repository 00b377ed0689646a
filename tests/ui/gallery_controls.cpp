// SPDX-License-Identifier: Apache-2.0
#include <QApplication>
#include <QCheckBox>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QMenuBar>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QRadioButton>
#include <QSlider>
#include <QSpinBox>
#include <QTabWidget>
#include <QTableWidget>
#include <QToolButton>

#include "gallery_pages.h"
#include "sample_data.h"
#include "ui/plots/curve_plot.h"
#include "ui/plots/spectrum_plot.h"
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

namespace salient::ui::gallery {

namespace {

QLayout* chips() {
  auto* row = new QHBoxLayout;
  row->setSpacing(12);
  row->addWidget(new ChipLabel(ChipKind::Positive, QStringLiteral("Supported")));
  row->addWidget(new ChipLabel(ChipKind::Warning, QStringLiteral("Partly supported")));
  row->addWidget(new ChipLabel(ChipKind::Danger, QStringLiteral("Not supported")));
  row->addWidget(new ChipLabel(ChipKind::Neutral, QStringLiteral("Not measured")));
  row->addStretch();
  return row;
}

QLayout* buttons() {
  auto* row = new QHBoxLayout;
  row->setSpacing(12);
  auto* run = new AccentButton(IconName::Play, QStringLiteral("Quantize"));
  setButtonHint(*run, QStringLiteral("Ctrl+R"));
  setControlHeight(*run, 36);
  row->addWidget(run);
  auto* open = new QPushButton(QStringLiteral("Open without quantizing"));
  setControlHeight(*open, 36);
  row->addWidget(open);
  auto* flat = new QPushButton(QStringLiteral("Cancel"));
  flat->setFlat(true);
  row->addWidget(flat);
  auto* off = new AccentButton(QStringLiteral("Export…"));
  off->setEnabled(false);
  row->addWidget(off);
  row->addStretch();
  return row;
}

QLayout* choices() {
  auto* row = new QHBoxLayout;
  row->setSpacing(12);
  auto* radio = new QRadioButton(QStringLiteral("Balanced"));
  radio->setChecked(true);
  row->addWidget(radio);
  row->addWidget(new QRadioButton(QStringLiteral("Careful")));
  auto* disabled = new QCheckBox(QStringLiteral("Keep FP16"));
  disabled->setEnabled(false);
  row->addWidget(disabled);
  auto* metric = new PrefixComboBox({}, ComboLook::Flat);
  metric->addItem(QStringLiteral("Error cut"));
  setControlHeight(*metric, metrics::kTitleControlHeight);
  row->addWidget(metric);
  row->addStretch();
  return row;
}

QLayout* figures() {
  auto* row = new QHBoxLayout;
  row->setSpacing(24);
  const QStringList labels = {QStringLiteral("median step Δ′/Δ"), QStringLiteral("salient error"),
                              QStringLiteral("other error")};
  const QStringList values = {QStringLiteral("1.29×"), QStringLiteral("0.32×"), QString()};
  for (int i = 0; i < 3; ++i) {
    auto* block = new FigureBlock(labels[i], static_cast<FigureTone>(i));
    block->setFigure(values[i]);
    row->addWidget(block);
  }
  return row;
}

QLayout* icons() {
  auto* row = new QHBoxLayout;
  row->setSpacing(2);
  for (int i = 0; i <= static_cast<int>(IconName::Warning); ++i) {
    auto* picture = new QLabel;
    picture->setPixmap(paletteIcon(static_cast<IconName>(i), IconTone::Text).pixmap(16, 16));
    row->addWidget(picture);
  }
  return row;
}

QTableWidget* table() {
  auto* result = new QTableWidget(4, 4);
  result->setHorizontalHeaderLabels({QStringLiteral("Model"), QStringLiteral("Parameters"),
                                     QStringLiteral("Type"), QStringLiteral("Size")});
  result->verticalHeader()->hide();
  for (int row = 0; row < 4; ++row) {
    for (int column = 0; column < 4; ++column) {
      const QString text = QStringLiteral("cell %1").arg(row + column);
      result->setItem(row, column, new QTableWidgetItem(text));
    }
  }
  result->selectRow(1);
  return result;
}

QMenu* menu(QWidget* parent) {
  auto* result = new QMenu(parent);
  result->setWindowFlags(Qt::Widget);
  result->addAction(paletteIcon(IconName::Copy), QStringLiteral("Copy"), QKeySequence::Copy, result,
                    [] {});
  result->addAction(QStringLiteral("Save as PNG…"));
  result->addSeparator();
  auto* checked = result->addAction(QStringLiteral("Show as table"));
  checked->setCheckable(true);
  checked->setChecked(true);
  result->addAction(QStringLiteral("Explain"))->setEnabled(false);
  result->addMenu(QStringLiteral("Layout"));
  return result;
}

QLayout* fields() {
  auto* row = new QHBoxLayout;
  row->setSpacing(8);
  auto* spin = new QSpinBox;
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
    row->addWidget(each);
  }
  return row;
}

void addKnob(QBoxLayout& row, const QString& word, const QStringList& choices, int current) {
  auto* label = new QLabel(word);
  label->setForegroundRole(QPalette::PlaceholderText);
  row.addWidget(label);
  auto* control = new SegmentedControl(choices);
  control->setCurrentIndex(current);
  row.addWidget(control);
}

}  // namespace

QWidget* controls() {
  QBoxLayout* rows = nullptr;
  QWidget* widget = page(rows, 620, 360);
  rows->setSpacing(12);
  rows->addLayout(chips());
  auto* headline = new QLabel(QStringLiteral("SmolLM2-135M-Instruct"));
  headline->setFont(textFont(TextRole::Headline, Weight::Strong));
  rows->addWidget(headline);
  rows->addWidget(new CaptionLabel(
      QStringLiteral("Plain rounding piles its error into the salient channels; AWQ takes channel "
                     "1095 from **0.73** to **0.10**, and a long sentence wraps to the next line "
                     "of **17** px.")));
  rows->addLayout(buttons());
  rows->addLayout(choices());
  rows->addWidget(new QLineEdit(QStringLiteral("Tell me a fun fact about octopuses.")));
  auto* strip = new ProgressStrip;
  strip->setFraction(0.63);
  rows->addWidget(strip);
  rows->addLayout(figures());
  rows->addLayout(icons());
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
  rows->addLayout(fields());
  rows->addWidget(table(), 1);
  auto* tabs = new QTabWidget;
  auto* log = new QPlainTextEdit(QStringLiteral("block 12 v_proj: α 0.45, 1.9e-3 → 7.1e-4"));
  log->setFont(monoFont(TextRole::Caption));
  tabs->addTab(log, QStringLiteral("Log"));
  tabs->addTab(new QWidget, QStringLiteral("Tasks"));
  rows->addWidget(tabs, 1);
  rows->addWidget(menu(widget));
  return widget;
}

// Keyboard focus on a button, and a plot that waits, one that is stale, one that is empty.
QWidget* focusAndStates() {
  QBoxLayout* rows = nullptr;
  QWidget* widget = page(rows, 620, 420);
  rows->setSpacing(12);
  rows->addLayout(buttons());
  for (const bool stale : {false, true}) {
    auto* plot = new SpectrumPlot;
    plot->setData(sample::spectrum(512));
    plot->setStale(stale);
    if (!stale) plot->setMessage(QStringLiteral("Measure this linear to see its channels."));
    rows->addWidget(plot, 1);
  }
  rows->addWidget(new CurvePlot, 1);
  // Only a window that is shown and active gives focus.
  widget->show();
  widget->activateWindow();
  for (int i = 0; i < 100 && !widget->isActiveWindow(); ++i) {
    QCoreApplication::processEvents(QEventLoop::AllEvents, 10);
  }
  widget->findChildren<QPushButton*>().at(1)->setFocus(Qt::TabFocusReason);
  return widget;
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
  addKnob(*row, QStringLiteral("Bits"), QStringLiteral("2 3 4 8").split(u' '), 2);
  addKnob(*row, QStringLiteral("Group"), QStringLiteral("32 64 128 row").split(u' '), 1);
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
  row->addWidget(new AccentButton(QStringLiteral("Export…")));
  return bar;
}

}  // namespace salient::ui::gallery
