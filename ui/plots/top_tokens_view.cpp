// SPDX-License-Identifier: Apache-2.0
#include "ui/plots/top_tokens_view.h"

#include <QPainter>
#include <QPainterPath>
#include <algorithm>
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

}  // namespace

TopTokensView::TopTokensView(QWidget* parent) : QWidget(parent) {
  setAccessibleName(tr("Likeliest next tokens"));
}

void TopTokensView::setPlace(const QString& context, const QString& kl,
                             std::vector<TokenChoice> left, std::vector<TokenChoice> right) {
  context_ = context;
  kl_ = kl;
  left_ = std::move(left);
  right_ = std::move(right);
  QStringList spoken{tr("after %1").arg(context)};
  for (const auto* side : {&left_, &right_}) {
    for (const TokenChoice& choice : *side) {
      spoken << QStringLiteral("%1 %2 %").arg(choice.text).arg(choice.probability * 100, 0, 'f', 1);
    }
  }
  setAccessibleDescription(spoken.join(QStringLiteral("; ")));
  update();
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

void TopTokensView::paintSide(QPainter& painter, const QRectF& box,
                              const std::vector<TokenChoice>& choices, bool quantized) {
  const Palette& colours = paletteOf(*this);
  double peak = 1e-9;
  for (const auto* side : {&left_, &right_}) {
    for (const TokenChoice& choice : *side) peak = std::max(peak, choice.probability);
  }
  const double track = std::max(20.0, box.width() - kName - kShare);
  for (std::size_t i = 0; i < std::min(choices.size(), shownRows()); ++i) {
    const bool first = i == 0;
    const double y = box.top() + static_cast<double>(i) * kRow;
    painter.setFont(textFont(TextRole::Body, first ? Weight::Strong : Weight::Regular));
    painter.setPen(first ? colours.text : colours.secondary);
    const QString name = painter.fontMetrics().elidedText(choices[i].text, Qt::ElideRight,
                                                          static_cast<int>(kName - 8));
    painter.drawText(QRectF(box.left(), y, kName, kRow), Qt::AlignLeft | Qt::AlignVCenter, name);
    const QColor fill = quantized ? (first ? colours.awq : colours.awqMid)
                                  : (first ? colours.fp16 : colours.fp16Mid);
    drawBox(painter, QRectF(box.left() + kName, y + 8, track * choices[i].probability / peak, 8), 2,
            fill);
    drawFigures(painter, QRectF(box.right() - kShare, y, kShare, kRow),
                Qt::AlignRight | Qt::AlignVCenter,
                QStringLiteral("%1 %").arg(choices[i].probability * 100, 0, 'f', 1));
  }
}

void TopTokensView::paintLinks(QPainter& painter, double left, double right) {
  const Palette& colours = paletteOf(*this);
  for (std::size_t i = 0; i < std::min(left_.size(), shownRows()); ++i) {
    for (std::size_t j = 0; j < std::min(right_.size(), shownRows()); ++j) {
      if (left_[i].text != right_[j].text) continue;
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

void TopTokensView::paintEvent(QPaintEvent* /*event*/) {
  QPainter painter(this);
  painter.setRenderHint(QPainter::Antialiasing);
  const Palette& colours = paletteOf(*this);
  drawBox(painter, QRectF(rect()), metrics::kCardRadius,
          themeOf(*this) == Theme::Dark ? colours.raised : colours.window);
  const double inset = metrics::kViewPadding;
  painter.setFont(textFont(TextRole::Caption));
  painter.setPen(colours.secondary);
  const QRectF title(inset, 8, width() - 2 * inset, 26);
  if (left_.empty() && right_.empty()) {
    painter.drawText(QRectF(rect()), Qt::AlignCenter,
                     tr("Point at a token or a bar to see what each model would say next."));
    return;
  }
  painter.drawText(title, Qt::AlignLeft | Qt::AlignVCenter,
                   tr("Next token after “%1”").arg(context_));
  if (!kl_.isEmpty()) {
    painter.drawText(title, Qt::AlignRight | Qt::AlignVCenter, tr("KL %1").arg(kl_));
  }
  const double half = (width() - 2 * inset - kLinks) / 2;
  const double rows = kRow * rows_;
  paintSide(painter, {inset, kTop, half, rows}, left_, false);
  paintSide(painter, {inset + half + kLinks, kTop, half, rows}, right_, true);
  paintLinks(painter, inset + half + 6, inset + half + kLinks - 6);
}

}  // namespace salient::ui
