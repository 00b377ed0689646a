// SPDX-License-Identifier: Apache-2.0
#include "ui/style/chip_label.h"

#include <QPainter>

#include "ui/style/icons.h"
#include "ui/style/palette.h"
#include "ui/style/style_painting.h"

namespace salient::ui {
namespace {

constexpr int kHeight = 22;
constexpr int kPadding = 8;
constexpr int kIcon = 14;
constexpr int kGap = 5;

struct ChipLook {
  IconName icon;
  QColor colour;
  QColor tint;
};

ChipLook lookOf(ChipKind kind, const Palette& p) {
  switch (kind) {
    case ChipKind::Positive:
      return {IconName::Check, p.positive, p.positiveTint};
    case ChipKind::Warning:
      return {IconName::Warning, p.warning, p.warningTint};
    case ChipKind::Danger:
      return {IconName::Cross, p.danger, p.dangerTint};
    case ChipKind::Neutral:
      break;
  }
  return {IconName::Info, p.secondary, p.sunken};
}

QString kindWord(ChipKind kind) {
  switch (kind) {
    case ChipKind::Positive:
      return ChipLabel::tr("good");
    case ChipKind::Warning:
      return ChipLabel::tr("warning");
    case ChipKind::Danger:
      return ChipLabel::tr("problem");
    case ChipKind::Neutral:
      break;
  }
  return ChipLabel::tr("note");
}

}  // namespace

ChipLabel::ChipLabel(ChipKind kind, const QString& text, QWidget* parent) : QWidget(parent) {
  setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
  setChip(kind, text);
}

void ChipLabel::setChip(ChipKind kind, const QString& text) {
  kind_ = kind;
  text_ = text;
  setAccessibleName(text);
  setAccessibleDescription(kindWord(kind));
  updateGeometry();
  update();
}

QSize ChipLabel::sizeHint() const {
  return {2 * kPadding + kIcon + kGap + fontMetrics().horizontalAdvance(text_) + 2, kHeight};
}

void ChipLabel::paintEvent(QPaintEvent*) {
  const ChipLook look = lookOf(kind_, paletteOf(*this));
  QPainter painter(this);
  drawBox(painter, rect(), height() / 2.0, look.tint);
  const QRect iconBox(kPadding, (height() - kIcon) / 2, kIcon, kIcon);
  paletteIcon(look.icon, look.colour).paint(&painter, iconBox);
  painter.setPen(look.colour);
  const QRect words = rect().adjusted(kPadding + kIcon + kGap, 0, -kPadding, 0);
  painter.drawText(words, Qt::AlignLeft | Qt::AlignVCenter, text_);
}

}  // namespace salient::ui
