// SPDX-License-Identifier: Apache-2.0
// Mouse, wheel and keys of PlotWidget.
#include <QKeyEvent>
#include <QMouseEvent>
#include <algorithm>
#include <cmath>

#include "ui/plots/plot_widget.h"

namespace salient::ui {
namespace {

constexpr double kKeyZoom = 1.5;
constexpr double kWheelZoom = 1.0015;  // per eighth of a degree
constexpr double kPanShare = 0.2;
constexpr double kFitShare = 0.125;
constexpr double kMinimumKeys = 4;
constexpr int kBrushPixels = 5;

}  // namespace

QPointF PlotWidget::zoomCentre() const {
  const QRectF now = view();
  if (!cursor_) return now.center();
  const QPointF cell(cursor_->x() + 0.5, cursor_->y() + 0.5);
  const bool keyIn = cell.x() >= now.left() && cell.x() <= now.right();
  const bool rowIn = cell.y() >= now.top() && cell.y() <= now.bottom();
  return {keyIn ? cell.x() : now.center().x(), rowIn ? cell.y() : now.center().y()};
}

void PlotWidget::zoomBy(double factor, const QPointF& centre) {
  const QRectF now = view();
  const double width = std::max(now.width() / factor, std::min(kMinimumKeys, fullView().width()));
  const double height =
      zoomAxes_ == ZoomAxes::Both
          ? std::max(now.height() / factor, std::min(kMinimumKeys, fullView().height()))
          : now.height();
  const double x = (centre.x() - now.left()) / now.width();
  const double y = (centre.y() - now.top()) / now.height();
  zoomTo({centre.x() - x * width, centre.y() - y * height, width, height});
}

void PlotWidget::panBy(double keys, double rows) {
  if (zoom_.panTo(view().translated(keys, zoomAxes_ == ZoomAxes::Both ? rows : 0))) afterZoom();
}

bool PlotWidget::zoomKey(int key) {
  if (zoomAxes_ == ZoomAxes::None) return false;
  switch (key) {
    case Qt::Key_W:
      zoomBy(kKeyZoom, zoomCentre());
      return true;
    case Qt::Key_S:
      zoomBy(1 / kKeyZoom, zoomCentre());
      return true;
    case Qt::Key_A:
      panBy(-kPanShare * view().width(), 0);
      return true;
    case Qt::Key_D:
      panBy(kPanShare * view().width(), 0);
      return true;
    case Qt::Key_F: {
      // Centre the cursor and come close; without a cursor, or when already close, show all.
      const bool close = view().width() <= fullView().width() * kFitShare * 1.01;
      if (!cursor_ || close) {
        zoomAll();
        return true;
      }
      const QPointF centre = zoomCentre();
      QRectF target = view();
      target.setWidth(std::max(kMinimumKeys, fullView().width() * kFitShare));
      target.moveCenter({centre.x(), target.center().y()});
      zoomTo(target);
      return true;
    }
    case Qt::Key_Backspace:
      zoomBack();
      return true;
    default:
      return false;
  }
}

bool PlotWidget::cursorKey(const QKeyEvent& event) {
  const QSize cells = cellCount();
  if (cells.isEmpty()) return false;
  const QPoint start(static_cast<int>(view().center().x()), static_cast<int>(view().center().y()));
  QPoint cell = cursor_.value_or(start);
  const bool far = event.modifiers() & Qt::ShiftModifier;
  const int across = far ? strideOf(Qt::Horizontal) : 1;
  const int down = far ? strideOf(Qt::Vertical) : 1;
  switch (event.key()) {
    case Qt::Key_Left:
      cell.rx() -= cursor_ ? across : 0;
      break;
    case Qt::Key_Right:
      cell.rx() += cursor_ ? across : 0;
      break;
    case Qt::Key_Up:
      cell.ry() -= cursor_ ? down : 0;
      break;
    case Qt::Key_Down:
      cell.ry() += cursor_ ? down : 0;
      break;
    case Qt::Key_Home:
      cell.setX(0);
      break;
    case Qt::Key_End:
      cell.setX(cells.width() - 1);
      break;
    default:
      return false;
  }
  cell.setX(std::clamp(cell.x(), 0, cells.width() - 1));
  cell.setY(std::clamp(cell.y(), 0, cells.height() - 1));
  QRectF target = view();
  if (cell.x() < target.left()) target.moveLeft(cell.x());
  if (cell.x() + 1 > target.right()) target.moveRight(cell.x() + 1);
  if (zoomAxes_ == ZoomAxes::Both && cell.y() < target.top()) target.moveTop(cell.y());
  if (zoomAxes_ == ZoomAxes::Both && cell.y() + 1 > target.bottom())
    target.moveBottom(cell.y() + 1);
  if (zoomAxes_ != ZoomAxes::None && zoom_.panTo(target)) afterZoom();
  setCursorCell(cell);
  return true;
}

// A, D, F and Space must reach the plot before a window shortcut of the same key does.
bool PlotWidget::event(QEvent* event) {
  if (event->type() == QEvent::ShortcutOverride) {
    const auto* key = static_cast<QKeyEvent*>(event);
    const bool plain = !(key->modifiers() & (Qt::ControlModifier | Qt::AltModifier));
    switch (key->key()) {
      case Qt::Key_W:
      case Qt::Key_A:
      case Qt::Key_S:
      case Qt::Key_D:
      case Qt::Key_F:
      case Qt::Key_Space:
      case Qt::Key_Backspace:
        if (plain) event->accept();
        return true;
      default:
        break;
    }
  }
  return QWidget::event(event);
}

void PlotWidget::keyPressEvent(QKeyEvent* event) {
  const bool plain = !(event->modifiers() & (Qt::ControlModifier | Qt::AltModifier));
  if (plain && (zoomKey(event->key()) || cursorKey(*event))) return;
  if ((event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter) && cursor_) {
    Q_EMIT selected(*cursor_);
    return;
  }
  if (event->key() == Qt::Key_Escape && cursor_) {
    setCursorCell({});
    return;
  }
  QWidget::keyPressEvent(event);
}

void PlotWidget::mousePressEvent(QMouseEvent* event) {
  pressed_ = pointer_ = event->position();
  if (event->button() == Qt::MiddleButton && zoomAxes_ != ZoomAxes::None) {
    drag_ = Drag::Pan;
    panStart_ = view();
    return;
  }
  if (event->button() != Qt::LeftButton) return QWidget::mousePressEvent(event);
  if (allChip().contains(pressed_)) return zoomAll();
  drag_ = pressHandle(pressed_) ? Drag::Handle : Drag::Brush;
}

void PlotWidget::mouseMoveEvent(QMouseEvent* event) {
  pointer_ = event->position();
  if (drag_ == Drag::Handle) return dragHandle(pointer_);
  if (drag_ == Drag::Pan) {
    const QRectF plot = plotRect();
    const QPointF moved = pressed_ - pointer_;
    const double rows =
        zoomAxes_ == ZoomAxes::Both ? moved.y() / plot.height() * panStart_.height() : 0;
    const QRectF target = panStart_.translated(moved.x() / plot.width() * panStart_.width(), rows);
    if (zoom_.panTo(target)) afterZoom();
    return;
  }
  if (drag_ == Drag::Brush) {
    update();
    return;
  }
  setCursor(overHandle(pointer_) ? Qt::SplitVCursor : Qt::ArrowCursor);
  setCursorCell(cellAt(pointer_));
}

QRectF PlotWidget::brushedView() const {
  const QRectF plot = plotRect();
  const QRectF box = QRectF(pressed_, pointer_).normalized().intersected(plot);
  const double left = std::floor(keyOf(box.left(), plot));
  const double right = std::ceil(keyOf(box.right(), plot));
  if (zoomAxes_ != ZoomAxes::Both) return {left, view().top(), right - left, view().height()};
  const double top = std::floor(rowOf(box.top(), plot));
  const double bottom = std::ceil(rowOf(box.bottom(), plot));
  return {left, top, right - left, bottom - top};
}

void PlotWidget::mouseReleaseEvent(QMouseEvent* event) {
  const Drag ended = std::exchange(drag_, Drag::None);
  pointer_ = event->position();
  if (ended == Drag::Handle) return releaseHandle();
  if (ended != Drag::Brush) return QWidget::mouseReleaseEvent(event);
  update();
  const bool wide = std::abs(pointer_.x() - pressed_.x()) >= kBrushPixels;
  const bool tall = std::abs(pointer_.y() - pressed_.y()) >= kBrushPixels;
  const bool brushed = zoomAxes_ == ZoomAxes::Both ? wide && tall : wide;
  if (zoomAxes_ != ZoomAxes::None && brushed) return zoomTo(brushedView());
  if (const auto cell = cellAt(pressed_)) {
    setCursorCell(cell);
    Q_EMIT selected(*cell);
  }
}

void PlotWidget::mouseDoubleClickEvent(QMouseEvent* event) {
  if (event->button() == Qt::LeftButton && !overHandle(event->position())) zoomAll();
}

void PlotWidget::wheelEvent(QWheelEvent* event) {
  if (zoomAxes_ == ZoomAxes::None) return QWidget::wheelEvent(event);
  const QRectF plot = plotRect();
  const QPoint turn = event->angleDelta();
  const bool sideways = std::abs(turn.x()) > std::abs(turn.y());
  if (sideways || event->modifiers() & Qt::ShiftModifier) {
    const int delta = sideways ? turn.x() : turn.y();
    panBy(-delta / 120.0 * kPanShare / 2 * view().width(), 0);
  } else {
    const QPointF at = event->position();
    zoomBy(std::pow(kWheelZoom, turn.y()), {keyOf(at.x(), plot), rowOf(at.y(), plot)});
  }
  event->accept();
}

void PlotWidget::leaveEvent(QEvent* event) {
  if (drag_ == Drag::None && !hasFocus()) setCursorCell({});
  QWidget::leaveEvent(event);
}

}  // namespace salient::ui
