// SPDX-License-Identifier: Apache-2.0
// The quiet look of what Qt draws in bulk: menus, tables, tabs, spin boxes, sliders, frames.
// One function per element of SalientStyle, as in style_painting.h.
#pragma once

#include <QPalette>
#include <QRect>

class QPainter;
class QStyleOption;
class QStyleOptionFrame;
class QStyleOptionHeader;
class QStyleOptionMenuItem;
class QStyleOptionSlider;
class QStyleOptionSpinBox;
class QStyleOptionTab;
class QWidget;

namespace salient::ui::style_views {

// A selected row is a grey fill under unchanged text; blue is for the quantized model.
QPalette quietSelection(const QPalette& palette);

void frame(QPainter& painter, const QStyleOption& option);
// True when it was a separating line and has been drawn.
bool separatorFrame(QPainter& painter, const QStyleOptionFrame& option);
void headerSection(QPainter& painter, const QStyleOption& option);
void headerLabel(QPainter& painter, const QStyleOptionHeader& option, const QWidget* widget);
void menuBarItem(QPainter& painter, const QStyleOptionMenuItem& option);
void menuSeparator(QPainter& painter, const QStyleOptionMenuItem& option);
void tabShape(QPainter& painter, const QStyleOptionTab& option);
void spinBox(QPainter& painter, const QStyleOptionSpinBox& option, const QRect& up,
             const QRect& down);
void slider(QPainter& painter, const QStyleOptionSlider& option, const QRect& groove,
            const QRect& handle);

}  // namespace salient::ui::style_views
