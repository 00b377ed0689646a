// SPDX-License-Identifier: Apache-2.0
// Where things stand: pages, docks, the three layouts, and what gives way in a small window.
#include <QDockWidget>
#include <QEvent>
#include <QScrollArea>
#include <QSettings>
#include <QSplitter>
#include <QStackedWidget>
#include <QStatusBar>
#include <QVBoxLayout>

#include "ui/panes/channels_pane.h"
#include "ui/panes/chat_bar.h"
#include "ui/panes/chat_page.h"
#include "ui/panes/chat_pane.h"
#include "ui/panes/chat_side_pane.h"
#include "ui/panes/job_bar.h"
#include "ui/panes/knobs_bar.h"
#include "ui/panes/log_pane.h"
#include "ui/panes/main_window.h"
#include "ui/panes/map_pane.h"
#include "ui/panes/measure_bar.h"
#include "ui/panes/preflight_pane.h"
#include "ui/panes/scale_search_pane.h"
#include "ui/panes/start_pane.h"
#include "ui/panes/step_ratio_pane.h"
#include "ui/panes/table_pane.h"
#include "ui/panes/weight_error_pane.h"

namespace salient::ui {
namespace {

/// Raise when docks are added or renamed: an old saved state is then left alone.
constexpr int kLayoutVersion = 1;
constexpr int kRail = 96;
/// Below this height the right views share one place and the chat keeps three lines and its
/// ribbon.
constexpr int kLow = 720;
constexpr int kLowChat = 172;

/// The design's table, by window width.
struct Sizes {
  int map, right, chat, channels, weightError, scale, step;
};
int widthClass(int width) {
  return width >= 2200 ? 2 : width >= 1400 ? 1 : 0;
}
const QString kKeptSizes = QStringLiteral("window/sizes");

Sizes sizesFor(int width) {
  if (width >= 2200) return {320, 456, 340, 360, 632, 440, 560};
  if (width >= 1400) return {256, 336, 228, 262, 302, 258, 308};
  return {216, 304, 196, 214, 282, 220, 280};
}

}  // namespace

void MainWindow::buildPages() {
  auto* bars = new QWidget;
  auto* rows = new QVBoxLayout(bars);
  rows->setContentsMargins(0, 0, 0, 0);
  rows->setSpacing(0);
  rows->addWidget(header_);
  rows->addWidget(knobs_);
  rows->addWidget(chatBar_);
  setMenuWidget(bars);
  auto* status = new QStatusBar;
  status->setSizeGripEnabled(false);
  status->setContentsMargins(0, 0, 0, 0);
  status->addPermanentWidget(jobBar_, 1);
  status->layout()->setContentsMargins(0, 0, 0, 0);
  setStatusBar(status);
  views_->addWidget(channels_);
  views_->addWidget(weightError_);
  views_->setHandleWidth(1);
  views_->setChildrenCollapsible(false);
  connect(views_, &QSplitter::splitterMoved, this, &MainWindow::keepSizes);
  pages_->addWidget(start_);
  pages_->addWidget(preflight_);
  auto* column = new QVBoxLayout(work_);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(0);
  column->addWidget(measureBar_);
  column->addWidget(views_, 1);
  pages_->addWidget(work_);
  pages_->addWidget(chatPage_);
  setCentralWidget(pages_);
}

QDockWidget* MainWindow::addDock(Qt::DockWidgetArea area, Pane& pane, const QString& name) {
  auto* dock = new QDockWidget(pane.accessibleName());
  dock->setObjectName(name);
  // Panes carry their own title row.
  dock->setTitleBarWidget(new QWidget(dock));
  dock->setFeatures(QDockWidget::NoDockWidgetFeatures);
  if (&pane == chatSide_) {
    auto* scroll = new QScrollArea;
    scroll->setWidgetResizable(true);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setFocusPolicy(Qt::NoFocus);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->setWidget(&pane);
    dock->setWidget(scroll);
  } else {
    dock->setWidget(&pane);
  }
  addDockWidget(area, dock);
  docks_.emplace(&pane, dock);
  return dock;
}

void MainWindow::buildDocks() {
  setCorner(Qt::BottomLeftCorner, Qt::LeftDockWidgetArea);
  setCorner(Qt::BottomRightCorner, Qt::BottomDockWidgetArea);
  addDock(Qt::LeftDockWidgetArea, *map_, QStringLiteral("map"));
  addDock(Qt::RightDockWidgetArea, *scaleSearch_, QStringLiteral("scaleSearch"));
  addDock(Qt::RightDockWidgetArea, *stepRatio_, QStringLiteral("stepRatio"));
  addDock(Qt::RightDockWidgetArea, *chatSide_, QStringLiteral("chatSide"));
  addDock(Qt::BottomDockWidgetArea, *chat_, QStringLiteral("chat"));
  addDock(Qt::BottomDockWidgetArea, *table_, QStringLiteral("table"));
  addDock(Qt::BottomDockWidgetArea, *log_, QStringLiteral("log"));
}

void MainWindow::setWorkLayout(WorkLayout layout) {
  layout_ = layout;
  if (session_.run().phase == RunPhase::Planned && layout != WorkLayout::Quantize) {
    skipPreflight_ = true;
    if (layout == WorkLayout::Chat && session_.chat().stage() == ChatStage::Empty) {
      session_.loadChat();
    }
  }
  showPage();
  refresh(Changes(kEverything));
}

void MainWindow::showPage() {
  const Page shown = page();
  const bool work = shown == Page::Work;
  const bool chat = work && layout_ == WorkLayout::Chat;
  const bool inspect = work && layout_ == WorkLayout::Inspect;
  QWidget* centre = start_;
  if (shown == Page::Preflight) centre = preflight_;
  if (work) centre = chat ? static_cast<QWidget*>(chatPage_) : work_;
  const bool moved = pages_->currentWidget() != centre;
  pages_->setCurrentWidget(centre);
  header_->setLayoutShown(layout_);
  knobs_->setVisible(shown != Page::Start && !chat);
  chatBar_->setVisible(chat);
  docks_.at(map_)->setVisible(shown != Page::Start);
  docks_.at(scaleSearch_)->setVisible(work && !chat);
  docks_.at(stepRatio_)->setVisible(work && !chat);
  docks_.at(chatSide_)->setVisible(chat);
  docks_.at(chat_)->setVisible(work && !chat && !inspect && !logShown_);
  docks_.at(table_)->setVisible(inspect && !logShown_);
  docks_.at(log_)->setVisible(logShown_);
  map_->setLook(chat ? MapLook::Rail : MapLook::Full);
  if (!moved) return;
  sizeDocks();
  QWidget* stop = map_->firstStop();
  if (shown == Page::Start) stop = start_->firstStop();
  if (shown == Page::Preflight) stop = preflight_->firstStop();
  stop->setFocus(Qt::OtherFocusReason);
}

/// One set of sizes for each layout, by how wide and how low the window is.
QString MainWindow::sizesKey() const {
  return QStringLiteral("%1/%2-%3-%4")
      .arg(kKeptSizes)
      .arg(static_cast<int>(layout_))
      .arg(widthClass(width()))
      .arg(height() < kLow ? 1 : 0);
}

void MainWindow::keepSizes() {
  if (page() != Page::Work || layout_ == WorkLayout::Chat) return;
  Pane* bottom = layout_ == WorkLayout::Inspect ? static_cast<Pane*>(table_) : chat_;
  const QList<int> views = views_->sizes();
  settings_.setValue(sizesKey(), QVariantList{map_->width(), scaleSearch_->width(),
                                              bottom->height(), views.value(0), views.value(1),
                                              scaleSearch_->height(), stepRatio_->height()});
}

void MainWindow::sizeDocks() {
  Sizes sizes = sizesFor(width());
  if (height() < kLow) sizes.chat = kLowChat;
  const QVariantList kept = settings_.value(sizesKey()).toList();
  if (kept.size() == 7) {
    const auto at = [&kept](qsizetype i) { return std::max(1, kept[i].toInt()); };
    sizes = {at(0), at(1), at(2), at(3), at(4), at(5), at(6)};
  }
  const bool chat = layout_ == WorkLayout::Chat && page() == Page::Work;
  QDockWidget* map = docks_.at(map_);
  map->setMinimumWidth(chat ? kRail : 160);
  map->setMaximumWidth(chat ? kRail : QWIDGETSIZE_MAX);
  resizeDocks({map}, {chat ? kRail : sizes.map}, Qt::Horizontal);
  resizeDocks({docks_.at(chat ? static_cast<Pane*>(chatSide_) : scaleSearch_)}, {sizes.right},
              Qt::Horizontal);
  Pane* bottom = layout_ == WorkLayout::Inspect ? static_cast<Pane*>(table_) : chat_;
  resizeDocks({docks_.at(bottom)}, {sizes.chat}, Qt::Vertical);
  views_->setSizes({sizes.channels, sizes.weightError});
  if (!chat) {
    resizeDocks({docks_.at(scaleSearch_), docks_.at(stepRatio_)}, {sizes.scale, sizes.step},
                Qt::Vertical);
  }
  // With little height the two right views share one place as tabs.
  const bool tabs = height() < kLow && !chat;
  if (tabs && tabifiedDockWidgets(docks_.at(scaleSearch_)).isEmpty()) {
    tabifyDockWidget(docks_.at(scaleSearch_), docks_.at(stepRatio_));
    docks_.at(scaleSearch_)->raise();
  } else if (!tabs && !tabifiedDockWidgets(docks_.at(scaleSearch_)).isEmpty()) {
    splitDockWidget(docks_.at(scaleSearch_), docks_.at(stepRatio_), Qt::Vertical);
  }
}

void MainWindow::resizeEvent(QResizeEvent* event) {
  QMainWindow::resizeEvent(event);
  sizeDocks();
}

void MainWindow::restoreLayout() {
  resize(settings_.value(QStringLiteral("window/size"), QSize(1440, 900)).toSize());
  const int layout = settings_.value(QStringLiteral("window/layout"), 0).toInt();
  layout_ = static_cast<WorkLayout>(std::clamp(layout, 0, 2));
  restoreState(settings_.value(QStringLiteral("window/state")).toByteArray(), kLayoutVersion);
}

void MainWindow::saveLayout() {
  settings_.setValue(QStringLiteral("window/size"), size());
  settings_.setValue(QStringLiteral("window/layout"), static_cast<int>(layout_));
  settings_.setValue(QStringLiteral("window/state"), saveState(kLayoutVersion));
}

bool MainWindow::event(QEvent* event) {
  const bool handled = QMainWindow::event(event);
  // The separators between docks belong to the main window and tell nobody that they were dragged.
  if (event->type() == QEvent::MouseButtonRelease) keepSizes();
  return handled;
}

void MainWindow::resetLayout() {
  settings_.remove(kKeptSizes);
  layout_ = WorkLayout::Quantize;
  logShown_ = false;
  showPage();
  sizeDocks();
  refresh(Changes(kEverything));
}

}  // namespace salient::ui
