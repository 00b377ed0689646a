// SPDX-License-Identifier: Apache-2.0
#pragma once

// Rows of the cache list: a whole row lit on hover, the verdict with its icon and word.

#include <QStyledItemDelegate>

namespace salient::ui {

class CachedModelDelegate : public QStyledItemDelegate {
  Q_OBJECT
 public:
  using QStyledItemDelegate::QStyledItemDelegate;

  void paint(QPainter* painter, const QStyleOptionViewItem& option,
             const QModelIndex& index) const override;
};

}  // namespace salient::ui
