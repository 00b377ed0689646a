// SPDX-License-Identifier: Apache-2.0
#include "ui/panes/cached_model_delegate.h"

#include <QPainter>
#include <QWidget>

#include "ui/models/cached_models_model.h"
#include "ui/style/icons.h"
#include "ui/style/palette.h"
#include "ui/style/typography.h"

namespace salient::ui {
namespace {

QPixmap iconOf(int column, Verdict verdict, const Palette& colours, double ratio) {
  if (column == CachedModelsModel::ModelColumn) {
    return iconPixmap(IconName::Model,
                      verdict == Verdict::No ? colours.disabled : colours.secondary, 16, ratio);
  }
  switch (verdict) {
    case Verdict::Yes:
      return iconPixmap(IconName::Check, colours.positive, 16, ratio);
    case Verdict::Conditional:
      return iconPixmap(IconName::Warning, colours.warning, 16, ratio);
    case Verdict::No:
      return iconPixmap(IconName::Cross, colours.danger, 16, ratio);
  }
  return {};
}

}  // namespace

void CachedModelDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option,
                                const QModelIndex& index) const {
  const Palette& colours = paletteOf(*option.widget);
  const bool selected = option.state.testFlag(QStyle::State_Selected);
  if (selected) painter->fillRect(option.rect, colours.hover);
  const auto verdict = static_cast<Verdict>(index.data(CachedModelsModel::VerdictRole).toInt());
  QRect box = option.rect.adjusted(8, 0, -8, 0);
  const bool first = index.column() == CachedModelsModel::ModelColumn;
  if (first || index.column() == CachedModelsModel::VerdictColumn) {
    const QPixmap icon =
        iconOf(index.column(), verdict, colours, option.widget->devicePixelRatioF());
    painter->drawPixmap(QPointF(box.left(), box.center().y() - 7.5), icon);
    box.setLeft(box.left() + 24);
  }
  painter->setFont(textFont(TextRole::Body));
  const bool quiet =
      verdict == Verdict::No || (!first && index.column() < CachedModelsModel::VerdictColumn);
  painter->setPen(quiet ? colours.secondary : colours.text);
  const QString text = painter->fontMetrics().elidedText(
      index.data().toString(), first ? Qt::ElideMiddle : Qt::ElideRight, box.width());
  painter->drawText(box, index.data(Qt::TextAlignmentRole).toInt(), text);
}

}  // namespace salient::ui
