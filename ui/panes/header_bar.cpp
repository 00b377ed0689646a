// SPDX-License-Identifier: Apache-2.0
#include "ui/panes/header_bar.h"

#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QMenuBar>
#include <QPainter>
#include <QToolButton>

#include "ui/panes/action_button.h"
#include "ui/panes/go_to_field.h"
#include "ui/style/icons.h"
#include "ui/style/metrics.h"
#include "ui/style/palette.h"
#include "ui/style/segmented_control.h"

namespace salient::ui {
namespace {

constexpr int kGoToWidth = 560;

class MarkLabel : public QWidget {
 public:
  MarkLabel() {
    setFixedSize(16 + metrics::kGrid, metrics::kHeaderBar);
    setAccessibleName(QStringLiteral("Salient"));
  }

 protected:
  void paintEvent(QPaintEvent* /*event*/) override {
    QPainter painter(this);
    const QPixmap mark = iconPixmap(IconName::Mark, paletteOf(*this).text, 16, devicePixelRatioF());
    painter.drawPixmap(QPointF(0, (height() - 16) / 2.0), mark);
  }
};

}  // namespace

HeaderBar::HeaderBar(const WindowActions& actions, QWidget* parent)
    : QWidget(parent),
      goTo_(new GoToField),
      layouts_(new SegmentedControl({tr("Quantize"), tr("Inspect"), tr("Chat")})),
      theme_(actionButton(actions[Command::ToggleTheme], IconName::Moon)) {
  setFixedHeight(metrics::kHeaderBar);
  auto* row = new QHBoxLayout(this);
  row->setContentsMargins(metrics::kViewPadding, 0, metrics::kGrid * 2, 0);
  row->setSpacing(metrics::kGrid);
  row->addWidget(new MarkLabel);
  auto* menus = new QMenuBar;
  menus->setNativeMenuBar(false);
  menus->setSizePolicy(QSizePolicy::Maximum, QSizePolicy::Fixed);
  fillMenus(*menus, actions);
  row->addWidget(menus, 0, Qt::AlignVCenter);
  row->addStretch(1);
  goTo_->setMaximumWidth(kGoToWidth);
  row->addWidget(goTo_, 12);
  row->addStretch(1);
  layouts_->setAccessibleName(tr("Layout"));
  const Command commands[] = {Command::LayoutQuantize, Command::LayoutInspect, Command::LayoutChat};
  for (int i = 0; i < 3; ++i) {
    layouts_->setSegmentToolTip(
        i, actions[commands[i]]->shortcut().toString(QKeySequence::NativeText));
  }
  connect(layouts_, &SegmentedControl::activated, this,
          [&actions, commands](int index) { actions[commands[index]]->trigger(); });
  row->addWidget(layouts_);
  row->addSpacing(metrics::kGrid);
  row->addWidget(theme_);
  row->addWidget(actionButton(actions[Command::Shortcuts], IconName::Help));
}

void HeaderBar::fillMenus(QMenuBar& menus, const WindowActions& actions) {
  struct MenuRow {
    QString title;
    std::vector<Command> commands;
  };
  const MenuRow rows[] = {
      {tr("&File"),
       {Command::Open, Command::LocateModel, Command::CloseModel, Command::Export,
        Command::SaveReport, Command::Quit}},
      {tr("&Edit"), {Command::Undo, Command::Redo, Command::CopyCommand}},
      {tr("&View"),
       {Command::LayoutQuantize, Command::LayoutInspect, Command::LayoutChat, Command::ResetLayout,
        Command::ToggleTheme, Command::ToggleLog, Command::NextPane, Command::PreviousPane,
        Command::ExportView}},
      {tr("&Job"),
       {Command::Quantize, Command::PauseResume, Command::Cancel, Command::Evaluate,
        Command::MeasureLinear}},
      {tr("&Tools"),
       {Command::GoTo, Command::NextBlock, Command::PreviousBlock, Command::SendPrompt,
        Command::StopChat, Command::Regenerate}},
      {tr("&Help"), {Command::Shortcuts, Command::About}},
  };
  for (const MenuRow& row : rows) {
    QMenu* menu = menus.addMenu(row.title);
    for (const Command command : row.commands) menu->addAction(actions[command]);
  }
}

void HeaderBar::setPlace(const QString& place) {
  goTo_->setPlace(place);
}

void HeaderBar::setLayoutShown(WorkLayout layout) {
  layouts_->setCurrentIndex(static_cast<int>(layout));
}

void HeaderBar::updateThemeIcon() {
  const bool dark = themeOf(*this) == Theme::Dark;
  theme_->defaultAction()->setIcon(
      paletteIcon(dark ? IconName::Sun : IconName::Moon, IconTone::Text));
}

void HeaderBar::changeEvent(QEvent* event) {
  if (event->type() == QEvent::PaletteChange) updateThemeIcon();
  QWidget::changeEvent(event);
}

}  // namespace salient::ui
