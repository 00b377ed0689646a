// SPDX-License-Identifier: Apache-2.0
#include "ui/style/style_painting.h"

#include <QPainter>
#include <QPainterPath>
#include <QStyleOption>
#include <QWidget>
#include <algorithm>

#include "ui/style/metrics.h"
#include "ui/style/motion.h"
#include "ui/style/palette.h"
#include "ui/style/typography.h"

namespace salient::ui {

void drawBox(QPainter& painter, const QRectF& box, double radius, const QColor& fill,
             const QColor& border, double borderWidth) {
  painter.save();
  painter.setRenderHint(QPainter::Antialiasing);
  const double inset = border.isValid() ? borderWidth / 2 : 0;
  painter.setPen(border.isValid() ? QPen(border, borderWidth) : QPen(Qt::NoPen));
  painter.setBrush(fill.isValid() ? QBrush(fill) : QBrush(Qt::NoBrush));
  const double round = std::max(0.0, radius - inset);
  painter.drawRoundedRect(box.adjusted(inset, inset, -inset, -inset), round, round);
  painter.restore();
}

void drawChevron(QPainter& painter, const QRectF& box, const QColor& colour) {
  painter.save();
  painter.setRenderHint(QPainter::Antialiasing);
  painter.setPen(QPen(colour, 1.5, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
  const QPointF centre = box.center();
  const QPointF points[] = {centre + QPointF(-3.5, -1.75), centre + QPointF(0, 1.75),
                            centre + QPointF(3.5, -1.75)};
  painter.drawPolyline(points, 3);
  painter.restore();
}

namespace style_painting {
namespace {

constexpr int kIconGap = 6;
constexpr int kHintGap = 8;

bool has(const QStyleOption& option, QStyle::StateFlag flag) {
  return option.state & flag;
}

const Palette& coloursOf(const QStyleOption& option) {
  return themePalette(themeOf(option.palette));
}

QString hintOf(const QWidget* widget) {
  return widget == nullptr ? QString() : widget->property("hint").toString();
}

QFont buttonFont(const QStyleOptionButton& option, const QWidget* widget) {
  QFont font = widget == nullptr ? textFont(TextRole::Body) : widget->font();
  const bool flat = option.features & QStyleOptionButton::Flat;
  font.setWeight(flat ? QFont::Normal : QFont::DemiBold);
  return font;
}

double hoverOf(const QStyleOption& option, const QWidget* widget) {
  if (!has(option, QStyle::State_Enabled)) return 0;
  return hoverShare(widget, has(option, QStyle::State_MouseOver));
}

QColor mixed(const QColor& from, const QColor& to, double share) {
  const auto between = [share](int a, int b) {
    return static_cast<int>(std::lround(a + (b - a) * share));
  };
  return {between(from.red(), to.red()), between(from.green(), to.green()),
          between(from.blue(), to.blue())};
}

QColor faded(QColor colour, double share) {
  colour.setAlphaF(static_cast<float>(share));
  return colour;
}

// A secondary button is a fill one step off its ground: sunken in light, lifted in dark.
QColor secondaryFill(const QStyleOption& option, const QWidget* widget) {
  const Palette& p = coloursOf(option);
  const bool dark = themeOf(option.palette) == Theme::Dark;
  if (has(option, QStyle::State_Sunken) || has(option, QStyle::State_On)) return p.pressed;
  return mixed(dark ? p.hover : p.sunken, dark ? p.pressed : p.hover, hoverOf(option, widget));
}

QColor accentFill(const QStyleOption& option, const QWidget* widget) {
  const Palette& p = coloursOf(option);
  if (!has(option, QStyle::State_Enabled)) return p.sunken;
  if (has(option, QStyle::State_Sunken)) return p.accentPressed;
  return mixed(p.accent, p.accentHover, hoverOf(option, widget));
}

QColor indicatorBorder(const QStyleOption& option) {
  const Palette& p = coloursOf(option);
  return has(option, QStyle::State_Enabled) ? p.border : p.disabled;
}

}  // namespace

bool isAccent(const QWidget* widget) {
  return widget != nullptr && widget->property("accent").toBool();
}

bool isFlat(const QWidget* widget) {
  return widget != nullptr && widget->property("flat").toBool();
}

QString comboPrefix(const QWidget* widget) {
  return widget == nullptr ? QString() : widget->property("prefix").toString();
}

void pushButtonBevel(QPainter& painter, const QStyleOptionButton& option, const QWidget* widget) {
  const Palette& p = coloursOf(option);
  if (isAccent(widget)) {
    drawBox(painter, option.rect, metrics::kControlRadius, accentFill(option, widget));
    return;
  }
  const bool flat = option.features & QStyleOptionButton::Flat;
  const bool held = has(option, QStyle::State_Sunken) && has(option, QStyle::State_Enabled);
  const QColor flatFill = held ? p.pressed : faded(p.hover, hoverOf(option, widget));
  drawBox(painter, option.rect, metrics::kControlRadius,
          flat ? flatFill : secondaryFill(option, widget));
}

int pushButtonContentWidth(const QStyleOptionButton& option, const QWidget* widget) {
  const QFontMetrics words(buttonFont(option, widget));
  int width = words.size(Qt::TextShowMnemonic, option.text).width();
  if (!option.icon.isNull()) {
    width += option.iconSize.width() + (option.text.isEmpty() ? 0 : kIconGap);
  }
  const QString hint = hintOf(widget);
  if (!hint.isEmpty()) {
    width += kHintGap + QFontMetrics(textFont(TextRole::Tick)).horizontalAdvance(hint);
  }
  return width;
}

void pushButtonLabel(QPainter& painter, const QStyleOptionButton& option, const QWidget* widget) {
  const Palette& p = coloursOf(option);
  const bool enabled = has(option, QStyle::State_Enabled);
  QColor colour = enabled ? p.text : p.disabled;
  if (isAccent(widget) && enabled) colour = p.onAccent;
  if (widget != nullptr && widget->property("link").toBool() && enabled) colour = p.accent;
  painter.save();
  QRect rest = option.rect;
  rest.setLeft(rest.left() + (rest.width() - pushButtonContentWidth(option, widget)) / 2);
  if (!option.icon.isNull()) {
    const QRect box(QPoint(rest.left(), rest.center().y() - option.iconSize.height() / 2 + 1),
                    option.iconSize);
    option.icon.paint(&painter, box, Qt::AlignCenter, enabled ? QIcon::Normal : QIcon::Disabled);
    rest.setLeft(box.right() + 1 + kIconGap);
  }
  const QFont font = buttonFont(option, widget);
  painter.setFont(font);
  painter.setPen(colour);
  const auto flags = Qt::AlignLeft | Qt::AlignVCenter | Qt::TextShowMnemonic;
  painter.drawText(rest, static_cast<int>(flags), option.text);
  const QString hint = hintOf(widget);
  if (!hint.isEmpty()) {
    rest.setLeft(rest.left() + kHintGap +
                 QFontMetrics(font).size(Qt::TextShowMnemonic, option.text).width());
    painter.setFont(textFont(TextRole::Tick));
    if (!isAccent(widget) && enabled) painter.setPen(p.secondary);
    painter.drawText(rest, Qt::AlignLeft | Qt::AlignVCenter, hint);
  }
  painter.restore();
}

void checkIndicator(QPainter& painter, const QStyleOption& option, const QWidget* widget) {
  const Palette& p = coloursOf(option);
  const QRectF box(option.rect);
  const bool enabled = has(option, QStyle::State_Enabled);
  if (!has(option, QStyle::State_On) && !has(option, QStyle::State_NoChange)) {
    drawBox(painter, box, 4, faded(p.hover, hoverOf(option, widget)), indicatorBorder(option), 1.5);
    return;
  }
  drawBox(painter, box, 4, enabled ? p.accent : p.disabled);
  painter.save();
  painter.setRenderHint(QPainter::Antialiasing);
  painter.setPen(QPen(p.onAccent, 1.75, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
  const QPointF o = box.topLeft();
  if (has(option, QStyle::State_NoChange)) {
    painter.drawLine(o + QPointF(4.5, 8), o + QPointF(11.5, 8));
  } else {
    const QPointF tick[] = {o + QPointF(4.2, 8.4), o + QPointF(7, 11), o + QPointF(11.8, 5.4)};
    painter.drawPolyline(tick, 3);
  }
  painter.restore();
}

void radioIndicator(QPainter& painter, const QStyleOption& option, const QWidget*) {
  const Palette& p = coloursOf(option);
  const QRectF box(option.rect);
  const bool on = has(option, QStyle::State_On);
  const bool enabled = has(option, QStyle::State_Enabled);
  const QColor edge = on && enabled ? p.accent : indicatorBorder(option);
  drawBox(painter, box, box.width() / 2, p.surface, edge, 1.5);
  if (on) {
    drawBox(painter, box.adjusted(4, 4, -4, -4), box.width() / 2, enabled ? p.accent : p.disabled);
  }
}

void comboFrame(QPainter& painter, const QStyleOptionComboBox& option, const QWidget* widget) {
  const Palette& p = coloursOf(option);
  const bool enabled = has(option, QStyle::State_Enabled);
  const double hover = hoverOf(option, widget);
  QColor fill = isFlat(widget) ? faded(p.hover, hover) : mixed(p.sunken, p.hover, hover);
  if (enabled && has(option, QStyle::State_On)) fill = p.pressed;
  drawBox(painter, option.rect, metrics::kControlRadius, fill);
  const QRectF box(option.rect);
  drawChevron(painter, QRectF(box.right() - 24, box.top(), 16, box.height()),
              enabled ? p.secondary : p.disabled);
}

void comboLabel(QPainter& painter, const QStyleOptionComboBox& option, const QWidget* widget) {
  if (option.editable) return;
  const Palette& p = coloursOf(option);
  const bool enabled = has(option, QStyle::State_Enabled);
  const bool flat = isFlat(widget);
  painter.save();
  painter.setFont(widget == nullptr ? textFont(TextRole::Body) : widget->font());
  QRect box = option.rect.adjusted(flat ? 6 : 10, 0, -26, 0);
  const QString prefix = comboPrefix(widget);
  if (!prefix.isEmpty()) {
    painter.setPen(enabled ? p.secondary : p.disabled);
    painter.drawText(box, Qt::AlignLeft | Qt::AlignVCenter, prefix);
    box.setLeft(box.left() + painter.fontMetrics().horizontalAdvance(prefix) + kHintGap);
  }
  painter.setPen(!enabled ? p.disabled : flat ? p.secondary : p.text);
  painter.drawText(
      box, Qt::AlignLeft | Qt::AlignVCenter,
      painter.fontMetrics().elidedText(option.currentText, Qt::ElideRight, box.width()));
  painter.restore();
}

void lineEditFrame(QPainter& painter, const QStyleOption& option, const QWidget*) {
  const Palette& p = coloursOf(option);
  const bool focused = has(option, QStyle::State_HasFocus);
  const QColor edge = focused ? p.accent : indicatorBorder(option);
  drawBox(painter, option.rect, metrics::kControlRadius, p.raised, edge,
          focused ? metrics::kFocusRing : metrics::kHairline);
}

void scrollBar(QPainter& painter, const QStyleOptionSlider& option, const QRect& slider,
               const QWidget*) {
  if (option.minimum >= option.maximum) return;
  const Palette& p = coloursOf(option);
  const bool held = has(option, QStyle::State_Sunken);
  const bool hovered = has(option, QStyle::State_MouseOver);
  QRectF grip = QRectF(slider).adjusted(2, 2, -2, -2);
  const QColor fill = held ? p.secondary : hovered ? p.border : p.ghost;
  drawBox(painter, grip, std::min(grip.width(), grip.height()) / 2, fill);
}

void toolButtonBevel(QPainter& painter, const QStyleOption& option, const QWidget* widget) {
  const Palette& p = coloursOf(option);
  if (!has(option, QStyle::State_Enabled)) return;
  const bool down = has(option, QStyle::State_Sunken) || has(option, QStyle::State_On);
  drawBox(painter, option.rect, metrics::kControlRadius,
          down ? p.pressed : faded(p.hover, hoverOf(option, widget)));
}

}  // namespace style_painting
}  // namespace salient::ui
