// SPDX-License-Identifier: Apache-2.0
#include "ui/plots/distance_plot.h"

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
constexpr double kStrip = kTitleRow + kNameRow + kAxisRow + kTickRow;
constexpr double kSide = 8;
constexpr double kDot = 5;

}  // namespace

DistancePlot::DistancePlot(QWidget* parent) : PlotWidget(ZoomAxes::None, parent) {
  setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
  setAccessibleName(tr("Distance to FP16"));
}

DistancePlot::Axis DistancePlot::axisOf(const std::vector<DistanceMark>& marks) {
  const auto [low, high] = std::minmax_element(
      marks.begin(), marks.end(), [](const auto& a, const auto& b) { return a.value < b.value; });
  const double spread = std::max(high->value - low->value, std::abs(high->value) * 0.05);
  AxisRange wide{low->value - spread * 0.3, high->value + spread * 0.3, AxisScale::Linear};
  // A measure that cannot be negative starts at 0 when 0 is near.
  if (low->value >= 0 && low->value < spread * 1.5) wide.lower = 0;
  std::vector<double> ticks = axisTicks(wide, 4);
  if (ticks.size() > 1) {
    const double step = ticks[1] - ticks[0];
    if (ticks.front() > wide.lower) ticks.insert(ticks.begin(), ticks.front() - step);
    if (ticks.back() < wide.upper) ticks.push_back(ticks.back() + step);
    wide.lower = ticks.front();
    wide.upper = ticks.back();
  }
  return {wide, std::move(ticks)};
}

void DistancePlot::setStrips(std::vector<DistanceStrip> strips) {
  const std::size_t before = strips_.size();
  strips_ = std::move(strips);
  std::erase_if(strips_, [](const DistanceStrip& strip) { return strip.marks.empty(); });
  axes_.clear();
  for (const DistanceStrip& strip : strips_) axes_.push_back(axisOf(strip.marks));
  const QSize cells = cellCount();
  setFullView(QRectF(0, 0, std::max(1, cells.width()), std::max(1, cells.height())));
  if (before != strips_.size()) updateGeometry();
  update();
}

QSize DistancePlot::sizeHint() const {
  return {262, static_cast<int>(kStrip * std::max(1.0, static_cast<double>(strips_.size())))};
}

QSize DistancePlot::cellCount() const {
  std::size_t most = 0;
  for (const DistanceStrip& strip : strips_) most = std::max(most, strip.marks.size());
  return {static_cast<int>(most), static_cast<int>(strips_.size())};
}

QRectF DistancePlot::plotArea(const QSizeF& size) const {
  return {kSide, 0, size.width() - 2 * kSide, size.height()};
}

const DistanceMark* DistancePlot::markAt(const std::optional<QPoint>& cell) const {
  if (!cell || strips_.empty()) return nullptr;
  const int row = std::clamp(cell->y(), 0, static_cast<int>(strips_.size()) - 1);
  const std::vector<DistanceMark>& marks = strips_[static_cast<std::size_t>(row)].marks;
  // A measure may have fewer models than another: its last one stands for those it lacks.
  const int mark = std::clamp(cell->x(), 0, static_cast<int>(marks.size()) - 1);
  return &marks[static_cast<std::size_t>(mark)];
}

QString DistancePlot::readoutText() const {
  const DistanceMark* mark = markAt(cursor());
  if (mark == nullptr) return {};
  const auto row =
      static_cast<std::size_t>(std::clamp(cursor()->y(), 0, static_cast<int>(strips_.size()) - 1));
  return tr("%1 of %2 **%3**, %4")
      .arg(strips_[row].title, mark->name, mark->figure, strips_[row].hint);
}

double DistancePlot::cursorValue() const {
  const DistanceMark* mark = markAt(cursor());
  return mark == nullptr ? 0 : mark->value;
}

QString DistancePlot::csv() const {
  QString text = QStringLiteral("measure,model,value\n");
  for (const DistanceStrip& strip : strips_) {
    for (const DistanceMark& mark : strip.marks) {
      text += QStringLiteral("%1,%2,%3\n")
                  .arg(csvField(strip.title), csvField(mark.name))
                  .arg(mark.value, 0, 'g', 9);
    }
  }
  return text;
}

QPointF DistancePlot::dotOf(std::size_t strip, std::size_t mark, double width) const {
  const double unit = axes_[strip].range.toUnit(strips_[strip].marks[mark].value);
  const double y = static_cast<double>(strip) * kStrip + kTitleRow + kNameRow + kAxisRow / 2;
  return {kSide + unit * (width - 2 * kSide), std::floor(y) + 0.5};
}

std::optional<QPoint> DistancePlot::cellAt(const QPointF& position) const {
  for (std::size_t strip = 0; strip < strips_.size(); ++strip) {
    for (std::size_t mark = 0; mark < strips_[strip].marks.size(); ++mark) {
      const QPointF dot = dotOf(strip, mark, width());
      if ((dot - position).manhattanLength() > 3 * kDot) continue;
      return QPoint(static_cast<int>(mark), static_cast<int>(strip));
    }
  }
  return {};
}

void DistancePlot::paintPlot(QPainter& painter, const QSizeF& size) {
  for (std::size_t strip = 0; strip < strips_.size(); ++strip) {
    paintStrip(painter, strip, size.width());
    paintMarks(painter, strip, size.width());
  }
}

void DistancePlot::paintStrip(QPainter& painter, std::size_t strip, double width) const {
  const Palette& p = paletteOf(*this);
  const double top = static_cast<double>(strip) * kStrip;
  const QRectF title(0, top, width, kTitleRow);
  painter.setFont(textFont(TextRole::Caption));
  painter.setPen(p.text);
  painter.drawText(title, Qt::AlignLeft | Qt::AlignVCenter, strips_[strip].title);
  painter.setFont(font());
  painter.setPen(p.secondary);
  painter.drawText(title, Qt::AlignRight | Qt::AlignVCenter, strips_[strip].hint);
  const double y = std::floor(top + kTitleRow + kNameRow + kAxisRow / 2);
  drawHorizontalLine(painter, y, 0, width, p.axis);
  for (const double tick : axes_[strip].ticks) {
    const double x = kSide + axes_[strip].range.toUnit(tick) * (width - 2 * kSide);
    painter.fillRect(QRectF(std::floor(x), y - 3, 1, 7), p.axis);
    painter.setPen(p.secondary);
    drawBottomTick(painter, x, y + kAxisRow / 2, tickText(tick), 0, width);
  }
}

void DistancePlot::paintMarks(QPainter& painter, std::size_t strip, double width) const {
  const Palette& p = paletteOf(*this);
  const QFont strong = textFont(TextRole::Tick, Weight::Strong);
  const std::vector<DistanceMark>& marks = strips_[strip].marks;
  std::vector<double> wanted;
  std::vector<QString> words;
  double widest = 0;
  for (std::size_t mark = 0; mark < marks.size(); ++mark) {
    wanted.push_back(dotOf(strip, mark, width).x());
    words.push_back(marks[mark].name + QLatin1Char(' ') + marks[mark].figure);
    widest = std::max(widest, figuresWidth(strong, words.back()));
  }
  const auto placed = spreadLabels(wanted, widest + 8, widest / 2, width - widest / 2);
  const double top = static_cast<double>(strip) * kStrip + kTitleRow;
  painter.save();
  painter.setRenderHint(QPainter::Antialiasing);
  painter.setFont(strong);
  for (std::size_t mark = 0; mark < marks.size(); ++mark) {
    const QColor colour = toneColor(marks[mark].tone, p);
    painter.setPen(QPen(p.surface, 2));
    painter.setBrush(colour);
    painter.drawEllipse(dotOf(strip, mark, width), kDot, kDot);
    painter.setPen(colour);
    drawFigures(painter, QRectF(placed[mark] - widest / 2, top, widest, kNameRow - 2),
                Qt::AlignHCenter | Qt::AlignVCenter, words[mark]);
  }
  painter.restore();
}

void DistancePlot::paintCursor(QPainter& painter) {
  const DistanceMark* mark = markAt(cursor());
  if (mark == nullptr) return;
  const auto row =
      static_cast<std::size_t>(std::clamp(cursor()->y(), 0, static_cast<int>(strips_.size()) - 1));
  const auto index = static_cast<std::size_t>(mark - strips_[row].marks.data());
  painter.save();
  painter.setRenderHint(QPainter::Antialiasing);
  painter.setPen(QPen(paletteOf(*this).text, 1.5));
  painter.setBrush(Qt::NoBrush);
  painter.drawEllipse(dotOf(row, index, width()), kDot + 3, kDot + 3);
  painter.restore();
}

}  // namespace salient::ui
