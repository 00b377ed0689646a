// SPDX-License-Identifier: Apache-2.0
#include "ui/plots/heatmap_widget.h"

#include <QCoreApplication>
#include <QKeyEvent>
#include <QPointer>
#include <QThreadPool>
#include <algorithm>
#include <cmath>

#include "ui/plots/axis.h"

namespace salient::ui {
namespace {

constexpr int kFlickerMs = 350;
constexpr int kCsvSide = 512;

}  // namespace

HeatmapWidget::HeatmapWidget(QWidget* parent)
    : PlotWidget(ZoomAxes::Both, parent), numberText_(shortNumber) {
  setAccessibleName(tr("Weight error"));
  connect(this, &PlotWidget::cursorMoved, this, [this](std::optional<QPoint> cell) {
    Q_EMIT cellHovered(cell ? cell->y() : -1, cell ? channelAt(cell->x()) : -1);
  });
  connect(this, &PlotWidget::selected, this, [this](const QPoint& cell) {
    setCurrentChannel(channelAt(cell.x()));
    Q_EMIT cellSelected(cell.y(), currentChannel_);
  });
}

// Builders in flight hold only the planes and a QPointer; what they bring is dropped.
HeatmapWidget::~HeatmapWidget() = default;

void HeatmapWidget::setPlane(ErrorPlane which, const HeatmapPlane& plane) {
  Slot& target = slot(which);
  target.plane = plane;
  if (plane.empty()) {
    target = Slot();
    update();
    return;
  }
  build(which);
}

void HeatmapWidget::clearPlanes() {
  for (Slot& each : slots_) each = Slot();
  salient_.clear();
  setFullView(QRectF(0, 0, 1, 1));
  update();
}

void HeatmapWidget::setColumnOrder(std::shared_ptr<const std::vector<int>> order) {
  order_ = std::move(order);
  placeOfChannel_.clear();
  if (order_ != nullptr) {
    placeOfChannel_.resize(order_->size());
    for (std::size_t place = 0; place < order_->size(); ++place) {
      placeOfChannel_[static_cast<std::size_t>((*order_)[place])] = static_cast<int>(place);
    }
  }
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    if (!slots_[i].plane.empty()) build(static_cast<ErrorPlane>(i));
  }
  update();
}

void HeatmapWidget::build(ErrorPlane which) {
  Slot& target = slot(which);
  target.generation = ++generation_;
  const QPointer<HeatmapWidget> self(this);
  // The answer is posted to the widget's thread through the application, which outlives the pool.
  QThreadPool::globalInstance()->start(
      [self, which, plane = target.plane, order = order_, generation = target.generation] {
        auto pyramid = PlanePyramid::build(plane, order);
        QMetaObject::invokeMethod(
            QCoreApplication::instance(),
            [self, which, generation, pyramid] {
              if (self != nullptr) self->receive(which, generation, pyramid);
            },
            Qt::QueuedConnection);
      });
}

void HeatmapWidget::receive(ErrorPlane which, quint64 generation,
                            std::shared_ptr<const PlanePyramid> pyramid) {
  Slot& target = slot(which);
  if (target.generation != generation) return;
  target.pyramid = std::move(pyramid);
  dropImages();
  fitView();
  update();
  Q_EMIT planeReady(which);
  const ColourEnds ends = colourEnds();
  Q_EMIT colourEndsChanged(ends.lower, ends.upper);
}

bool HeatmapWidget::isReady(ErrorPlane which) const {
  return slot(which).pyramid != nullptr;
}

void HeatmapWidget::fitView() {
  const auto& pyramid = slot(leadPlane()).pyramid;
  if (pyramid != nullptr) setFullView(QRectF(0, 0, pyramid->columns(), pyramid->rows()));
}

void HeatmapWidget::dropImages() {
  for (Slot& each : slots_) each.image = {};
}

void HeatmapWidget::setShown(ErrorView shown) {
  if (shown == shown_) return;
  shown_ = shown;
  ends_.reset();
  dropImages();
  fitView();
  update();
  const ColourEnds ends = colourEnds();
  Q_EMIT colourEndsChanged(ends.lower, ends.upper);
}

void HeatmapWidget::setSalientChannels(std::vector<int> channels) {
  salient_ = std::move(channels);
  update();
}

void HeatmapWidget::setCurrentChannel(int channel) {
  if (channel == currentChannel_) return;
  currentChannel_ = channel;
  update();
}

void HeatmapWidget::setGroupSize(int groupSize) {
  groupSize_ = groupSize;
  update();
}

void HeatmapWidget::setSplit(double share) {
  split_ = std::clamp(share, 0.0, 1.0);
  update();
}

void HeatmapWidget::setColourEnds(std::optional<ColourEnds> ends) {
  ends_ = ends;
  dropImages();
  update();
}

// RTN and AWQ share RTN's ends, so that the same colour is the same error on both sides.
ColourEnds HeatmapWidget::colourEnds() const {
  if (ends_) return *ends_;
  const bool errors = shown_ == ErrorView::Rtn || shown_ == ErrorView::Awq || splitShown();
  const auto& rtn = slot(ErrorPlane::RtnError).pyramid;
  if (errors && rtn != nullptr) return rtn->defaultEnds();
  const auto& pyramid = slot(leadPlane()).pyramid;
  return pyramid == nullptr ? ColourEnds() : pyramid->defaultEnds();
}

void HeatmapWidget::setReadout(std::function<QString(int, int)> readout) {
  readout_ = std::move(readout);
}

void HeatmapWidget::setCellText(std::function<QString(ErrorPlane, int, int)> text) {
  cellText_ = std::move(text);
}

void HeatmapWidget::setNumberText(std::function<QString(double)> text) {
  numberText_ = std::move(text);
}

bool HeatmapWidget::splitShown() const {
  return shown_ == ErrorView::Split;
}

ErrorPlane HeatmapWidget::leadPlane() const {
  switch (shown_) {
    case ErrorView::Weight:
      return ErrorPlane::Weight;
    case ErrorView::WeightMagnitude:
      return ErrorPlane::WeightMagnitude;
    case ErrorView::Awq:
      return ErrorPlane::AwqError;
    case ErrorView::Gain:
      return ErrorPlane::Gain;
    case ErrorView::Rtn:
    case ErrorView::Split:
      break;
  }
  return ErrorPlane::RtnError;
}

ErrorPlane HeatmapWidget::planeAtRow(double unitY) const {
  if (flicker_) return *flicker_;
  if (!splitShown()) return leadPlane();
  return unitY < split_ ? ErrorPlane::RtnError : ErrorPlane::AwqError;
}

int HeatmapWidget::channelAt(int place) const {
  if (order_ == nullptr || place < 0 || place >= static_cast<int>(order_->size())) return place;
  return (*order_)[static_cast<std::size_t>(place)];
}

int HeatmapWidget::placeOf(int channel) const {
  if (channel < 0 || channel >= static_cast<int>(placeOfChannel_.size())) return channel;
  return placeOfChannel_[static_cast<std::size_t>(channel)];
}

QString HeatmapWidget::readoutText() const {
  if (!cursor()) return {};
  const int channel = channelAt(cursor()->x());
  if (readout_) return readout_(cursor()->y(), channel);
  return tr("row **%1**  channel **%2**  **%3**")
      .arg(cursor()->y())
      .arg(channel)
      .arg(numberText_(cursorValue()));
}

double HeatmapWidget::cursorValue() const {
  if (!cursor()) return 0;
  const double unit = (cursor()->y() + 0.5 - view().top()) / view().height();
  const auto& pyramid = slot(planeAtRow(unit)).pyramid;
  const bool inside =
      pyramid != nullptr && cursor()->y() < pyramid->rows() && cursor()->x() < pyramid->columns();
  return inside ? double{pyramid->at(cursor()->y(), cursor()->x())} : 0;
}

QSize HeatmapWidget::cellCount() const {
  const auto& pyramid = slot(leadPlane()).pyramid;
  return pyramid == nullptr ? QSize(0, 0) : QSize(pyramid->columns(), pyramid->rows());
}

QString HeatmapWidget::csv() const {
  QString text = QStringLiteral("row,channel,value\n");
  const auto& pyramid = slot(planeAtRow(0)).pyramid;
  if (pyramid == nullptr) return text;
  const QSize cells(std::min(kCsvSide, static_cast<int>(std::ceil(view().width()))),
                    std::min(kCsvSide, static_cast<int>(std::ceil(view().height()))));
  const std::vector<float> values = pyramid->pool(view(), cells);
  for (int y = 0; y < cells.height(); ++y) {
    const int row = static_cast<int>(view().top() + view().height() * y / cells.height());
    for (int x = 0; x < cells.width(); ++x) {
      const int place = static_cast<int>(view().left() + view().width() * x / cells.width());
      const auto index = static_cast<std::size_t>(y) * static_cast<std::size_t>(cells.width()) +
                         static_cast<std::size_t>(x);
      text += QString::number(row) + u',' + QString::number(channelAt(place)) + u',' +
              QString::number(double{values[index]}, 'g', 6) + u'\n';
    }
  }
  return text;
}

int HeatmapWidget::strideOf(Qt::Orientation orientation) const {
  if (orientation == Qt::Vertical) return 16;
  return groupSize_ > 0 ? groupSize_ : 64;
}

bool HeatmapWidget::overHandle(const QPointF& position) const {
  const QRectF plot = plotRect();
  return splitShown() && splitHandle(plot).adjusted(-4, -4, 8, 4).contains(position);
}

// The colour bar's halves drag the nearer end; the split handle drags the border of the planes.
bool HeatmapWidget::pressHandle(const QPointF& position) {
  const QRectF plot = plotRect();
  const QRectF bar = colourBar(plot).adjusted(-6, -4, 6, 4);
  handle_ = Handle::None;
  if (overHandle(position)) handle_ = Handle::Split;
  if (bar.contains(position)) {
    handle_ = position.x() < bar.center().x() ? Handle::LowerEnd : Handle::UpperEnd;
  }
  return handle_ != Handle::None;
}

void HeatmapWidget::dragHandle(const QPointF& position) {
  const QRectF plot = plotRect();
  if (handle_ == Handle::Split) {
    setSplit((position.y() - plot.top()) / plot.height());
    Q_EMIT splitMoved(split_);
    return;
  }
  const auto& pyramid = slot(leadPlane()).pyramid;
  if (pyramid == nullptr) return;
  // The bar's length is the default range: dragging an end by half of it halves the octaves.
  const ColourEnds whole = pyramid->defaultEnds();
  const QRectF bar = colourBar(plot);
  const double unit = (position.x() - bar.left()) / bar.width();
  const double value = whole.lower * std::pow(whole.upper / whole.lower, unit);
  ColourEnds ends = colourEnds();
  if (handle_ == Handle::LowerEnd) ends.lower = std::min(value, ends.upper / 1.1);
  if (handle_ == Handle::UpperEnd) ends.upper = std::max(value, ends.lower * 1.1);
  setColourEnds(ends);
  Q_EMIT colourEndsChanged(ends.lower, ends.upper);
}

void HeatmapWidget::releaseHandle() {
  handle_ = Handle::None;
}

void HeatmapWidget::keyPressEvent(QKeyEvent* event) {
  if (event->key() != Qt::Key_Space) return PlotWidget::keyPressEvent(event);
  if (event->isAutoRepeat()) return;
  flicker_ = shown_ == ErrorView::Rtn ? ErrorPlane::AwqError : ErrorPlane::RtnError;
  flickerTimer_.start(kFlickerMs, this);
  update();
}

void HeatmapWidget::keyReleaseEvent(QKeyEvent* event) {
  if (event->key() != Qt::Key_Space) return PlotWidget::keyReleaseEvent(event);
  if (event->isAutoRepeat()) return;
  flickerTimer_.stop();
  flicker_.reset();
  update();
}

void HeatmapWidget::timerEvent(QTimerEvent* event) {
  if (event->timerId() != flickerTimer_.timerId()) return PlotWidget::timerEvent(event);
  flicker_ = flicker_ == ErrorPlane::RtnError ? ErrorPlane::AwqError : ErrorPlane::RtnError;
  update();
}

void HeatmapWidget::focusOutEvent(QFocusEvent* event) {
  flickerTimer_.stop();
  flicker_.reset();
  PlotWidget::focusOutEvent(event);
}

void HeatmapWidget::changeEvent(QEvent* event) {
  if (event->type() == QEvent::PaletteChange) dropImages();
  PlotWidget::changeEvent(event);
}

}  // namespace salient::ui
