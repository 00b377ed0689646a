// SPDX-License-Identifier: Apache-2.0
#pragma once

// Where a model is dropped: says what may be dropped, what is being dropped, and holds the Open
// button. Its picture is the magnitudes of one real layer.

#include <QWidget>

namespace salient::ui {

class AccentButton;

class DropZone : public QWidget {
  Q_OBJECT
 public:
  explicit DropZone(QWidget* parent = nullptr);

  AccentButton& openButton() { return *open_; }
  /// While something hovers: what will happen. Empty: nothing hovers.
  void setHovering(const QString& what, bool welcome);
  void setError(const QString& sentence);
  QSize sizeHint() const override { return {840, 356}; }
  QSize minimumSizeHint() const override { return {420, 280}; }

 protected:
  void paintEvent(QPaintEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;

 private:
  void paintChannels(QPainter& painter, const QRectF& box);
  void paintWords(QPainter& painter);

  AccentButton* open_;
  QString hovering_, error_;
  bool welcome_ = true;
};

}  // namespace salient::ui
