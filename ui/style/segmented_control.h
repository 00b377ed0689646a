// SPDX-License-Identifier: Apache-2.0
// One choice out of a few words on a sunken track. Each segment is a radio button, so screen
// readers, arrow keys and "one Tab stop per group" are Qt's own. Give it an accessible name.
#pragma once

#include <QStringList>
#include <QWidget>
#include <vector>

class QButtonGroup;
class QRadioButton;

namespace salient::ui {

class SegmentedControl : public QWidget {
  Q_OBJECT

 public:
  explicit SegmentedControl(const QStringList& labels, QWidget* parent = nullptr);

  void setSegments(const QStringList& labels);
  int count() const { return static_cast<int>(segments_.size()); }
  QString text(int index) const;
  int currentIndex() const;
  void setCurrentIndex(int index);
  void setSegmentEnabled(int index, bool enabled);
  void setSegmentToolTip(int index, const QString& text);
  // metrics::kControlHeight by default; kTitleControlHeight in a view title.
  void setControlHeight(int height);
  // Left and right of each word; less where a view is narrow.
  void setTextPadding(int padding);

 Q_SIGNALS:
  void currentChanged(int index);
  // Only when a person chose.
  void activated(int index);

 protected:
  void paintEvent(QPaintEvent* event) override;
  void changeEvent(QEvent* event) override;
  void showEvent(QShowEvent* event) override;

 private:
  void nameSegments();

  std::vector<QRadioButton*> segments_;
  int textPadding_ = 11;
  QButtonGroup* group_;
};

}  // namespace salient::ui
