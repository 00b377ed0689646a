// SPDX-License-Identifier: Apache-2.0
// The pictures behind SalientStyle, one function per control, and the few shapes that widgets with
// their own paint event share.
#pragma once

#include <QColor>
#include <QFont>
#include <QRectF>
#include <QString>

class QPainter;
class QStyleOption;
class QStyleOptionButton;
class QStyleOptionComboBox;
class QStyleOptionSlider;
class QStyleOptionToolButton;
class QWidget;

namespace salient::ui {

// A rounded box whose 1 px border stays on whole pixels; invalid colours are not drawn.
void drawBox(QPainter& painter, const QRectF& box, double radius, const QColor& fill,
             const QColor& border = {}, double borderWidth = 1);

// The down arrow of combos and menus, centred in box.
void drawChevron(QPainter& painter, const QRectF& box, const QColor& colour);

namespace style_painting {

void pushButtonBevel(QPainter& painter, const QStyleOptionButton& option, const QWidget* widget);
void pushButtonLabel(QPainter& painter, const QStyleOptionButton& option, const QWidget* widget);
void checkIndicator(QPainter& painter, const QStyleOption& option, const QWidget* widget);
void radioIndicator(QPainter& painter, const QStyleOption& option, const QWidget* widget);
void comboFrame(QPainter& painter, const QStyleOptionComboBox& option, const QWidget* widget);
void comboLabel(QPainter& painter, const QStyleOptionComboBox& option, const QWidget* widget);
void lineEditFrame(QPainter& painter, const QStyleOption& option, const QWidget* widget);
void scrollBar(QPainter& painter, const QStyleOptionSlider& option, const QRect& slider,
               const QWidget* widget);
void toolButtonBevel(QPainter& painter, const QStyleOption& option, const QWidget* widget);

// Width that a push button's icon, words and shortcut hint take, without padding.
int pushButtonContentWidth(const QStyleOptionButton& option, const QWidget* widget);
QString comboPrefix(const QWidget* widget);
bool isAccent(const QWidget* widget);
bool isFlat(const QWidget* widget);

}  // namespace style_painting
}  // namespace salient::ui
