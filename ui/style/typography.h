// SPDX-License-Identifier: Apache-2.0
// The type scale. Sizes are relative to the application font that applyTheme() sets, so the
// font-size setting and the ×0.9 of DejaVu Sans reach every text without a global of our own.
#pragma once

#include <QFont>
#include <QRectF>
#include <QString>

class QApplication;
class QPainter;

namespace salient::ui {

enum class TextRole {
  Tick,      // 8.25 pt: ticks, hints
  Caption,   // 9 pt: captions, tables
  Body,      // 9.75 pt: body, titles, controls
  Answer,    // 11.25 pt: answers in the Chat layout
  Figure,    // 15 pt: the big figures of a view
  Headline,  // 21 pt: page headlines
};

enum class Weight { Regular, Strong };  // 400 and 600, no other

QFont textFont(TextRole role, Weight weight = Weight::Regular);
// Mono face of the same size, for commands, log and codes only.
QFont monoFont(TextRole role);

// The application font for a font-size setting (1 = the design's sizes): the desktop's family, or
// Inter, Noto Sans, DejaVu Sans where no desktop chose one.
QFont applicationFont(double fontScale);

// Digits on the width of 0, because Qt 6.4 cannot switch on tabular figures. The position is the
// left end of the baseline; the advance is returned.
double drawFigures(QPainter& painter, const QPointF& position, const QString& text);
void drawFigures(QPainter& painter, const QRectF& box, Qt::Alignment alignment,
                 const QString& text);
double figuresWidth(const QFont& font, const QString& text);

}  // namespace salient::ui
