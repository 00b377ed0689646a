// SPDX-License-Identifier: Apache-2.0
#include "ui/style/style_views.h"

#include <QPainter>
#include <QStyleOption>

#include "ui/style/metrics.h"
#include "ui/style/palette.h"
#include "ui/style/style_painting.h"
#include "ui/style/typography.h"

namespace salient::ui::style_views {
namespace {

const Palette& coloursOf(const QStyleOption& option) {
  return themePalette(themeOf(option.palette));
}

bool has(const QStyleOption& option, QStyle::StateFlag flag) {
  return option.state & flag;
}

void arrow(QPainter& painter, const QRect& box, int direction, const QColor& colour) {
  painter.save();
  painter.setRenderHint(QPainter::Antialiasing);
  painter.setPen(QPen(colour, 1.25, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
  const QPointF centre = QRectF(box).center();
  const double rise = 1.5 * direction;
  const QPointF points[] = {centre + QPointF(-3, -rise), centre + QPointF(0, rise),
                            centre + QPointF(3, -rise)};
  painter.drawPolyline(points, 3);
  painter.restore();
}

}  // namespace

QPalette quietSelection(const QPalette& palette) {
  const Palette& p = themePalette(themeOf(palette));
  QPalette quiet(palette);
  quiet.setColor(QPalette::Highlight, p.hover);
  quiet.setColor(QPalette::HighlightedText, p.text);
  return quiet;
}

void frame(QPainter& painter, const QStyleOption& option) {
  drawBox(painter, option.rect, 0, {}, coloursOf(option).hairline);
}

bool separatorFrame(QPainter& painter, const QStyleOptionFrame& option) {
  const bool level = option.frameShape == QFrame::HLine;
  if (!level && option.frameShape != QFrame::VLine) return false;
  const QPoint centre = option.rect.center();
  const QRect line = level ? QRect(option.rect.left(), centre.y(), option.rect.width(), 1)
                           : QRect(centre.x(), option.rect.top(), 1, option.rect.height());
  painter.fillRect(line, coloursOf(option).hairline);
  return true;
}

void headerSection(QPainter& painter, const QStyleOption& option) {
  const Palette& p = coloursOf(option);
  painter.fillRect(option.rect, p.surface);
  painter.fillRect(QRect(option.rect.left(), option.rect.bottom(), option.rect.width(), 1),
                   p.hairline);
}

void headerLabel(QPainter& painter, const QStyleOptionHeader& option, const QWidget* widget) {
  // As far from the section's edges as the cells' own words.
  const QVariant inset = widget == nullptr ? QVariant() : widget->property("labelInset");
  const int margin = inset.isValid() ? inset.toInt() : 4;
  const QRect box = option.rect.adjusted(margin, 0, -margin, 0);
  painter.save();
  painter.setFont(textFont(TextRole::Caption));
  painter.setPen(coloursOf(option).secondary);
  QString text = painter.fontMetrics().elidedText(option.text, Qt::ElideRight, box.width());
  painter.drawText(box, static_cast<int>(option.textAlignment | Qt::AlignVCenter), text);
  painter.restore();
}

void menuBarItem(QPainter& painter, const QStyleOptionMenuItem& option) {
  const Palette& p = coloursOf(option);
  painter.fillRect(option.rect, p.window);
  if (has(option, QStyle::State_Selected)) {
    const QColor fill = has(option, QStyle::State_Sunken) ? p.pressed : p.hover;
    drawBox(painter, QRectF(option.rect).adjusted(0, 2, 0, -2), metrics::kControlRadius, fill);
  }
  painter.setPen(has(option, QStyle::State_Enabled) ? p.text : p.disabled);
  painter.drawText(option.rect, Qt::AlignCenter | Qt::TextHideMnemonic, option.text);
}

void menuSeparator(QPainter& painter, const QStyleOptionMenuItem& option) {
  const QRect line(option.rect.left() + 8, option.rect.center().y(), option.rect.width() - 16, 1);
  painter.fillRect(line, coloursOf(option).hairline);
}

void tabShape(QPainter& painter, const QStyleOptionTab& option) {
  const Palette& p = coloursOf(option);
  const QRect line(option.rect.left(), option.rect.bottom(), option.rect.width(), 1);
  painter.fillRect(line, p.hairline);
  if (has(option, QStyle::State_Selected)) painter.fillRect(line.adjusted(0, -1, 0, 0), p.accent);
}

void spinBox(QPainter& painter, const QStyleOptionSpinBox& option, const QRect& up,
             const QRect& down) {
  const Palette& p = coloursOf(option);
  const bool focused = has(option, QStyle::State_HasFocus);
  drawBox(painter, option.rect, metrics::kControlRadius, p.sunken, focused ? p.accent : QColor(),
          metrics::kFocusRing);
  if (option.buttonSymbols == QAbstractSpinBox::NoButtons) return;
  using Step = QAbstractSpinBox::StepEnabledFlag;
  const bool enabled = has(option, QStyle::State_Enabled);
  const auto colour = [&](Step step) {
    return enabled && option.stepEnabled.testFlag(step) ? p.secondary : p.disabled;
  };
  arrow(painter, up.translated(-3, 2), -1, colour(Step::StepUpEnabled));
  arrow(painter, down.translated(-3, -2), 1, colour(Step::StepDownEnabled));
}

void slider(QPainter& painter, const QStyleOptionSlider& option, const QRect& groove,
            const QRect& handle) {
  const Palette& p = coloursOf(option);
  const bool level = option.orientation == Qt::Horizontal;
  const QPointF centre = QRectF(groove).center();
  const QRectF track = level ? QRectF(groove.left(), centre.y() - 2, groove.width(), 4)
                             : QRectF(centre.x() - 2, groove.top(), 4, groove.height());
  drawBox(painter, track, 2, p.pressed);
  const QPointF knob = QRectF(handle).center();
  QRectF done(track);
  if (level) done.setRight(knob.x());
  if (!level) done.setTop(knob.y());
  const bool enabled = has(option, QStyle::State_Enabled);
  drawBox(painter, done, 2, enabled ? p.accent : p.disabled);
  const QRectF disc(knob.x() - 7, knob.y() - 7, 14, 14);
  drawBox(painter, disc, 7, p.raised, enabled ? p.accent : p.disabled, 2);
}

}  // namespace salient::ui::style_views
