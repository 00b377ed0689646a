// SPDX-License-Identifier: Apache-2.0
#include "ui/panes/preset_card.h"

#include <QEvent>
#include <QPainter>
#include <QPainterPath>

#include "ui/style/metrics.h"
#include "ui/style/palette.h"
#include "ui/style/plain_text.h"
#include "ui/style/style_painting.h"
#include "ui/style/typography.h"

namespace salient::ui {
namespace {

constexpr double kPadding = 19;
constexpr double kBarHeight = 8;
/// A narrower card says the same in fewer words.
constexpr int kNarrow = 290;

void drawRadio(QPainter& painter, const QPointF& centre, bool on, const Palette& colours) {
  painter.setPen(QPen(on ? colours.accent : colours.border, 1.25));
  painter.setBrush(colours.surface);
  painter.drawEllipse(centre, 7.5, 7.5);
  if (!on) return;
  painter.setPen(Qt::NoPen);
  painter.setBrush(colours.accent);
  painter.drawEllipse(centre, 4.5, 4.5);
}

void drawBar(QPainter& painter, const QRectF& bar, const PresetFacts& facts, const Palette& colours,
             bool chosen) {
  painter.save();
  QPainterPath shape;
  shape.addRoundedRect(bar, kBarHeight / 2, kBarHeight / 2);
  painter.setClipPath(shape);
  painter.fillRect(bar, chosen ? colours.awqTint : colours.sunken);
  const double kept = bar.width() * facts.kept;
  painter.fillRect(QRectF(bar.left(), bar.top(), kept, bar.height()), colours.fp16);
  painter.fillRect(
      QRectF(bar.left() + kept + 1, bar.top(), bar.width() * facts.quantized - 1, bar.height()),
      colours.awq);
  painter.restore();
}

}  // namespace

PresetCard::PresetCard(QWidget* parent) : QRadioButton(parent) {
  setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
  setCursor(Qt::PointingHandCursor);
  // The knobs decide which card is chosen, also none; every card is a stop of its own.
  setAutoExclusive(false);
}

void PresetCard::setFacts(const PresetFacts& facts) {
  facts_ = facts;
  setAccessibleName(tr("%1, %2").arg(facts.name, facts.scheme));
  setAccessibleDescription(
      QStringList{facts.size, facts.share, facts.time, facts.judgement, facts.format}.join(
          QStringLiteral(". ")));
  setToolTip(plainToolTip(facts.judgement + QLatin1Char('\n') + facts.format));
  update();
}

bool PresetCard::hitButton(const QPoint& position) const {
  return rect().contains(position);
}

bool PresetCard::event(QEvent* event) {
  if (event->type() == QEvent::Enter || event->type() == QEvent::Leave) update();
  return QRadioButton::event(event);
}

void PresetCard::paintEvent(QPaintEvent* /*event*/) {
  QPainter painter(this);
  painter.setRenderHint(QPainter::Antialiasing);
  const Palette& colours = paletteOf(*this);
  const bool chosen = isChecked();
  const QColor fill = chosen ? colours.accentTint : underMouse() ? colours.hover : colours.surface;
  drawBox(painter, QRectF(rect()), metrics::kCardRadius, fill,
          chosen ? colours.accent : colours.hairline, chosen ? 2 : 1);
  drawRadio(painter, {kPadding + 8, 29}, chosen, colours);
  const double right = width() - kPadding;
  const auto words = [&](double left, double y, const QFont& font, const QColor& colour,
                         const QString& text, Qt::Alignment alignment) {
    painter.setFont(font);
    painter.setPen(colour);
    const QString shown =
        painter.fontMetrics().elidedText(text, Qt::ElideRight, static_cast<int>(right - left));
    painter.drawText(QRectF(left, y - 16, right - left, 32),
                     static_cast<int>(alignment | Qt::AlignVCenter), shown);
  };
  const QFont strong = textFont(TextRole::Body, Weight::Strong);
  const QFont body = textFont(TextRole::Body);
  QFont name = strong;
  name.setPointSizeF(strong.pointSizeF() * 11.25 / 9.75);
  words(kPadding + 26, 29, name, colours.text, facts_.name, Qt::AlignLeft);
  const bool narrow = width() < kNarrow;
  words(kPadding, 29, body, colours.secondary, narrow ? facts_.shortScheme : facts_.scheme,
        Qt::AlignRight);
  words(kPadding, 70, textFont(TextRole::Headline, Weight::Strong), colours.text, facts_.size,
        Qt::AlignLeft);
  words(kPadding, 73, body, colours.secondary, narrow ? facts_.shortShare : facts_.share,
        Qt::AlignRight);
  drawBar(painter, {kPadding, 98, right - kPadding, kBarHeight}, facts_, colours, chosen);
  words(kPadding, 128, strong, colours.text, facts_.time, Qt::AlignLeft);
  if (narrow) {
    words(kPadding, 150, textFont(TextRole::Caption), colours.secondary, facts_.judgement,
          Qt::AlignLeft);
    return;
  }
  const double after =
      kPadding + QFontMetricsF(strong).horizontalAdvance(facts_.time) + 3 * metrics::kGrid;
  words(after, 128, body, colours.secondary, facts_.judgement, Qt::AlignLeft);
  words(kPadding, 150, textFont(TextRole::Caption), colours.secondary, facts_.format,
        Qt::AlignLeft);
}

}  // namespace salient::ui
