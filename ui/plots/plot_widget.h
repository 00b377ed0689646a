// SPDX-License-Identifier: Apache-2.0
// Base of every plot: margins, zoom stack, keyboard cursor, brush, crosshair, readout, states,
// export and the accessible Chart. A subclass paints its data in paintPlot() and names its keys.
// One Tab stop: arrows move the cursor (Shift by a group), Enter selects, W S A D zoom and pan,
// F fits, Backspace goes back. GUI thread only.
#pragma once

#include <QPoint>
#include <QWidget>
#include <optional>

#include "ui/plots/zoom_stack.h"

class QPainter;

namespace salient::ui {

enum class ZoomAxes { None, Horizontal, Both };

class PlotWidget : public QWidget {
  Q_OBJECT

 public:
  explicit PlotWidget(ZoomAxes zoomAxes, QWidget* parent = nullptr);

  // Data units in view: x over keys (channels, tokens), y over rows where there are any.
  QRectF view() const { return zoom_.view(); }
  QRectF fullView() const { return zoom_.full(); }
  bool isZoomed() const { return zoom_.zoomed(); }
  void zoomTo(const QRectF& view);
  void zoomBack();
  void zoomAll();
  // For a linked plot: takes over left and right, emits nothing.
  void followHorizontally(double left, double right);

  // The cell under keyboard or pointer: x is the key, y the row (0 where there are none).
  std::optional<QPoint> cursor() const { return cursor_; }
  void setCursorCell(std::optional<QPoint> cell);

  // The readout sentence with **bold** marks; empty without a cursor.
  virtual QString readoutText() const = 0;
  // What the whole plot says, for screen readers: caption and readout.
  virtual QString summaryText() const;
  // The number under the cursor, for QAccessibleValueInterface.
  virtual double cursorValue() const { return 0; }
  virtual QSize cellCount() const = 0;  // keys × rows
  // The data as text: one header line, comma separated, points as decimals.
  virtual QString csv() const = 0;

  // The caption of the view, read aloud before the readout.
  void setSummary(const QString& sentence);
  // Centred sentence instead of data ("Measure this linear to see its channels."); empty: data.
  void setMessage(const QString& sentence);
  QString message() const { return message_; }
  // Loading: the last picture at 40 % under a 2 px accent bar.
  void setStale(bool stale);
  bool isStale() const { return stale_; }

  // Writes by suffix: .png (at 2x), .svg (geometry clipped, no clip paths), .csv. False on failure.
  bool exportTo(const QString& path);
  // Picture and CSV on the clipboard.
  void copyToClipboard();
  // The picture without cursor and hover, at any size.
  void renderTo(QPainter& painter, const QSizeF& size);

 Q_SIGNALS:
  void readoutChanged(const QString& markedText);
  // A person zoomed or panned this plot; not emitted by followHorizontally().
  void viewChanged(const QRectF& view);
  void cursorMoved(std::optional<QPoint> cell);
  // Click or Enter.
  void selected(const QPoint& cell);

 protected:
  // Everything but cursor, brush and "all" chip. Geometry must stay inside its rectangle without
  // the help of clipping, because Qt 6.4's SVG writer ignores it.
  virtual void paintPlot(QPainter& painter, const QSizeF& size) = 0;
  virtual void paintCursor(QPainter& painter) { Q_UNUSED(painter); }
  // The rectangle that view() fills, for a widget of this size.
  virtual QRectF plotArea(const QSizeF& size) const = 0;
  virtual std::optional<QPoint> cellAt(const QPointF& position) const;
  // How far Shift+arrow goes: a group of channels.
  virtual int strideOf(Qt::Orientation orientation) const;
  // Handles of the subclass (salient line, split). pressHandle answers whether it took the drag.
  virtual bool pressHandle(const QPointF& position);
  virtual void dragHandle(const QPointF& position);
  virtual void releaseHandle();
  virtual bool overHandle(const QPointF& position) const;
  virtual void viewMoved() {}

  // Quoted where it holds a comma, a quote or a line end.
  static QString csvField(QString text);
  QRectF plotRect() const { return plotArea(QSizeF(size())); }
  double xOf(double key, const QRectF& plot) const;
  double keyOf(double x, const QRectF& plot) const;
  double rowOf(double y, const QRectF& plot) const;
  void setFullView(const QRectF& full);
  void announceReadout();
  bool dragging() const { return drag_ != Drag::None; }

  bool event(QEvent* event) override;
  void paintEvent(QPaintEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;
  void mousePressEvent(QMouseEvent* event) override;
  void mouseMoveEvent(QMouseEvent* event) override;
  void mouseReleaseEvent(QMouseEvent* event) override;
  void mouseDoubleClickEvent(QMouseEvent* event) override;
  void wheelEvent(QWheelEvent* event) override;
  void leaveEvent(QEvent* event) override;

 private:
  enum class Drag { None, Brush, Handle, Pan };

  bool zoomKey(int key);
  bool cursorKey(const QKeyEvent& event);
  void zoomBy(double factor, const QPointF& centre);
  void panBy(double keys, double rows);
  QPointF zoomCentre() const;
  QRectF brushedView() const;
  QRectF allChip() const;
  void paintChrome(QPainter& painter);
  void afterZoom();

  ZoomAxes zoomAxes_;
  ZoomStack zoom_;
  std::optional<QPoint> cursor_;
  Drag drag_ = Drag::None;
  QPointF pressed_;
  QPointF pointer_;
  QRectF panStart_;
  QString summary_;
  QString message_;
  bool stale_ = false;
};

}  // namespace salient::ui
