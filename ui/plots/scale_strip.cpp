// SPDX-License-Identifier: Apache-2.0
#include "ui/plots/scale_strip.h"

#include <QPainter>
#include <algorithm>
#include <cmath>

#include "ui/plots/label_column.h"
#include "ui/plots/plot_paint.h"
#include "ui/style/palette.h"
#include "ui/style/typography.h"

namespace salient::ui {
namespace {

constexpr double kTitleRow = 16;
constexpr double kNameRow = 15;
constexpr double kAxisRow = 12;
constexpr double kTickRow = 16;
constexpr double kSide = 8;

}  // namespace

ScaleStrip::ScaleStrip(const QString& title, const QString& hint, QWidget* parent)
    : QWidget(parent), title_(title), hint_(hint) {
  setFont(textFont(TextRole::Tick));
  setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
  setAccessibleName(title);
}

void ScaleStrip::setMarks(std::vector<StripMark> marks) {
  marks_ = std::move(marks);
  QStringList words;
  for (const StripMark& mark : marks_) words << mark.text;
  setAccessibleDescription(words.join(QStringLiteral(", ")));
  if (!marks_.empty()) {
    const auto [low, high] =
        std::minmax_element(marks_.begin(), marks_.end(),
                            [](const auto& a, const auto& b) { return a.value < b.value; });
    const double spread = std::max(high->value - low->value, std::abs(high->value) * 0.05);
    AxisRange wide{low->value - spread * 0.3, high->value + spread * 0.3, AxisScale::Linear};
    // A measure that cannot be negative starts at 0 when 0 is near.
    if (low->value >= 0 && low->value < spread * 1.5) wide.lower = 0;
    ticks_ = axisTicks(wide, 4);
    if (ticks_.size() > 1) {
      const double step = ticks_[1] - ticks_[0];
      if (ticks_.front() > wide.lower) ticks_.insert(ticks_.begin(), ticks_.front() - step);
      if (ticks_.back() < wide.upper) ticks_.push_back(ticks_.back() + step);
      wide.lower = ticks_.front();
      wide.upper = ticks_.back();
    }
    axis_ = wide;
  }
  update();
}

QSize ScaleStrip::sizeHint() const {
  return {262, static_cast<int>(kTitleRow + kNameRow + kAxisRow + kTickRow)};
}

void ScaleStrip::paintEvent(QPaintEvent*) {
  const Palette& p = paletteOf(*this);
  QPainter painter(this);
  painter.setFont(textFont(TextRole::Caption));
  painter.setPen(p.text);
  painter.drawText(QRectF(0, 0, width(), kTitleRow), Qt::AlignLeft | Qt::AlignVCenter, title_);
  painter.setFont(font());
  painter.setPen(p.secondary);
  painter.drawText(QRectF(0, 0, width(), kTitleRow), Qt::AlignRight | Qt::AlignVCenter, hint_);
  const double y = std::floor(kTitleRow + kNameRow + kAxisRow / 2);
  drawHorizontalLine(painter, y, 0, width(), p.axis);
  if (marks_.empty()) return;
  for (const double tick : ticks_) {
    const double x = kSide + axis_.toUnit(tick) * (width() - 2 * kSide);
    painter.fillRect(QRectF(std::floor(x), y - 3, 1, 7), p.axis);
    painter.setPen(p.secondary);
    drawBottomTick(painter, x, y + kAxisRow / 2, tickText(tick), 0, width());
  }
  paintMarks(painter, y);
}

void ScaleStrip::paintMarks(QPainter& painter, double y) {
  const Palette& p = paletteOf(*this);
  const QFont strong = textFont(TextRole::Tick, Weight::Strong);
  std::vector<double> wanted;
  double widest = 0;
  for (const StripMark& mark : marks_) {
    wanted.push_back(kSide + axis_.toUnit(mark.value) * (width() - 2 * kSide));
    widest = std::max(widest, figuresWidth(strong, mark.text));
  }
  const auto placed = spreadLabels(wanted, widest + 8, widest / 2, width() - widest / 2);
  painter.save();
  painter.setRenderHint(QPainter::Antialiasing);
  painter.setFont(strong);
  for (std::size_t i = 0; i < marks_.size(); ++i) {
    const QColor colour = toneColor(marks_[i].tone, p);
    painter.setPen(QPen(p.surface, 2));
    painter.setBrush(colour);
    painter.drawEllipse(QPointF(wanted[i], y + 0.5), 5, 5);
    painter.setPen(colour);
    drawFigures(painter, QRectF(placed[i] - 100, kTitleRow, 200, kNameRow - 2),
                Qt::AlignHCenter | Qt::AlignVCenter, marks_[i].text);
  }
  painter.restore();
}

}  // namespace salient::ui
