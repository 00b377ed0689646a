// SPDX-License-Identifier: Apache-2.0
#include "ui/plots/top_tokens_view.h"

#include <QPainter>
#include <QPainterPath>
#include <algorithm>
#include <cmath>
#include <utility>

#include "ui/style/metrics.h"
#include "ui/style/palette.h"
#include "ui/style/style_painting.h"
#include "ui/style/typography.h"

namespace salient::ui {
namespace {

constexpr double kTop = 42;
constexpr double kRow = 24;
constexpr double kName = 96;
constexpr double kShare = 56;
constexpr double kLinks = 56;

QString shareText(double probability) {
  return QStringLiteral("%1 %").arg(probability * 100, 0, 'f', 1);
}

}  // namespace

TopTokensView::TopTokensView(QWidget* parent) : PlotWidget(ZoomAxes::None, parent) {
  setAccessibleName(tr("Likeliest next tokens"));
  setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
}

void TopTokensView::setPlace(const QString& context, const QString& kl,
                             std::vector<TokenChoice> left, std::vector<TokenChoice> right) {
  context_ = context;
  kl_ = kl;
  sides_ = {std::move(left), std::move(right)};
  QStringList spoken{title()};
  for (const std::vector<TokenChoice>& side : sides_) {
    for (const TokenChoice& choice : side) {
      spoken << choice.text + QLatin1Char(' ') + shareText(choice.probability);
    }
  }
  setSummary(sides_[0].empty() && sides_[1].empty() ? QString()
                                                    : spoken.join(QStringLiteral("; ")));
  update();
}

QString TopTokensView::title() const {
  return context_.isEmpty() ? tr("First token of the answer")
                            : tr("Next token after “%1”").arg(context_);
}

void TopTokensView::setMostRows(int rows) {
  if (rows == rows_) return;
  rows_ = rows;
  updateGeometry();
  update();
}

void TopTokensView::clear() {
  setPlace({}, {}, {}, {});
}

std::size_t TopTokensView::shown(std::size_t side) const {
  return std::min(sides_[side].size(), static_cast<std::size_t>(rows_));
}

QSize TopTokensView::cellCount() const {
  const std::size_t rows = std::max(shown(0), shown(1));
  return {rows == 0 ? 0 : sides_[1].empty() ? 1 : 2, static_cast<int>(rows)};
}

const TokenChoice* TopTokensView::choiceAt(const std::optional<QPoint>& cell) const {
  if (!cell) return nullptr;
  const auto side = static_cast<std::size_t>(std::clamp(cell->x(), 0, 1));
  const auto row = static_cast<std::size_t>(std::max(0, cell->y()));
  return row < shown(side) ? &sides_[side][row] : nullptr;
}

QString TopTokensView::readoutText() const {
  const TokenChoice* choice = choiceAt(cursor());
  if (choice == nullptr) return {};
  const QString model = cursor()->x() > 0 ? tr("AWQ") : tr("FP16");
  return tr("%1 gives “%2” **%3**").arg(model, choice->text, shareText(choice->probability));
}

QString TopTokensView::summaryText() const {
  const QString said = PlotWidget::summaryText();
  return said.isEmpty() ? tr("Point at a token or a bar to see what each model would say next.")
                        : said;
}

double TopTokensView::cursorValue() const {
  const TokenChoice* choice = choiceAt(cursor());
  return choice == nullptr ? 0 : choice->probability;
}

QString TopTokensView::csv() const {
  QString text = QStringLiteral("model,rank,token,probability\n");
  for (std::size_t side = 0; side < sides_.size(); ++side) {
    const QString model = side == 0 ? QStringLiteral("FP16") : QStringLiteral("AWQ");
    for (std::size_t row = 0; row < sides_[side].size(); ++row) {
      const TokenChoice& choice = sides_[side][row];
      text += QStringLiteral("%1,%2,%3,%4\n")
                  .arg(model)
                  .arg(row + 1)
                  .arg(csvField(choice.text))
                  .arg(choice.probability, 0, 'g', 9);
    }
  }
  return text;
}

QRectF TopTokensView::plotArea(const QSizeF& size) const {
  const double inset = metrics::kViewPadding;
  return {inset, kTop, size.width() - 2 * inset, kRow * rows_};
}

QRectF TopTokensView::sideBox(int side, const QSizeF& size) const {
  const QRectF area = plotArea(size);
  const double half = (area.width() - kLinks) / 2;
  return {area.left() + side * (half + kLinks), area.top(), half, area.height()};
}

std::optional<QPoint> TopTokensView::cellAt(const QPointF& position) const {
  for (const int side : {0, 1}) {
    const QRectF box = sideBox(side, size());
    if (!box.contains(position)) continue;
    const QPoint cell(side, static_cast<int>(std::floor((position.y() - box.top()) / kRow)));
    return choiceAt(cell) == nullptr ? std::nullopt : std::optional(cell);
  }
  return {};
}

void TopTokensView::paintSide(QPainter& painter, int side, const QRectF& box) const {
  const Palette& colours = paletteOf(*this);
  double peak = 1e-9;
  for (const std::vector<TokenChoice>& each : sides_) {
    for (const TokenChoice& choice : each) peak = std::max(peak, choice.probability);
  }
  const double track = std::max(20.0, box.width() - kName - kShare);
  const std::vector<TokenChoice>& choices = sides_[static_cast<std::size_t>(side)];
  for (std::size_t i = 0; i < shown(static_cast<std::size_t>(side)); ++i) {
    const bool first = i == 0;
    const double y = box.top() + static_cast<double>(i) * kRow;
    painter.setFont(textFont(TextRole::Body, first ? Weight::Strong : Weight::Regular));
    painter.setPen(first ? colours.text : colours.secondary);
    const QString name = painter.fontMetrics().elidedText(choices[i].text, Qt::ElideRight,
                                                          static_cast<int>(kName - 8));
    painter.drawText(QRectF(box.left(), y, kName, kRow), Qt::AlignLeft | Qt::AlignVCenter, name);
    const QColor fill = side == 1 ? (first ? colours.awq : colours.awqMid)
                                  : (first ? colours.fp16 : colours.fp16Mid);
    drawBox(painter, QRectF(box.left() + kName, y + 8, track * choices[i].probability / peak, 8), 2,
            fill);
    drawFigures(painter, QRectF(box.right() - kShare, y, kShare, kRow),
                Qt::AlignRight | Qt::AlignVCenter, shareText(choices[i].probability));
  }
}

void TopTokensView::paintLinks(QPainter& painter, double left, double right) const {
  const Palette& colours = paletteOf(*this);
  for (std::size_t i = 0; i < shown(0); ++i) {
    for (std::size_t j = 0; j < shown(1); ++j) {
      if (sides_[0][i].text != sides_[1][j].text) continue;
      const double from = kTop + (static_cast<double>(i) + 0.5) * kRow;
      const double to = kTop + (static_cast<double>(j) + 0.5) * kRow;
      QPainterPath path(QPointF(left, from));
      const double middle = (left + right) / 2;
      path.cubicTo({middle, from}, {middle, to}, {right, to});
      painter.setPen(QPen(i == j ? colours.ghost : colours.accent, 1.25));
      painter.setBrush(Qt::NoBrush);
      painter.drawPath(path);
    }
  }
}

void TopTokensView::paintPlot(QPainter& painter, const QSizeF& size) {
  painter.save();
  painter.setRenderHint(QPainter::Antialiasing);
  const Palette& colours = paletteOf(*this);
  const QRectF card(QPointF(), size);
  drawBox(painter, card, metrics::kCardRadius,
          themeOf(*this) == Theme::Dark ? colours.raised : colours.window);
  painter.setFont(textFont(TextRole::Caption));
  painter.setPen(colours.secondary);
  if (sides_[0].empty() && sides_[1].empty()) {
    painter.drawText(card, Qt::AlignCenter, summaryText());
    painter.restore();
    return;
  }
  const QRectF head(metrics::kViewPadding, 8, size.width() - 2 * metrics::kViewPadding, 26);
  painter.drawText(head, Qt::AlignLeft | Qt::AlignVCenter, title());
  if (!kl_.isEmpty()) {
    painter.drawText(head, Qt::AlignRight | Qt::AlignVCenter, tr("KL %1").arg(kl_));
  }
  const QRectF left = sideBox(0, size);
  const QRectF right = sideBox(1, size);
  paintSide(painter, 0, left);
  paintSide(painter, 1, right);
  paintLinks(painter, left.right() + 6, right.left() - 6);
  painter.restore();
}

void TopTokensView::paintCursor(QPainter& painter) {
  if (choiceAt(cursor()) == nullptr) return;
  const QRectF box = sideBox(cursor()->x(), size());
  const QRectF row(box.left() - 6, box.top() + cursor()->y() * kRow + 1, box.width() + 8, kRow - 2);
  drawBox(painter, row, 4, {}, paletteOf(*this).border);
}

}  // namespace salient::ui
