// SPDX-License-Identifier: Apache-2.0
#include "ui/panes/main_window.h"

#include <QApplication>
#include <QClipboard>
#include <QCloseEvent>
#include <QDockWidget>
#include <QDragEnterEvent>
#include <QFileInfo>
#include <QMimeData>
#include <QSettings>
#include <QSplitter>
#include <QStackedWidget>
#include <QStatusBar>
#include <cmath>

#include "ui/models/figures.h"
#include "ui/models/knobs_text.h"
#include "ui/panes/captions.h"
#include "ui/panes/channels_pane.h"
#include "ui/panes/chat_bar.h"
#include "ui/panes/chat_page.h"
#include "ui/panes/chat_pane.h"
#include "ui/panes/chat_side_pane.h"
#include "ui/panes/drop_zone.h"
#include "ui/panes/go_to_field.h"
#include "ui/panes/job_bar.h"
#include "ui/panes/knobs_bar.h"
#include "ui/panes/log_pane.h"
#include "ui/panes/map_pane.h"
#include "ui/panes/measure_bar.h"
#include "ui/panes/preflight_pane.h"
#include "ui/panes/scale_search_pane.h"
#include "ui/panes/start_pane.h"
#include "ui/panes/step_ratio_pane.h"
#include "ui/panes/table_pane.h"
#include "ui/panes/weight_error_pane.h"
#include "ui/plots/heatmap_widget.h"
#include "ui/plots/spectrum_plot.h"

namespace salient::ui {

MainWindow::MainWindow(Session& session, QSettings& settings, QWidget* parent)
    : QMainWindow(parent),
      session_(session),
      settings_(settings),
      recents_(settings),
      actions_(this),
      header_(new HeaderBar(actions_)),
      knobs_(new KnobsBar(session, actions_)),
      chatBar_(new ChatBar(session, actions_)),
      jobBar_(new JobBar(session, actions_)),
      pages_(new QStackedWidget),
      start_(new StartPane(session, recents_, actions_)),
      preflight_(new PreflightPane(session, actions_)),
      work_(new QWidget),
      measureBar_(new MeasureBar(session, actions_)),
      views_(new QSplitter(Qt::Vertical)),
      channels_(new ChannelsPane(session)),
      weightError_(new WeightErrorPane(session)),
      chatPage_(new ChatPage(session, actions_)),
      map_(new MapPane(session)),
      scaleSearch_(new ScaleSearchPane(session)),
      stepRatio_(new StepRatioPane(session)),
      chat_(new ChatPane(session, actions_)),
      chatSide_(new ChatSidePane(session)),
      table_(new TablePane(session)),
      log_(new LogPane(session)) {
  setWindowTitle(QStringLiteral("Salient"));
  setMinimumSize(1024, 640);
  setAcceptDrops(true);
  panes_ = {map_,  channels_, weightError_, scaleSearch_, stepRatio_,
            chat_, chatPage_, chatSide_,    table_,       log_};
  buildPages();
  buildDocks();
  connectActions();
  connectPanes();
  restoreLayout();
  showPage();
  start_->firstStop()->setFocus(Qt::OtherFocusReason);
  refresh(Changes(kEverything));
}

MainWindow::~MainWindow() = default;

MainWindow::Page MainWindow::page() const {
  const RunPhase phase = session_.run().phase;
  if (phase == RunPhase::Empty) return Page::Start;
  if (phase == RunPhase::Planned && !skipPreflight_) return Page::Preflight;
  return Page::Work;
}

void MainWindow::connectActions() {
  const auto on = [this](Command command, auto slot) {
    connect(actions_[command], &QAction::triggered, this, slot);
  };
  on(Command::Open, [this] { chooseModel(); });
  on(Command::CloseModel, [this] {
    if (!session_.run().active()) session_.close();
  });
  on(Command::Export, [this] { chooseExport(); });
  on(Command::ExportView, [this] { exportFocusedView(); });
  on(Command::SaveReport, [this] { saveReport(); });
  on(Command::Quit, [this] { close(); });
  on(Command::Undo, [this] { session_.knobs().undoStack().undo(); });
  on(Command::Redo, [this] { session_.knobs().undoStack().redo(); });
  on(Command::CopyCommand, [this] {
    if (session_.plannedNow() == nullptr) return;
    QGuiApplication::clipboard()->setText(
        QString::fromStdString(commandLine(session_.plannedNow()->options)));
  });
  on(Command::LayoutQuantize, [this] { setWorkLayout(WorkLayout::Quantize); });
  on(Command::LayoutInspect, [this] { setWorkLayout(WorkLayout::Inspect); });
  on(Command::LayoutChat, [this] { setWorkLayout(WorkLayout::Chat); });
  on(Command::ResetLayout, [this] { resetLayout(); });
  on(Command::ToggleTheme,
     [this] { emit themeWanted(themeOf(*this) == Theme::Dark ? Theme::Light : Theme::Dark); });
  on(Command::ToggleLog, [this] {
    logShown_ = !logShown_;
    showPage();
  });
  on(Command::NextPane, [this] { cyclePanes(1); });
  on(Command::PreviousPane, [this] { cyclePanes(-1); });
  on(Command::NextBlock, [this] { stepBlock(1); });
  on(Command::PreviousBlock, [this] { stepBlock(-1); });
  on(Command::GoTo, [this] { header_->goTo().setFocus(Qt::ShortcutFocusReason); });
  on(Command::Quantize, [this] {
    session_.quantize();
    remember();
  });
  on(Command::PauseResume, [this] { session_.pauseOrResume(); });
  on(Command::Cancel, [this] { session_.cancel(); });
  on(Command::Evaluate, [this] { session_.evaluate(); });
  on(Command::MeasureLinear, [this] { session_.measure(); });
  on(Command::LocateModel, [this] { locateModel(); });
  on(Command::SendPrompt, [this] {
    if (layout_ == WorkLayout::Chat) {
      chatPage_->sendPrompt();
    } else {
      chat_->sendPrompt();
    }
  });
  on(Command::StopChat, [this] { session_.chat().stop(); });
  on(Command::Regenerate, [this] { session_.chat().regenerate(); });
  on(Command::Shortcuts, [this] { showShortcuts(); });
  on(Command::About, [this] { showAbout(); });
  for (int i = 0; i < 6; ++i) {
    auto* focus = new QAction(tr("View %1").arg(i + 1), this);
    focus->setShortcut(QKeySequence(QStringLiteral("Alt+%1").arg(i + 1)));
    connect(focus, &QAction::triggered, this, [this, i] {
      panes_[static_cast<std::size_t>(i)]->firstStop()->setFocus(Qt::ShortcutFocusReason);
    });
    addAction(focus);
  }
}

void MainWindow::connectPanes() {
  connect(&session_, &Session::updated, this, &MainWindow::refresh);
  connect(&session_, &Session::runFinished, this, &MainWindow::onRunFinished);
  connect(start_, &StartPane::chosen, this, &MainWindow::open);
  connect(start_, &StartPane::resumeWanted, this, [this](const RecentEntry& entry, bool start) {
    const std::optional<Knobs> knobs = readKnobsText(entry.knobs);
    if (!knobs) return open(entry.source);
    skipPreflight_ = false;
    session_.resume(entry.source.toStdString(), entry.target.toStdString(), *knobs, start);
  });
  connect(preflight_, &PreflightPane::openWithoutQuantizing, this, [this] {
    skipPreflight_ = true;
    session_.loadChat();
    refresh(Changes(kEverything));
  });
  connect(preflight_, &PreflightPane::targetWanted, this, &MainWindow::chooseTarget);
  connect(channels_, &ChannelsPane::orderChanged, this,
          [this] { weightError_->follow(channels_->plot()); });
  connect(&channels_->plot(), &SpectrumPlot::salientChanged, this,
          [this] { weightError_->follow(channels_->plot()); });
  connect(&channels_->plot(), &PlotWidget::viewChanged, this, [this](const QRectF& view) {
    weightError_->plot().followHorizontally(view.left(), view.right());
  });
  connect(&weightError_->plot(), &PlotWidget::viewChanged, this, [this](const QRectF& view) {
    channels_->plot().followHorizontally(view.left(), view.right());
  });
}

void MainWindow::refresh(Changes changes) {
  if (changes & (Change::Plan | Change::Run)) showPage();
  if (changes & Change::Plan) rememberOpened();
  header_->setPlace(captions::goToText(session_.run(), session_.selection().linear()));
  knobs_->refresh(changes);
  chatBar_->refresh(changes);
  jobBar_->refresh(changes);
  measureBar_->refresh(changes);
  if (page() == Page::Start) start_->refresh(changes);
  if (page() == Page::Preflight) preflight_->refresh(changes);
  for (Pane* pane : panes_) {
    // A hidden pane is filled when it is shown: see showPage.
    if (pane->isVisibleTo(this)) pane->refresh(changes);
  }
  updateActions();
  fillGoTo();
}

void MainWindow::updateActions() {
  const RunState& run = session_.run();
  actions_[Command::Undo]->setEnabled(session_.knobs().undoStack().canUndo());
  actions_[Command::Redo]->setEnabled(session_.knobs().undoStack().canRedo());
  actions_[Command::Quantize]->setEnabled(run.plan && !run.active());
  actions_[Command::PauseResume]->setEnabled(run.active());
  actions_[Command::Cancel]->setEnabled(run.active());
  actions_[Command::Export]->setEnabled(run.phase == RunPhase::Finished);
  actions_[Command::SaveReport]->setEnabled(run.phase == RunPhase::Finished);
  actions_[Command::Evaluate]->setEnabled(run.phase == RunPhase::Finished &&
                                          !session_.evaluation().running);
  actions_[Command::MeasureLinear]->setEnabled(session_.canMeasure());
  actions_[Command::LocateModel]->setEnabled(!session_.missingSource().isEmpty());
  actions_[Command::CloseModel]->setEnabled(run.plan && !run.active());
  actions_[Command::CopyCommand]->setEnabled(session_.plannedNow() != nullptr);
}

void MainWindow::fillGoTo() {
  const QString model =
      session_.run().plan ? QString::fromStdString(modelName(*session_.run().plan)) : QString();
  if (goToModel_ == model && !goToModel_.isNull()) return;
  goToModel_ = model.isNull() ? QStringLiteral("") : model;
  std::vector<GoToField::Target> targets;
  for (const LinearState& linear : session_.run().linears) {
    targets.push_back({figures::linearName(*session_.run().plan, linear.id),
                       [this, id = linear.id] { session_.selection().select(id); }});
  }
  for (const Command command : actions_.order()) {
    QAction* action = actions_[command];
    targets.push_back({action->text().remove(QLatin1Char('&')), [action] { action->trigger(); }});
  }
  header_->goTo().setTargets(std::move(targets));
}

void MainWindow::cyclePanes(int step) {
  std::vector<QWidget*> stops;
  if (page() == Page::Start) stops.push_back(start_->firstStop());
  if (page() == Page::Preflight) stops.push_back(preflight_->firstStop());
  for (Pane* pane : panes_) {
    if (pane->isVisible()) stops.push_back(pane->firstStop());
  }
  if (stops.empty()) return;
  int current = -1;
  for (std::size_t i = 0; i < stops.size(); ++i) {
    if (stops[i]->hasFocus()) current = static_cast<int>(i);
  }
  const auto count = static_cast<int>(stops.size());
  const int next = current < 0 ? 0 : (current + step + count) % count;
  stops[static_cast<std::size_t>(next)]->setFocus(Qt::TabFocusReason);
}

void MainWindow::stepBlock(int step) {
  std::optional<LinearId> id = session_.selection().linear();
  if (!id || !session_.run().plan) return;
  const std::int64_t blocks = session_.run().plan->config.num_layers;
  id->block = std::clamp<std::int64_t>(id->block + step, 0, blocks - 1);
  session_.selection().select(*id);
}

void MainWindow::open(const QString& path) {
  skipPreflight_ = false;
  std::vector<std::filesystem::path> models;
  for (const RecentEntry& entry : recents_.entries()) {
    const auto place = entry.target == path ? models.begin() : models.end();
    models.insert(place, entry.source.toStdString());
  }
  session_.open(path.toStdString(), models);
}

void MainWindow::onRunFinished() {
  remember();
  if (session_.run().phase != RunPhase::Finished) return;
  session_.loadChat();
  session_.evaluate();
}

/// A model is remembered as soon as it is planned, unless a run of it is; a reopened run too.
void MainWindow::rememberOpened() {
  const RunState& run = session_.run();
  if (run.phase == RunPhase::Empty) remembered_.clear();
  if (run.phase != RunPhase::Planned && run.phase != RunPhase::Finished) return;
  const bool planned = run.phase == RunPhase::Planned;
  const QString what =
      QString::fromStdString((planned ? session_.source() : run.plan->options.target).string());
  if (what == remembered_) return;
  remembered_ = what;
  const bool runKnown =
      planned && std::any_of(recents_.entries().begin(), recents_.entries().end(),
                             [&](const RecentEntry& entry) {
                               return entry.source == what && !entry.target.isEmpty();
                             });
  if (!runKnown) remember();
}

void MainWindow::remember() {
  const RunState& run = session_.run();
  if (!run.plan) return;
  RecentEntry entry;
  entry.source = QString::fromStdString(session_.source().string());
  entry.name = QString::fromStdString(modelName(*run.plan));
  entry.when = QDateTime::currentDateTime();
  entry.blocks = static_cast<int>(run.plan->config.num_layers);
  entry.stage = RecentStage::Opened;
  entry.scheme = tr("not quantized yet");
  entry.detail = tr("%1 parameters, %2")
                     .arg(figures::parameters(run.plan->parameters),
                          figures::bytes(static_cast<std::int64_t>(run.plan->source_bytes)));
  if (run.phase != RunPhase::Planned) {
    entry.target = QString::fromStdString(run.plan->options.target.string());
    entry.scheme = QString::fromStdString(to_string(run.plan->options.scheme));
    entry.knobs = knobsText(knobsOf(*run.plan));
    const bool done = run.phase == RunPhase::Finished;
    entry.stage = done ? RecentStage::Finished : RecentStage::Unfinished;
    entry.detail = QString(captions::effect(session_)).remove(QStringLiteral("**"));
    for (const LinearState& linear : run.linears) {
      entry.cells.push_back(linear.result ? static_cast<float>(linear.result->report.error_cut())
                                          : std::nanf(""));
    }
  }
  recents_.remember(entry);
}

bool canOpen(const QString& path, QString* reason) {
  const QFileInfo file(path);
  const auto refuse = [&](const QString& why) {
    if (reason != nullptr) *reason = why;
    return false;
  };
  if (!file.exists()) return refuse(MainWindow::tr("%1 does not exist.").arg(path));
  if (file.isDir()) {
    const bool model = QFileInfo::exists(path + QStringLiteral("/config.json"));
    return model || refuse(MainWindow::tr("%1 has no config.json.").arg(file.fileName()));
  }
  const QString suffix = file.suffix().toLower();
  if (suffix == QStringLiteral("gguf") || suffix == QStringLiteral("safetensors")) return true;
  return refuse(
      MainWindow::tr("%1 is no model: drop a folder or a .gguf file.").arg(file.fileName()));
}

void MainWindow::dragEnterEvent(QDragEnterEvent* event) {
  const QList<QUrl> urls = event->mimeData()->urls();
  if (urls.size() != 1 || !urls.front().isLocalFile()) return;
  QString reason;
  const QString path = urls.front().toLocalFile();
  const bool welcome = canOpen(path, &reason) && !session_.run().active();
  start_->dropZone().setHovering(
      welcome ? tr("%1 will be checked; nothing is changed.").arg(QFileInfo(path).fileName())
              : reason,
      welcome);
  event->setAccepted(welcome);
  if (welcome) event->acceptProposedAction();
}

void MainWindow::dragLeaveEvent(QDragLeaveEvent* /*event*/) {
  start_->dropZone().setHovering({}, true);
}

void MainWindow::dropEvent(QDropEvent* event) {
  start_->dropZone().setHovering({}, true);
  const QList<QUrl> urls = event->mimeData()->urls();
  if (urls.isEmpty()) return;
  event->acceptProposedAction();
  open(urls.front().toLocalFile());
}

void MainWindow::closeEvent(QCloseEvent* event) {
  saveLayout();
  session_.cancel();
  QMainWindow::closeEvent(event);
}

}  // namespace salient::ui
