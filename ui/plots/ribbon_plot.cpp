// SPDX-License-Identifier: Apache-2.0
#include "ui/plots/ribbon_plot.h"

#include <QFontMetricsF>
#include <QPainter>
#include <algorithm>
#include <cmath>
#include <numeric>

#include "ui/plots/axis.h"
#include "ui/plots/plot_paint.h"
#include "ui/style/metrics.h"
#include "ui/style/palette.h"
#include "ui/style/style_painting.h"
#include "ui/style/typography.h"

namespace salient::ui {
namespace {

constexpr double kStripTop = 4;
constexpr double kFullTop = 26;
constexpr double kFullLeft = 36;
constexpr double kFullBottom = 20;
constexpr int kWords = 6;
constexpr double kWidestBar = 24;
constexpr double kLowestPeak = 0.05;
constexpr double kWordShare = 0.3;  // of the peak; lower bars need no name

// A token as a word on a chart: spaces and line ends made visible, long ones cut.
QString shown(QString token) {
  token = token.trimmed().replace(u'\n', QStringLiteral("↵"));
  if (token == QLatin1String(",")) return RibbonPlot::tr("comma");
  return token.size() > 14 ? token.left(13) + u'…' : token;
}

}  // namespace

RibbonPlot::RibbonPlot(RibbonLook look, QWidget* parent)
    : PlotWidget(ZoomAxes::Horizontal, parent), look_(look) {
  setAccessibleName(tr("KL per token"));
  connect(this, &PlotWidget::cursorMoved, this,
          [this](std::optional<QPoint> cell) { Q_EMIT tokenHovered(cell ? cell->x() : -1); });
  connect(this, &PlotWidget::selected, this, [this](const QPoint& cell) {
    setSelectedToken(cell.x());
    Q_EMIT tokenSelected(cell.x());
  });
}

void RibbonPlot::setTokens(std::vector<RibbonToken> tokens) {
  tokens_ = std::move(tokens);
  peak_ = kLowestPeak;
  for (const RibbonToken& token : tokens_) {
    if (std::isfinite(token.kl)) peak_ = std::max(peak_, token.kl);
  }
  const auto first = std::find_if(tokens_.begin(), tokens_.end(), [](const RibbonToken& token) {
    return token.pick == TokenPick::Other;
  });
  firstDivergence_ = first == tokens_.end() ? -1 : static_cast<int>(first - tokens_.begin());
  if (selected_ >= static_cast<int>(tokens_.size())) selected_ = -1;
  setFullView(QRectF(0, 0, std::max(1.0, static_cast<double>(tokens_.size())), 1));
  update();
}

void RibbonPlot::appendToken(RibbonToken token) {
  std::vector<RibbonToken> tokens = std::move(tokens_);
  tokens.push_back(std::move(token));
  setTokens(std::move(tokens));
}

void RibbonPlot::setSelectedToken(int token) {
  selected_ = token;
  update();
  announceReadout();
}

void RibbonPlot::setReadout(std::function<QString(int)> readout) {
  readout_ = std::move(readout);
}

QRectF RibbonPlot::plotArea(const QSizeF& size) const {
  if (look_ == RibbonLook::Strip) {
    return {0, kStripTop, size.width(), size.height() - kStripTop - 2};
  }
  return {kFullLeft, kFullTop, size.width() - kFullLeft, size.height() - kFullTop - kFullBottom};
}

QRectF RibbonPlot::barRect(int token, const QRectF& plot) const {
  const double pitch = plot.width() / view().width();
  const double width = std::clamp(std::floor(pitch * 0.72), 1.0, kWidestBar);
  const double x = std::round(xOf(token + 0.5, plot) - width / 2);
  const double kl = tokens_[static_cast<std::size_t>(token)].kl;
  const double share = std::isfinite(kl) ? std::clamp(kl / peak(), 0.0, 1.0) : 1;
  const double height = std::max(1.0, std::round(share * plot.height()));
  return {x, plot.bottom() - height, width, height};
}

void RibbonPlot::paintPlot(QPainter& painter, const QSizeF& size) {
  const QRectF plot = plotArea(size);
  if (look_ == RibbonLook::Full) paintAxes(painter, plot);
  if (!tokens_.empty()) paintBars(painter, plot);
  drawHorizontalLine(painter, plot.bottom(), plot.left(), plot.right(), paletteOf(*this).axis);
  if (tokens_.empty()) return;
  paintDivergence(painter, plot);
  if (look_ == RibbonLook::Full) paintWords(painter, plot);
  if (look_ == RibbonLook::Strip) paintPeak(painter, plot);
}

void RibbonPlot::paintAxes(QPainter& painter, const QRectF& plot) {
  const Palette& p = paletteOf(*this);
  painter.setFont(font());
  const AxisRange up{0, peak(), AxisScale::Linear};
  for (const double tick : axisTicks(up, plot.height() < 40 ? 1 : 3)) {
    if (tick <= 0) continue;
    const double y = plot.bottom() - tick / peak() * plot.height();
    drawHorizontalLine(painter, y, plot.left(), plot.right(), p.grid);
    painter.setPen(p.secondary);
    drawLeftTick(painter, plot.left() - 8, y, tickText(tick));
  }
  if (tokens_.empty()) return;
  const double word = QFontMetricsF(font()).horizontalAdvance(tr("token"));
  // The number of a selected token near the end stands in its place.
  const bool covered = selected_ >= 0 && xOf(selected_ + 0.5, plot) > plot.right() - word - 16;
  if (!covered) drawLeftTick(painter, plot.right(), plot.bottom() + 12, tr("token"));
  const AxisRange across{view().left(), view().right(), AxisScale::Linear};
  std::vector<double> ticks = axisTicks(across, 8);
  if (view().left() < 0.5) ticks.insert(ticks.begin(), 1);
  for (const double tick : ticks) {
    if (tick < 1 || tick != std::floor(tick)) continue;
    const double x = xOf(tick - 0.5, plot);
    const bool underSelection = selected_ >= 0 && std::abs(tick - 1 - selected_) < 3;
    if (underSelection || x < plot.left() || x > plot.right() - word - 16) continue;
    drawBottomTick(painter, x, plot.bottom() + 5, tickText(tick), plot.left(), plot.right());
  }
}

void RibbonPlot::paintBars(QPainter& painter, const QRectF& plot) {
  const Palette& p = paletteOf(*this);
  const int first = std::max(0, static_cast<int>(std::floor(view().left())));
  const int last =
      std::min(static_cast<int>(tokens_.size()), static_cast<int>(std::ceil(view().right())));
  for (int token = first; token < last; ++token) {
    if (token + 0.5 < view().left() || token + 0.5 > view().right()) continue;
    const QRectF bar = barRect(token, plot);
    if (tokens_[static_cast<std::size_t>(token)].pick == TokenPick::Other) {
      painter.fillRect(bar, p.awq);
      continue;
    }
    painter.fillRect(bar, p.awqMid);
    if (bar.width() >= 3 && bar.height() >= 2) {
      painter.fillRect(bar.adjusted(1, 1, -1, 0), p.awqTint);
    }
  }
}

QString RibbonPlot::divergenceText() const {
  return look_ == RibbonLook::Full ? tr("first divergence")
                                   : tr("first divergence %1").arg(firstDivergence() + 1);
}

bool RibbonPlot::touchesBar(const QRectF& box, const QRectF& plot) const {
  for (int token = 0; token < static_cast<int>(tokens_.size()); ++token) {
    if (token + 0.5 < view().left() || token + 0.5 > view().right()) continue;
    if (barRect(token, plot).intersects(box)) return true;
  }
  return false;
}

/// Beside the line or beside its bar, where no bar stands.
QRectF RibbonPlot::divergenceBox(const QRectF& plot) const {
  const double x = std::floor(xOf(firstDivergence() + 0.5, plot));
  const double top = look_ == RibbonLook::Full ? plot.top() - 15 : plot.top() - 4;
  const double width = figuresWidth(textFont(TextRole::Tick, Weight::Strong), divergenceText());
  const QRectF bar = barRect(firstDivergence(), plot);
  QRectF fitting;
  for (const double from : {x - 7 - width, x + 7, bar.left() - 5 - width, bar.right() + 5}) {
    const QRectF box(from, top, width, 13);
    if (box.left() < plot.left() || box.right() > plot.right()) continue;
    if (!touchesBar(box, plot)) return box;
    if (fitting.isNull()) fitting = box;
  }
  return fitting.isNull() ? QRectF(plot.left(), top, width, 13) : fitting;
}

void RibbonPlot::paintDivergence(QPainter& painter, const QRectF& plot) {
  const Palette& p = paletteOf(*this);
  const int first = firstDivergence();
  if (first >= view().left() && first < view().right()) {
    const double x = std::floor(xOf(first + 0.5, plot));
    const QRectF bar = barRect(first, plot);
    const double top = look_ == RibbonLook::Full ? plot.top() - 14 : plot.top() - 4;
    drawVerticalLine(painter, x, top, bar.top() - 1, look_ == RibbonLook::Full ? p.text : p.awq);
    painter.setFont(textFont(TextRole::Tick, Weight::Strong));
    const QString text = divergenceText();
    const QRectF box = divergenceBox(plot);
    // Where bars stand on both sides the words get a ground of their own.
    if (touchesBar(box, plot)) {
      QColor ground = p.surface;
      ground.setAlphaF(0.85F);
      painter.fillRect(box.adjusted(-2, 0, 2, 0), ground);
    }
    painter.setPen(p.awq);
    drawFigures(painter, box, Qt::AlignLeft | Qt::AlignVCenter, text);
  }
  if (look_ == RibbonLook::Full && selected_ >= view().left() && selected_ < view().right()) {
    const QString text = QString::number(selected_ + 1);
    painter.setFont(textFont(TextRole::Tick, Weight::Strong));
    const double width = figuresWidth(painter.font(), text) + 10;
    const QRectF chip(xOf(selected_ + 0.5, plot) - width / 2, plot.bottom() + 4, width, 15);
    drawBox(painter, chip, 3, p.text);
    painter.setPen(p.surface);
    drawFigures(painter, chip, Qt::AlignHCenter | Qt::AlignVCenter, text);
  }
}

std::vector<int> RibbonPlot::byKl() const {
  std::vector<int> order(tokens_.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [this](int a, int b) {
    return tokens_[static_cast<std::size_t>(a)].kl > tokens_[static_cast<std::size_t>(b)].kl;
  });
  return order;
}

void RibbonPlot::paintPeak(QPainter& painter, const QRectF& plot) {
  painter.setFont(font());
  painter.setPen(paletteOf(*this).secondary);
  const QRectF bar = barRect(byKl().front(), plot);
  const QString text = QString::number(peak(), 'f', 2);
  const double width = figuresWidth(font(), text);
  const QRectF words = firstDivergence() < 0 ? QRectF() : divergenceBox(plot);
  for (const double left : {bar.left() - 6 - width, bar.right() + 6}) {
    const QRectF box(left, plot.top() - 2, width, 12);
    const bool inside = left >= plot.left() && left + width <= plot.right();
    if (!inside || box.adjusted(-4, 0, 4, 0).intersects(words)) continue;
    drawFigures(painter, QPointF(left, plot.top() + 8), text);
    return;
  }
}

// Where a word would cover a bar, the divergence line or its words.
std::vector<QRectF> RibbonPlot::takenByBars(const QRectF& plot) const {
  std::vector<QRectF> taken;
  for (int token = 0; token < static_cast<int>(tokens_.size()); ++token) {
    if (token + 1 > view().left() && token < view().right()) taken.push_back(barRect(token, plot));
  }
  const int divergence = firstDivergence();
  if (divergence < 0) return taken;
  const double x = xOf(divergence + 0.5, plot);
  taken.push_back(divergenceBox(plot));
  taken.emplace_back(x - 1, plot.top() - 16, 3, plot.height() + 16);
  return taken;
}

// The highest bars are named: what FP16 said, and what the other would have said.
void RibbonPlot::paintWords(QPainter& painter, const QRectF& plot) {
  const Palette& p = paletteOf(*this);
  painter.setFont(font());
  std::vector<QRectF> taken = takenByBars(plot);
  int left = kWords;
  for (const int token : byKl()) {
    const RibbonToken& each = tokens_[static_cast<std::size_t>(token)];
    if (left == 0 || each.kl < kWordShare * peak()) break;
    const bool hidden = token < view().left() || token + 1 > view().right();
    if (hidden || token == firstDivergence() || shown(each.text).isEmpty()) continue;
    const bool other = each.pick == TokenPick::Other;
    const QString text =
        other ? shown(each.text) + QStringLiteral(" → ") + shown(each.otherText) : shown(each.text);
    --left;
    const double width = QFontMetricsF(font()).horizontalAdvance(text);
    const QRectF bar = barRect(token, plot);
    QRectF box(bar.center().x() - width / 2, bar.top() - 16, width, 13);
    box.moveLeft(std::clamp(box.left(), plot.left(), std::max(plot.left(), plot.right() - width)));
    const bool blocked = std::any_of(taken.begin(), taken.end(), [&](const QRectF& rect) {
      return rect.intersects(box.adjusted(-4, 0, 4, 0));
    });
    if (blocked) continue;
    taken.push_back(box);
    painter.setPen(other ? p.awq : p.secondary);
    painter.drawText(box, Qt::AlignCenter, text);
  }
}

void RibbonPlot::paintCursor(QPainter& painter) {
  const Palette& p = paletteOf(*this);
  const QRectF plot = plotRect();
  for (const int token : {cursor() ? cursor()->x() : -1, selected_}) {
    if (token < view().left() || token + 1 > view().right()) continue;
    if (token < 0 || token >= static_cast<int>(tokens_.size())) continue;
    drawBox(painter, barRect(token, plot).adjusted(-2, -2, 2, 0), 0, {}, p.text);
  }
}

QString RibbonPlot::readoutText() const {
  const int token = cursor() ? cursor()->x() : selected_;
  if (token < 0 || token >= static_cast<int>(tokens_.size())) return {};
  if (readout_) return readout_(token);
  const RibbonToken& each = tokens_[static_cast<std::size_t>(token)];
  return tr("token **%1**  KL **%2**").arg(token + 1).arg(each.kl, 0, 'g', 3);
}

double RibbonPlot::cursorValue() const {
  const int token = cursor() ? cursor()->x() : selected_;
  const bool inside = token >= 0 && token < static_cast<int>(tokens_.size());
  return inside ? tokens_[static_cast<std::size_t>(token)].kl : 0;
}

QSize RibbonPlot::cellCount() const {
  return {static_cast<int>(tokens_.size()), 1};
}

QSize RibbonPlot::sizeHint() const {
  return look_ == RibbonLook::Strip ? QSize(600, 38) : QSize(980, 140);
}

QString RibbonPlot::csv() const {
  QString text = QStringLiteral("token,kl,same_pick,fp16_token,other_token\n");
  for (std::size_t i = 0; i < tokens_.size(); ++i) {
    text += QStringLiteral("%1,%2,%3,")
                .arg(i + 1)
                .arg(tokens_[i].kl, 0, 'g', 9)
                .arg(tokens_[i].pick == TokenPick::Same ? 1 : 0) +
            csvField(tokens_[i].text) + u',' + csvField(tokens_[i].otherText) + u'\n';
  }
  return text;
}

}  // namespace salient::ui
