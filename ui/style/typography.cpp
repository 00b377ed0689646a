// SPDX-License-Identifier: Apache-2.0
#include "ui/style/typography.h"

#include <QFontDatabase>
#include <QFontMetricsF>
#include <QGuiApplication>
#include <QPainter>
#include <array>

namespace salient::ui {
namespace {

constexpr double kBodyPoints = 9.75;

double points(TextRole role) {
  switch (role) {
    case TextRole::Tick:
      return 8.25;
    case TextRole::Caption:
      return 9;
    case TextRole::Body:
      return kBodyPoints;
    case TextRole::Answer:
      return 11.25;
    case TextRole::Figure:
      return 15;
    case TextRole::Headline:
      return 21;
  }
  return kBodyPoints;
}

// Families that stand for "nobody chose": the generic alias, and what fontconfig makes of it.
bool chosenByDesktop(const QString& family) {
  static const std::array<const char*, 5> unset = {"", "Sans Serif", "Sans", "DejaVu Sans",
                                                   "Bitstream Vera Sans"};
  const QString platform = QGuiApplication::platformName();
  if (platform == QLatin1String("offscreen") || platform == QLatin1String("minimal")) return false;
  for (const char* name : unset) {
    if (family == QLatin1String(name)) return false;
  }
  return true;
}

QString fallbackFamily() {
  const QStringList installed = QFontDatabase::families();
  for (const char* name : {"Inter", "Noto Sans", "DejaVu Sans"}) {
    if (installed.contains(QLatin1String(name))) return QString::fromLatin1(name);
  }
  return QStringLiteral("Sans Serif");
}

// Calls visit(run, isDigit, advance) for each digit and for each run without digits.
template <typename Visit>
double walkFigures(const QFontMetricsF& metrics, const QString& text, Visit visit) {
  const double cell = metrics.horizontalAdvance(QLatin1Char('0'));
  double x = 0;
  qsizetype i = 0;
  while (i < text.size()) {
    const qsizetype start = i;
    const bool digit = text[i].isDigit();
    ++i;
    while (!digit && i < text.size() && !text[i].isDigit()) ++i;
    const QString run = text.mid(start, i - start);
    const double natural = metrics.horizontalAdvance(run);
    visit(run, digit ? x + (cell - natural) / 2 : x);
    x += digit ? cell : natural;
  }
  return x;
}

}  // namespace

QFont textFont(TextRole role, Weight weight) {
  QFont font = QGuiApplication::font();
  font.setPointSizeF(font.pointSizeF() * points(role) / kBodyPoints);
  font.setWeight(weight == Weight::Strong ? QFont::DemiBold : QFont::Normal);
  return font;
}

QFont monoFont(TextRole role) {
  QFont font = QFontDatabase::systemFont(QFontDatabase::FixedFont);
  font.setPointSizeF(textFont(role).pointSizeF());
  return font;
}

QFont applicationFont(double fontScale) {
  QFont font = QFontDatabase::systemFont(QFontDatabase::GeneralFont);
  if (!chosenByDesktop(font.family())) font.setFamilies({fallbackFamily()});
  const double wide = font.family() == QLatin1String("DejaVu Sans") ? 0.9 : 1.0;
  font.setPointSizeF(kBodyPoints * wide * fontScale);
  font.setWeight(QFont::Normal);
  return font;
}

double drawFigures(QPainter& painter, const QPointF& position, const QString& text) {
  return walkFigures(QFontMetricsF(painter.font()), text, [&](const QString& run, double x) {
    painter.drawText(QPointF(position.x() + x, position.y()), run);
  });
}

void drawFigures(QPainter& painter, const QRectF& box, Qt::Alignment alignment,
                 const QString& text) {
  const QFontMetricsF metrics(painter.font());
  const double width = figuresWidth(painter.font(), text);
  double x = box.left();
  if (alignment & Qt::AlignRight) x = box.right() - width;
  if (alignment & Qt::AlignHCenter) x = box.center().x() - width / 2;
  double y = box.center().y() + (metrics.ascent() - metrics.descent()) / 2;
  if (alignment & Qt::AlignTop) y = box.top() + metrics.ascent();
  if (alignment & Qt::AlignBottom) y = box.bottom() - metrics.descent();
  drawFigures(painter, QPointF(x, y), text);
}

double figuresWidth(const QFont& font, const QString& text) {
  return walkFigures(QFontMetricsF(font), text, [](const QString&, double) {});
}

}  // namespace salient::ui
