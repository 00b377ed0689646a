// SPDX-License-Identifier: Apache-2.0
#include "ui/style/view_header.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QMenu>
#include <QToolButton>
#include <QVBoxLayout>

#include "ui/style/accent_button.h"
#include "ui/style/caption_label.h"
#include "ui/style/icons.h"
#include "ui/style/metrics.h"
#include "ui/style/typography.h"

namespace salient::ui {
namespace {

QLabel* plainLabel(const QString& text, const QFont& font) {
  auto* label = new QLabel(text);
  label->setTextFormat(Qt::PlainText);
  label->setFont(font);
  return label;
}

}  // namespace

ViewHeader::ViewHeader(const QString& title, QWidget* parent)
    : QWidget(parent),
      title_(plainLabel(title, textFont(TextRole::Body, Weight::Strong))),
      subtitle_(plainLabel({}, textFont(TextRole::Body))),
      caption_(new CaptionLabel),
      readout_(new CaptionLabel),
      tools_(new QHBoxLayout),
      more_(makeMoreButton(title)) {
  auto* rows = new QVBoxLayout(this);
  rows->setContentsMargins(0, 0, 0, 0);
  rows->setSpacing(0);
  auto* top = new QHBoxLayout;
  top->setSpacing(metrics::kViewPadding);
  top->addWidget(title_);
  subtitle_->setForegroundRole(QPalette::PlaceholderText);
  subtitle_->hide();
  top->addWidget(subtitle_);
  top->addStretch(1);
  tools_->setSpacing(2 * metrics::kGrid);
  top->addLayout(tools_);
  more_->hide();
  tools_->addWidget(more_);
  title_->setMinimumHeight(metrics::kTitleControlHeight);
  rows->addLayout(top);
  auto* below = new QHBoxLayout;
  below->setSpacing(metrics::kViewPadding);
  below->addWidget(caption_, 1, Qt::AlignTop);
  readout_->setWordWrap(false);
  readout_->setAlignment(Qt::AlignRight);
  below->addWidget(readout_, 0, Qt::AlignTop);
  rows->addLayout(below);
  setTitle(title);
}

void ViewHeader::setTitle(const QString& title) {
  title_->setText(title);
  more_->setAccessibleName(tr("%1 menu").arg(title));
  more_->setToolTip(more_->accessibleName());
}

void ViewHeader::setSubtitle(const QString& subtitle) {
  subtitle_->setText(subtitle);
  subtitle_->setVisible(!subtitle.isEmpty());
}

void ViewHeader::setCaption(const QString& markedText) {
  caption_->setText(markedText);
}

void ViewHeader::setReadout(const QString& markedText) {
  readout_->setText(markedText);
}

QString ViewHeader::caption() const {
  return caption_->plainText();
}

QString ViewHeader::readout() const {
  return readout_->plainText();
}

void ViewHeader::addTool(QWidget* tool) {
  tools_->insertWidget(tools_->count() - 1, tool);
}

QMenu& ViewHeader::menu() {
  more_->show();
  return *more_->menu();
}

QToolButton* makeMoreButton(const QString& title) {
  auto* more = new QToolButton;
  more->setIcon(paletteIcon(IconName::More));
  more->setAutoRaise(true);
  more->setPopupMode(QToolButton::InstantPopup);
  more->setFocusPolicy(Qt::TabFocus);
  more->setMenu(new QMenu(more));
  more->setAccessibleName(ViewHeader::tr("%1 menu").arg(title));
  more->setToolTip(more->accessibleName());
  setControlHeight(*more, metrics::kTitleControlHeight);
  return more;
}

}  // namespace salient::ui
