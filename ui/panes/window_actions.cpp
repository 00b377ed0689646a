// SPDX-License-Identifier: Apache-2.0
#include "ui/panes/window_actions.h"

#include <QWidget>

namespace salient::ui {
namespace {

struct Row {
  Command command;
  const char* name;
  const char* text;
  const char* keys;
};

constexpr Row kRows[] = {
    {Command::Open, "open", QT_TRANSLATE_NOOP("WindowActions", "&Open…"), "Ctrl+O"},
    {Command::CloseModel, "close", QT_TRANSLATE_NOOP("WindowActions", "&Close model"), "Ctrl+W"},
    {Command::Export, "export", QT_TRANSLATE_NOOP("WindowActions", "&Export…"), "Ctrl+Shift+E"},
    {Command::ExportView, "exportView", QT_TRANSLATE_NOOP("WindowActions", "Export &view…"),
     "Ctrl+E"},
    {Command::SaveReport, "saveReport", QT_TRANSLATE_NOOP("WindowActions", "Save &report…"),
     "Ctrl+Shift+R"},
    {Command::Quit, "quit", QT_TRANSLATE_NOOP("WindowActions", "&Quit"), "Ctrl+Q"},
    {Command::Undo, "undo", QT_TRANSLATE_NOOP("WindowActions", "&Undo"), "Ctrl+Z"},
    {Command::Redo, "redo", QT_TRANSLATE_NOOP("WindowActions", "&Redo"), "Ctrl+Shift+Z"},
    {Command::CopyCommand, "copyCommand", QT_TRANSLATE_NOOP("WindowActions", "&Copy as command"),
     "Ctrl+Shift+C"},
    {Command::LayoutQuantize, "layoutQuantize", QT_TRANSLATE_NOOP("WindowActions", "&Quantize"),
     "Ctrl+1"},
    {Command::LayoutInspect, "layoutInspect", QT_TRANSLATE_NOOP("WindowActions", "&Inspect"),
     "Ctrl+2"},
    {Command::LayoutChat, "layoutChat", QT_TRANSLATE_NOOP("WindowActions", "&Chat"), "Ctrl+3"},
    {Command::ResetLayout, "resetLayout", QT_TRANSLATE_NOOP("WindowActions", "&Reset layout"),
     "Ctrl+0"},
    {Command::ToggleTheme, "toggleTheme", QT_TRANSLATE_NOOP("WindowActions", "Light or &dark"),
     "Ctrl+D"},
    {Command::ToggleLog, "toggleLog", QT_TRANSLATE_NOOP("WindowActions", "&Log"), "Ctrl+L"},
    {Command::NextPane, "nextPane", QT_TRANSLATE_NOOP("WindowActions", "&Next view"), "F6"},
    {Command::PreviousPane, "previousPane", QT_TRANSLATE_NOOP("WindowActions", "&Previous view"),
     "Shift+F6"},
    {Command::NextBlock, "nextBlock", QT_TRANSLATE_NOOP("WindowActions", "Next &block"),
     "Ctrl+PgDown"},
    {Command::PreviousBlock, "previousBlock", QT_TRANSLATE_NOOP("WindowActions", "Previous b&lock"),
     "Ctrl+PgUp"},
    {Command::GoTo, "goTo", QT_TRANSLATE_NOOP("WindowActions", "&Go to…"), "Ctrl+K"},
    {Command::Quantize, "quantize", QT_TRANSLATE_NOOP("WindowActions", "&Quantize"), "Ctrl+R"},
    {Command::PauseResume, "pauseResume", QT_TRANSLATE_NOOP("WindowActions", "&Pause or resume"),
     "Ctrl+P"},
    {Command::Cancel, "cancel", QT_TRANSLATE_NOOP("WindowActions", "&Cancel run"), "Ctrl+."},
    {Command::Evaluate, "evaluate",
     QT_TRANSLATE_NOOP("WindowActions", "&Measure perplexity and KL"), "Ctrl+M"},
    {Command::MeasureLinear, "measureLinear",
     QT_TRANSLATE_NOOP("WindowActions", "Measure t&his linear"), "Ctrl+Shift+M"},
    {Command::LocateModel, "locateModel", QT_TRANSLATE_NOOP("WindowActions", "L&ocate model…"),
     "Ctrl+Shift+O"},
    {Command::SendPrompt, "sendPrompt", QT_TRANSLATE_NOOP("WindowActions", "&Send both"),
     "Ctrl+Return"},
    {Command::StopChat, "stopChat", QT_TRANSLATE_NOOP("WindowActions", "S&top answering"), "Esc"},
    {Command::Regenerate, "regenerate", QT_TRANSLATE_NOOP("WindowActions", "&Answer again"),
     "Ctrl+Shift+G"},
    {Command::Shortcuts, "shortcuts", QT_TRANSLATE_NOOP("WindowActions", "&Keyboard shortcuts"),
     "F1"},
    {Command::About, "about", QT_TRANSLATE_NOOP("WindowActions", "&About Salient"), ""},
};

}  // namespace

WindowActions::WindowActions(QWidget* window) : QObject(window) {
  for (const Row& row : kRows) {
    auto* action = new QAction(tr(row.text), this);
    action->setObjectName(QLatin1String(row.name));
    action->setShortcut(QKeySequence(QLatin1String(row.keys)));
    window->addAction(action);
    actions_.emplace(row.command, action);
    order_.push_back(row.command);
  }
}

}  // namespace salient::ui
