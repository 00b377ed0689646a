// SPDX-License-Identifier: Apache-2.0
#include "ui/plots/map_widget.h"

#include <QContextMenuEvent>
#include <QCoreApplication>
#include <QKeyEvent>
#include <QScrollBar>
#include <algorithm>
#include <cmath>

namespace salient::ui {
namespace {

constexpr double kHeader = 20;
constexpr double kFooter = 36;
constexpr double kRowNumbers = 28;
constexpr double kGap = 2;
constexpr double kGroupGap = 8;
constexpr double kMaximumPitch = 19;
constexpr double kMaximumRailPitch = 24;
constexpr double kMinimumPitch = 8;
constexpr double kMaximumCell = 40;
constexpr double kRightSlack = 8;
constexpr int kScrollBar = 8;

QString stateWord(CellState state) {
  switch (state) {
    case CellState::Absent:
      return QStringLiteral("absent");
    case CellState::Planned:
      return QStringLiteral("planned");
    case CellState::Running:
      return QStringLiteral("running");
    case CellState::Paused:
      return QStringLiteral("paused");
    case CellState::Done:
      return QStringLiteral("done");
    case CellState::Failed:
      return QStringLiteral("failed");
  }
  return {};
}

}  // namespace

MapWidget::MapWidget(QWidget* parent)
    : PlotWidget(ZoomAxes::None, parent), scrollBar_(new QScrollBar(Qt::Vertical, this)) {
  setAccessibleName(tr("Model map"));
  scrollBar_->setAccessibleName(tr("Scroll the model map"));
  scrollBar_->setFocusPolicy(Qt::NoFocus);
  scrollBar_->hide();
  connect(scrollBar_, &QScrollBar::valueChanged, this, qOverload<>(&QWidget::update));
  connect(this, &PlotWidget::cursorMoved, this, [this](std::optional<QPoint> at) {
    Q_EMIT cellHovered(at ? at->y() : -1, at ? at->x() : -1);
  });
  connect(this, &PlotWidget::selected, this, [this](const QPoint& at) {
    setSelection(at.y(), at.x());
    Q_EMIT cellSelected(at.y(), at.x());
  });
}

void MapWidget::setGrid(const std::vector<MapColumn>& columns, int blocks) {
  columns_ = columns;
  blocks_ = std::max(0, blocks);
  cells_.assign(columns.size() * static_cast<std::size_t>(blocks_), MapCell());
  selection_ = QPoint(-1, -1);
  setCursorCell({});
  layOutScrollBar();
  updateGeometry();
  update();
}

void MapWidget::setCell(int block, int column, const MapCell& cell) {
  if (block < 0 || block >= blocks_ || column < 0 || column >= cellCount().width()) return;
  cells_[static_cast<std::size_t>(block) * columns_.size() + static_cast<std::size_t>(column)] =
      cell;
  update(cellRect(QPoint(column, block), QSizeF(size())).toAlignedRect().adjusted(-6, -6, 6, 6));
}

const MapCell& MapWidget::cell(int block, int column) const {
  return cells_.at(static_cast<std::size_t>(block) * columns_.size() +
                   static_cast<std::size_t>(column));
}

void MapWidget::setScale(ColorScale scale, const QStringList& tickTexts) {
  scale_ = scale;
  scaleTexts_ = tickTexts;
  update();
}

void MapWidget::setLook(MapLook look) {
  look_ = look;
  layOutScrollBar();
  update();
}

void MapWidget::setSelection(int block, int column) {
  const QPoint next(column, block);
  if (next == selection_) return;
  selection_ = next;
  if (block >= 0) reveal(block);
  update();
  announceReadout();
}

void MapWidget::setReadout(std::function<QString(int, int)> readout) {
  readout_ = std::move(readout);
}

QRectF MapWidget::plotArea(const QSizeF& size) const {
  const bool full = look_ == MapLook::Full;
  const double top = full ? kHeader : 0;
  const double left = full ? kRowNumbers : 0;
  const double bottom = full && !scaleTexts_.isEmpty() ? kFooter : 0;
  return {left, top, size.width() - left, std::max(1.0, size.height() - top - bottom)};
}

double MapWidget::pitch(const QSizeF& size) const {
  if (blocks_ == 0) return kMaximumPitch;
  const double most = look_ == MapLook::Rail ? kMaximumRailPitch : kMaximumPitch;
  return std::clamp(std::floor(plotArea(size).height() / blocks_), kMinimumPitch, most);
}

double MapWidget::columnWidth(const QSizeF& size) const {
  if (columns_.empty()) return 0;
  const auto groups = std::count_if(columns_.begin(), columns_.end(),
                                    [](const MapColumn& column) { return column.startsGroup; });
  const auto count = static_cast<double>(columns_.size());
  const double groupGap = look_ == MapLook::Rail ? 4 : kGroupGap;
  const double slack = look_ == MapLook::Rail ? 0 : kRightSlack;
  const double room = plotArea(size).width() - (count - 1) * kGap - slack -
                      static_cast<double>(groups) * groupGap -
                      (scrollBar_->isHidden() ? 0 : kScrollBar);
  return std::clamp(std::floor(room / count), 3.0, kMaximumCell);
}

double MapWidget::columnLeft(int column, const QSizeF& size) const {
  const double groupGap = look_ == MapLook::Rail ? 4 : kGroupGap;
  double left = plotArea(size).left() + column * (columnWidth(size) + kGap);
  for (int i = 0; i <= column; ++i) {
    if (columns_[static_cast<std::size_t>(i)].startsGroup) left += groupGap;
  }
  return left;
}

int MapWidget::firstBlock(const QSizeF& size) const {
  // An exported picture of another size shows what fits from the top.
  return size == QSizeF(this->size()) && !scrollBar_->isHidden() ? scrollBar_->value() : 0;
}

QRectF MapWidget::cellRect(const QPoint& cell, const QSizeF& size) const {
  const double step = pitch(size);
  const double top = plotArea(size).top() + (cell.y() - firstBlock(size)) * step;
  const double gap = step >= 12 ? kGap : 1;
  return {columnLeft(cell.x(), size), top, columnWidth(size), step - gap};
}

std::optional<QPoint> MapWidget::cellAt(const QPointF& position) const {
  const QSizeF size(this->size());
  const QRectF plot = plotRect();
  if (position.y() < plot.top() || position.y() >= plot.bottom() || blocks_ == 0) return {};
  const int block = firstBlock(size) + static_cast<int>((position.y() - plot.top()) / pitch(size));
  if (block >= blocks_) return {};
  for (int column = 0; column < cellCount().width(); ++column) {
    const QRectF box = cellRect(QPoint(column, block), size).adjusted(-1, 0, 1, 0);
    if (position.x() >= box.left() && position.x() < box.right()) return QPoint(column, block);
  }
  return {};
}

void MapWidget::layOutScrollBar() {
  const QRectF plot = plotRect();
  const int fitting = static_cast<int>(plot.height() / pitch(QSizeF(size())));
  const bool needed = blocks_ > fitting;
  scrollBar_->setVisible(needed);
  scrollBar_->setRange(0, std::max(0, blocks_ - fitting));
  scrollBar_->setPageStep(std::max(1, fitting));
  scrollBar_->setGeometry(width() - kScrollBar, static_cast<int>(plot.top()), kScrollBar,
                          static_cast<int>(plot.height()));
}

void MapWidget::reveal(int block) {
  if (scrollBar_->isHidden()) return;
  if (block < scrollBar_->value()) scrollBar_->setValue(block);
  const int last = scrollBar_->value() + scrollBar_->pageStep() - 1;
  if (block > last) scrollBar_->setValue(block - scrollBar_->pageStep() + 1);
}

void MapWidget::resizeEvent(QResizeEvent* event) {
  PlotWidget::resizeEvent(event);
  layOutScrollBar();
}

void MapWidget::wheelEvent(QWheelEvent* event) {
  if (scrollBar_->isHidden()) return PlotWidget::wheelEvent(event);
  QCoreApplication::sendEvent(scrollBar_, event);
}

// Arrows start from the selected cell, so that the keyboard goes on where the mouse was.
void MapWidget::keyPressEvent(QKeyEvent* event) {
  const bool arrow = event->key() >= Qt::Key_Left && event->key() <= Qt::Key_Down;
  if (arrow && !cursor() && selection_.x() >= 0) setCursorCell(selection_);
  PlotWidget::keyPressEvent(event);
  if (cursor()) reveal(cursor()->y());
}

void MapWidget::contextMenuEvent(QContextMenuEvent* event) {
  const bool byMouse = event->reason() == QContextMenuEvent::Mouse;
  const auto at = byMouse ? cellAt(QPointF(event->pos())) : cursor();
  if (!at) return;
  const QPoint local = cellRect(*at, QSizeF(size())).center().toPoint();
  Q_EMIT cellMenuRequested(at->y(), at->x(), byMouse ? event->globalPos() : mapToGlobal(local));
}

QString MapWidget::readoutText() const {
  const QPoint at = cursor().value_or(selection_);
  if (at.x() < 0 || at.y() < 0 || at.y() >= blocks_ || at.x() >= cellCount().width()) return {};
  if (readout_) return readout_(at.y(), at.x());
  return tr("block **%1** **%2**  %3")
      .arg(at.y())
      .arg(columns_[static_cast<std::size_t>(at.x())].name, stateWord(cell(at.y(), at.x()).state));
}

double MapWidget::cursorValue() const {
  const QPoint at = cursor().value_or(selection_);
  const bool inside =
      at.x() >= 0 && at.y() >= 0 && at.y() < blocks_ && at.x() < cellCount().width();
  return inside ? double{cell(at.y(), at.x()).value} : 0;
}

QSize MapWidget::cellCount() const {
  return {static_cast<int>(columns_.size()), blocks_};
}

QSize MapWidget::sizeHint() const {
  const int rows = static_cast<int>(kHeader + kFooter + blocks_ * kMaximumPitch);
  return look_ == MapLook::Rail ? QSize(64, 600) : QSize(224, rows);
}

QString MapWidget::csv() const {
  QString text = QStringLiteral("block,linear,state,value,kept_fp16,pinned_alpha,warned\n");
  for (int block = 0; block < blocks_; ++block) {
    for (int column = 0; column < cellCount().width(); ++column) {
      const MapCell& each = cell(block, column);
      text +=
          QStringLiteral("%1,%2,%3,%4,%5,%6,%7\n")
              .arg(block)
              .arg(csvField(columns_[static_cast<std::size_t>(column)].name), stateWord(each.state))
              .arg(double{each.value}, 0, 'g', 6)
              .arg(int{each.keptFp16})
              .arg(int{each.pinnedAlpha})
              .arg(int{each.warned});
    }
  }
  return text;
}

}  // namespace salient::ui
