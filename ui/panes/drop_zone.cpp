// SPDX-License-Identifier: Apache-2.0
#include "ui/panes/drop_zone.h"

#include <QPainter>
#include <QPainterPath>
#include <algorithm>
#include <cmath>

#include "ui/panes/sample_channels.h"
#include "ui/style/accent_button.h"
#include "ui/style/icons.h"
#include "ui/style/metrics.h"
#include "ui/style/palette.h"
#include "ui/style/typography.h"

namespace salient::ui {
namespace {

constexpr double kInset = 32;

}  // namespace

DropZone::DropZone(QWidget* parent)
    : QWidget(parent), open_(new AccentButton(IconName::Folder, tr("Open…"), this)) {
  setControlHeight(*open_, metrics::kPageControlHeight);
  setButtonHint(*open_, QStringLiteral("Ctrl+O"));
  open_->setToolTip(tr("Choose a model folder or a .gguf file"));
  setAccessibleName(tr("Drop a model here"));
  setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Preferred);
}

void DropZone::setHovering(const QString& what, bool welcome) {
  hovering_ = what;
  welcome_ = welcome;
  update();
}

void DropZone::setError(const QString& sentence) {
  error_ = sentence;
  setAccessibleDescription(sentence);
  update();
}

void DropZone::resizeEvent(QResizeEvent* event) {
  QWidget::resizeEvent(event);
  open_->adjustSize();
  open_->move(static_cast<int>(kInset), 168);
}

void DropZone::paintChannels(QPainter& painter, const QRectF& box) {
  const Palette& colours = paletteOf(*this);
  const std::span<const float> channels = sampleChannels();
  const double pitch = box.width() / static_cast<double>(channels.size());
  const auto [least, most] = std::minmax_element(channels.begin(), channels.end());
  const double low = std::log10(static_cast<double>(*least)) - 0.4;
  const double high = std::log10(static_cast<double>(*most));
  const float line = sampleSalientLine();
  for (std::size_t i = 0; i < channels.size(); ++i) {
    const double value = std::log10(static_cast<double>(channels[i]));
    const double tall = box.height() * 0.58 * (value - low) / (high - low);
    const double x = box.left() + (static_cast<double>(i) + 0.5) * pitch;
    const bool salient = channels[i] >= line;
    painter.setPen(QPen(salient ? colours.accent : colours.disabled.lighter(115),
                        salient ? 2 : std::max(1.0, pitch * 0.55)));
    painter.drawLine(QPointF(x, box.bottom()), QPointF(x, box.bottom() - tall));
    if (!salient) continue;
    painter.setPen(Qt::NoPen);
    painter.setBrush(colours.accent);
    painter.drawEllipse(QPointF(x, box.bottom() - tall), 4, 4);
    painter.setBrush(Qt::NoBrush);
  }
}

void DropZone::paintWords(QPainter& painter) {
  const Palette& colours = paletteOf(*this);
  const auto line = [&](double y, TextRole role, Weight weight, const QColor& colour,
                        const QString& text, Qt::Alignment alignment) {
    painter.setFont(textFont(role, weight));
    painter.setPen(colour);
    painter.drawText(QRectF(kInset, y, width() - 2 * kInset + 8, 32),
                     static_cast<int>(alignment | Qt::AlignVCenter), text);
  };
  painter.drawPixmap(QPointF(kInset, 38),
                     iconPixmap(IconName::Drop, colours.accent, 20, devicePixelRatioF()));
  const bool hovering = !hovering_.isEmpty();
  line(74, TextRole::Headline, Weight::Strong, colours.text,
       hovering && welcome_ ? tr("Drop to open") : tr("Drop a model here"), Qt::AlignLeft);
  if (hovering || !error_.isEmpty()) {
    const bool bad = hovering ? !welcome_ : true;
    line(110, TextRole::Body, Weight::Regular, bad ? colours.danger : colours.text,
         hovering ? hovering_ : error_, Qt::AlignLeft);
    return;
  }
  line(108, TextRole::Body, Weight::Regular, colours.secondary,
       tr("A folder with config.json and safetensors, or one .gguf file."), Qt::AlignLeft);
  line(128, TextRole::Body, Weight::Regular, colours.secondary,
       tr("Salient reads it where it lies and never changes it."), Qt::AlignLeft);
  if (width() < 720) return;
  line(20, TextRole::Body, Weight::Strong, colours.text, sampleClaim(), Qt::AlignRight);
  line(40, TextRole::Body, Weight::Regular, colours.secondary, sampleExplanation(), Qt::AlignRight);
}

void DropZone::paintEvent(QPaintEvent* /*event*/) {
  QPainter painter(this);
  painter.setRenderHint(QPainter::Antialiasing);
  const Palette& colours = paletteOf(*this);
  const QRectF box = QRectF(rect()).adjusted(0.75, 0.75, -0.75, -0.75);
  QPainterPath shape;
  shape.addRoundedRect(box, metrics::kCardRadius, metrics::kCardRadius);
  const bool inviting = !hovering_.isEmpty() && welcome_;
  painter.fillPath(shape, inviting ? colours.accentTint : colours.window);
  painter.save();
  painter.setClipPath(shape);
  paintChannels(painter, box);
  painter.restore();
  QPen dashes(inviting ? colours.accent : colours.border, 1.5);
  dashes.setDashPattern({4, 3});
  painter.setPen(dashes);
  painter.drawPath(shape);
  paintWords(painter);
}

}  // namespace salient::ui
