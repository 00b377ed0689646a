// SPDX-License-Identifier: Apache-2.0
#include "ui/panes/start_pane.h"

#include <QFileDialog>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QPushButton>
#include <QTableView>
#include <QVBoxLayout>

#include "ui/models/figures.h"
#include "ui/panes/cached_model_delegate.h"
#include "ui/panes/drop_zone.h"
#include "ui/panes/map_stamp.h"
#include "ui/panes/recent_row.h"
#include "ui/style/accent_button.h"
#include "ui/style/caption_label.h"
#include "ui/style/icons.h"
#include "ui/style/metrics.h"
#include "ui/style/plain_text.h"
#include "ui/style/theme.h"
#include "ui/style/typography.h"

namespace salient::ui {
namespace {

constexpr int kRightColumn = 400;
constexpr int kStepNumber = 24;
constexpr int kShownRecents = 3;
constexpr int kShownModels = 8;

QLabel* words(const QString& text, TextRole role, Weight weight) {
  auto* label = new QLabel(text);
  label->setTextFormat(Qt::PlainText);
  label->setFont(textFont(role, weight));
  return label;
}

QLabel* quiet(const QString& text) {
  QLabel* label = words(text, TextRole::Caption, Weight::Regular);
  label->setForegroundRole(QPalette::PlaceholderText);
  label->setWordWrap(true);
  return label;
}

QFrame* divider() {
  auto* line = new QFrame;
  line->setFrameShape(QFrame::HLine);
  line->setFrameShadow(QFrame::Plain);
  line->setForegroundRole(QPalette::Midlight);
  return line;
}

}  // namespace

StartPane::StartPane(Session& session, RecentsModel& recents, const WindowActions& actions,
                     QWidget* parent)
    : QScrollArea(parent),
      session_(session),
      recents_(recents),
      drop_(new DropZone),
      cacheTitle_(words(tr("In the Hugging Face cache"), TextRole::Body, Weight::Strong)),
      cacheHint_(quiet({})),
      cache_(new QTableView),
      recentRows_(new QVBoxLayout) {
  setWidgetResizable(true);
  setFrameShape(QFrame::NoFrame);
  setFocusPolicy(Qt::NoFocus);
  setAccessibleName(tr("Start"));
  auto* page = new QWidget;
  setSurface(*page);
  auto* row = new QHBoxLayout(page);
  row->setContentsMargins(64, 40, 64, 32);
  row->setSpacing(64);
  row->addWidget(leftColumn(actions), 1);
  row->addWidget(rightColumn());
  setWidget(page);
  connect(&recents, &QAbstractItemModel::modelReset, this, &StartPane::fillRecents);
  connect(&recents, &QAbstractItemModel::rowsRemoved, this, &StartPane::fillRecents);
  fillRecents();
}

QWidget* StartPane::firstStop() {
  return &drop_->openButton();
}

QWidget* StartPane::leftColumn(const WindowActions& actions) {
  auto* column = new QWidget;
  auto* rows = new QVBoxLayout(column);
  rows->setContentsMargins(0, 0, 0, 0);
  rows->setSpacing(0);
  rows->addWidget(drop_);
  connect(&drop_->openButton(), &QPushButton::clicked, actions[Command::Open], &QAction::trigger);
  rows->addSpacing(28);
  auto* title = new QHBoxLayout;
  title->setSpacing(16);
  title->addWidget(cacheTitle_);
  title->addWidget(cacheHint_, 1);
  rows->addLayout(title);
  rows->addSpacing(8);
  cache_->setModel(&session_.cachedModels());
  cache_->setItemDelegate(new CachedModelDelegate(cache_));
  cache_->setFrameShape(QFrame::NoFrame);
  cache_->setShowGrid(false);
  cache_->setTabKeyNavigation(false);
  cache_->setSelectionBehavior(QAbstractItemView::SelectRows);
  cache_->setSelectionMode(QAbstractItemView::SingleSelection);
  cache_->setAccessibleName(tr("Models in the Hugging Face cache"));
  cache_->verticalHeader()->hide();
  cache_->verticalHeader()->setDefaultSectionSize(metrics::kListRow);
  cache_->horizontalHeader()->setFont(textFont(TextRole::Caption));
  cache_->horizontalHeader()->setHighlightSections(false);
  cache_->horizontalHeader()->setProperty("labelInset", 8);
  cache_->horizontalHeader()->setStretchLastSection(true);
  const int widths[] = {250, 90, 84, 82};
  for (int i = 0; i < 4; ++i) cache_->setColumnWidth(i, widths[i]);
  rows->addWidget(cache_);
  const auto open = [this](const QModelIndex& index) {
    emit chosen(index.data(CachedModelsModel::PathRole).toString());
  };
  connect(cache_, &QTableView::activated, this, open);
  auto* other = new QPushButton(tr("Look in another folder…"));
  other->setIcon(paletteIcon(IconName::Folder, IconTone::Accent));
  other->setFlat(true);
  other->setProperty("link", true);
  other->setToolTip(tr("Another Hugging Face cache, or any folder with models in it"));
  connect(other, &QPushButton::clicked, this, [this] {
    const QString folder = QFileDialog::getExistingDirectory(this, tr("A folder with models"));
    if (!folder.isEmpty()) session_.scanCache(folder.toStdString());
  });
  rows->addWidget(other, 0, Qt::AlignLeft);
  rows->addStretch(1);
  return column;
}

QWidget* StartPane::rightColumn() {
  auto* column = new QWidget;
  column->setFixedWidth(kRightColumn);
  auto* rows = new QVBoxLayout(column);
  rows->setContentsMargins(0, 0, 0, 0);
  rows->setSpacing(8);
  addDemo(*rows);
  rows->addSpacing(28);
  rows->addWidget(divider());
  rows->addSpacing(12);
  rows->addWidget(words(tr("Recent"), TextRole::Body, Weight::Strong));
  recentRows_->setSpacing(8);
  rows->addLayout(recentRows_);
  rows->addSpacing(20);
  rows->addWidget(divider());
  rows->addSpacing(12);
  addSteps(*rows);
  rows->addStretch(1);
  return column;
}

void StartPane::addDemo(QVBoxLayout& rows) {
  rows.addWidget(words(tr("No model at hand?"), TextRole::Body, Weight::Strong));
  rows.addSpacing(4);
  auto* across = new QHBoxLayout;
  across->setSpacing(20);
  across->addWidget(new DemoStamp, 0, Qt::AlignTop);
  auto* beside = new QVBoxLayout;
  beside->setSpacing(8);
  across->addLayout(beside, 1);
  rows.addLayout(across);
  QLabel* title = words(tr("Try the demo model"), TextRole::Body, Weight::Strong);
  QFont larger = title->font();
  larger.setPointSizeF(larger.pointSizeF() * 11.25 / 9.75);
  title->setFont(larger);
  beside->addWidget(title);
  beside->addWidget(
      quiet(tr("SmolLM2-135M-Instruct, Apache-2.0. 93 MB once, then about a minute from "
               "calibration to chat.")));
  auto* row = new QHBoxLayout;
  row->setSpacing(12);
  auto* demo = new QPushButton(paletteIcon(IconName::Play, IconTone::Text), tr("Try the demo"));
  const std::filesystem::path& path = session_.texts().demo;
  demo->setEnabled(!path.empty());
  demo->setToolTip(path.empty() ? tr("Not downloaded yet: run packaging/run once")
                                : plainToolTip(QString::fromStdString(path.string())));
  auto* toy = new QPushButton(tr("Offline? Use the toy"));
  toy->setFlat(true);
  toy->setProperty("link", true);
  toy->setToolTip(tr("A tiny model that comes with the program"));
  toy->setEnabled(!session_.texts().toy.empty());
  row->addWidget(demo);
  row->addWidget(toy);
  row->addStretch(1);
  beside->addLayout(row);
  connect(demo, &QPushButton::clicked, this,
          [this] { emit chosen(QString::fromStdString(session_.texts().demo.string())); });
  connect(toy, &QPushButton::clicked, this,
          [this] { emit chosen(QString::fromStdString(session_.texts().toy.string())); });
}

void StartPane::addSteps(QVBoxLayout& rows) {
  struct Step {
    QString title, text;
  };
  const Step steps[] = {
      {tr("Check"), tr("Within a second: supported or not, size, memory, time.")},
      {tr("Watch"), tr("Every layer is measured, searched and rounded before your eyes.")},
      {tr("Compare"), tr("FP16 and quantized answer side by side, token by token.")},
      {tr("Export"), tr("A checkpoint that other engines load.")},
  };
  rows.addWidget(words(tr("What happens after the drop"), TextRole::Body, Weight::Strong));
  for (int i = 0; i < 4; ++i) {
    rows.addSpacing(4);
    auto* step = new QHBoxLayout;
    step->setSpacing(0);
    QLabel* number = words(QString::number(i + 1), TextRole::Caption, Weight::Strong);
    number->setForegroundRole(QPalette::Link);
    number->setFixedSize(kStepNumber, metrics::kCaptionLine);
    step->addWidget(number, 0, Qt::AlignTop);
    step->addWidget(
        new CaptionLabel(QStringLiteral("**%1**\n%2").arg(steps[i].title, steps[i].text)), 1);
    rows.addLayout(step);
  }
}

void StartPane::fillRecents() {
  while (QLayoutItem* item = recentRows_->takeAt(0)) {
    delete item->widget();
    delete item;
  }
  if (recents_.entries().empty()) {
    recentRows_->addWidget(quiet(tr("Models you open appear here.")));
    return;
  }
  for (int i = 0; i < std::min(kShownRecents, recents_.rowCount()); ++i) {
    auto* row = new RecentRow(recents_.entries()[static_cast<std::size_t>(i)]);
    recentRows_->addWidget(row);
    connect(row, &RecentRow::chosen, this, &StartPane::chosen);
    connect(row, &RecentRow::resumeWanted, this, &StartPane::resumeWanted);
  }
}

void StartPane::refresh(Changes changes) {
  drop_->setError(session_.openError());
  if (!(changes & Change::Cache)) return;
  const int models = session_.cachedModels().rowCount();
  cacheHint_->setText(models == 0 ? tr("no models found; they appear here when other programs "
                                       "download them")
                                  : tr("%n models, read only", nullptr, models));
  cache_->setVisible(models > 0);
  const int shown = std::min(models, kShownModels);
  cache_->setFixedHeight(cache_->horizontalHeader()->sizeHint().height() +
                         shown * metrics::kListRow + 2);
  if (models > 0 && !cache_->currentIndex().isValid()) cache_->selectRow(0);
}

}  // namespace salient::ui
