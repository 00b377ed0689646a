// SPDX-License-Identifier: Apache-2.0
#pragma once

// One recent model or run: its map as a stamp, what it is, how far it came; a button in every
// respect.

#include <QAbstractButton>

#include "ui/models/recents_model.h"

class QPushButton;

namespace salient::ui {

class RecentRow : public QAbstractButton {
  Q_OBJECT
 public:
  explicit RecentRow(const RecentEntry& entry, QWidget* parent = nullptr);

  QSize sizeHint() const override { return {400, 72}; }

 signals:
  void chosen(const QString& path);
  /// The Resume button of an unfinished run, or the row itself with `start` false.
  void resumeWanted(const salient::ui::RecentEntry& entry, bool start);

 protected:
  void paintEvent(QPaintEvent* event) override;
  bool event(QEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;

 private:
  QString stageText() const;

  RecentEntry entry_;
  QPushButton* resume_ = nullptr;  ///< of an unfinished run only
};

}  // namespace salient::ui
