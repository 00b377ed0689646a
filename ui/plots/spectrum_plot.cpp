// SPDX-License-Identifier: Apache-2.0
#include "ui/plots/spectrum_plot.h"

#include <QKeyEvent>
#include <algorithm>
#include <cmath>
#include <numeric>

#include "ui/style/metrics.h"

namespace salient::ui {
namespace {

constexpr double kMaximumDecades = 6;

// From a round decade under the weakest 2 % to a little above the strongest.
AxisRange magnitudeAxis(std::vector<float> values) {
  std::erase_if(values, [](float value) { return !(value > 0) || !std::isfinite(value); });
  if (values.empty()) return {0.1, 10, AxisScale::Log};
  const auto low = values.begin() + static_cast<long>(values.size() / 50);
  std::nth_element(values.begin(), low, values.end());
  const double floor = *low;
  const double peak = *std::max_element(values.begin(), values.end());
  const double upper = std::max(peak * 1.25, floor * 10);
  const double decade = std::pow(10.0, std::floor(std::log10(floor)));
  return {std::max(decade, upper / std::pow(10.0, kMaximumDecades)), upper, AxisScale::Log};
}

double energyOf(const SpectrumData& data, std::size_t channel) {
  if (channel < data.energies.size()) return data.energies[channel];
  const double magnitude = data.magnitudes[channel];
  return magnitude * magnitude;
}

}  // namespace

SpectrumPlot::SpectrumPlot(QWidget* parent)
    : PlotWidget(ZoomAxes::Horizontal, parent),
      data_(std::make_shared<SpectrumData>()),
      places_(std::make_shared<std::vector<int>>()) {
  setAccessibleName(tr("Channels"));
  connect(this, &PlotWidget::cursorMoved, this, [this](std::optional<QPoint> cell) {
    Q_EMIT channelHovered(cell ? channelAtPlace(cell->x()) : -1);
  });
  connect(this, &PlotWidget::selected, this, [this](const QPoint& cell) {
    setCurrentChannel(channelAtPlace(cell.x()));
    Q_EMIT channelSelected(currentChannel_);
  });
}

void SpectrumPlot::setData(std::shared_ptr<const SpectrumData> spectrum) {
  const double share =
      data_->magnitudes.empty()
          ? 0.01
          : static_cast<double>(salientCount_) / static_cast<double>(data_->magnitudes.size());
  const bool sameWidth = spectrum->magnitudes.size() == data_->magnitudes.size();
  data_ = std::move(spectrum);
  const std::size_t count = data_->magnitudes.size();
  axis_ = magnitudeAxis(data_->magnitudes);
  byMagnitude_.resize(count);
  std::iota(byMagnitude_.begin(), byMagnitude_.end(), 0);
  std::stable_sort(byMagnitude_.begin(), byMagnitude_.end(), [this](int a, int b) {
    return data_->magnitudes[static_cast<std::size_t>(a)] >
           data_->magnitudes[static_cast<std::size_t>(b)];
  });
  energySums_.assign(count + 1, 0);
  for (std::size_t i = 0; i < count; ++i) {
    energySums_[i + 1] =
        energySums_[i] + energyOf(*data_, static_cast<std::size_t>(byMagnitude_[i]));
  }
  if (currentChannel_ >= static_cast<int>(count)) currentChannel_ = -1;
  rebuildOrder();
  if (!sameWidth)
    setFullView(QRectF(0, 0, static_cast<double>(std::max<std::size_t>(count, 1)), 1));
  setSalientShare(share);
}

void SpectrumPlot::setOrder(ChannelOrder order) {
  if (order == order_) return;
  order_ = order;
  rebuildOrder();
  setCursorCell({});
  update();
}

void SpectrumPlot::rebuildOrder() {
  const std::size_t count = data_->magnitudes.size();
  std::vector<int> places(byMagnitude_);
  if (order_ == ChannelOrder::Index) std::iota(places.begin(), places.end(), 0);
  placeOfChannel_.assign(count, 0);
  placed_.resize(count);
  placedScales_.assign(data_->channelScales.size() == count ? count : 0, 0);
  for (std::size_t place = 0; place < count; ++place) {
    const auto channel = static_cast<std::size_t>(places[place]);
    placeOfChannel_[channel] = static_cast<int>(place);
    placed_[place] = data_->magnitudes[channel];
    if (!placedScales_.empty()) {
      const float scale = data_->channelScales[channel];
      placedScales_[place] = scale > 0 ? std::log2(scale) : 0.0F;
    }
  }
  places_ = std::make_shared<const std::vector<int>>(std::move(places));
}

void SpectrumPlot::setSalientShare(double share) {
  const double count = std::round(share * static_cast<double>(data_->magnitudes.size()));
  setSalientCount(static_cast<int>(count));
}

void SpectrumPlot::setSalientCount(int count) {
  const int total = static_cast<int>(data_->magnitudes.size());
  salientCount_ = std::clamp(count, std::min(1, total), total);
  update();
  Q_EMIT salientChanged(salientCount_, salientEnergy());
}

std::span<const int> SpectrumPlot::salientChannels() const {
  return std::span(byMagnitude_).first(static_cast<std::size_t>(salientCount_));
}

double SpectrumPlot::salientEnergy() const {
  if (energySums_.empty() || energySums_.back() <= 0) return 0;
  return energySums_[static_cast<std::size_t>(salientCount_)] / energySums_.back();
}

void SpectrumPlot::setLineText(const QString& text) {
  lineText_ = text;
  update();
}

void SpectrumPlot::setCurrentChannel(int channel) {
  if (channel == currentChannel_ || channel >= static_cast<int>(placed_.size())) return;
  currentChannel_ = channel;
  update();
  announceReadout();
}

void SpectrumPlot::setReadout(std::function<QString(int)> readout) {
  readout_ = std::move(readout);
}

int SpectrumPlot::channelAtPlace(int place) const {
  if (place < 0 || place >= static_cast<int>(places_->size())) return -1;
  return (*places_)[static_cast<std::size_t>(place)];
}

int SpectrumPlot::placeOf(int channel) const {
  if (channel < 0 || channel >= static_cast<int>(placeOfChannel_.size())) return -1;
  return placeOfChannel_[static_cast<std::size_t>(channel)];
}

float SpectrumPlot::magnitudeAt(int place) const {
  return placed_[static_cast<std::size_t>(place)];
}

QString SpectrumPlot::readoutText() const {
  const int channel = cursor() ? channelAtPlace(cursor()->x()) : currentChannel_;
  if (channel < 0) return {};
  if (readout_) return readout_(channel);
  return tr("channel **%1**  |x| **%2**")
      .arg(channel)
      .arg(tickText(data_->magnitudes[static_cast<std::size_t>(channel)]));
}

double SpectrumPlot::cursorValue() const {
  const int place = cursor() ? cursor()->x() : placeOf(currentChannel_);
  return place < 0 || place >= static_cast<int>(placed_.size()) ? 0 : magnitudeAt(place);
}

QSize SpectrumPlot::cellCount() const {
  return {static_cast<int>(placed_.size()), 1};
}

QString SpectrumPlot::csv() const {
  QString text = QStringLiteral("channel,mean_abs_x,channel_scale,salient\n");
  std::vector<char> salient(placed_.size(), 0);
  for (const int channel : salientChannels()) salient[static_cast<std::size_t>(channel)] = 1;
  for (std::size_t channel = 0; channel < placed_.size(); ++channel) {
    const QString scale = placedScales_.empty()
                              ? QString()
                              : QString::number(double{data_->channelScales[channel]}, 'g', 9);
    text += QStringLiteral("%1,%2,%3,%4\n")
                .arg(channel)
                .arg(double{data_->magnitudes[channel]}, 0, 'g', 9)
                .arg(scale)
                .arg(int{salient[channel]});
  }
  return text;
}

int SpectrumPlot::strideOf(Qt::Orientation) const {
  return data_->groupSize > 0 ? data_->groupSize : 64;
}

// The line stands between the weakest salient channel and the strongest of the rest.
double SpectrumPlot::lineValue() const {
  if (byMagnitude_.empty()) return axis_.lower;
  const auto value = [this](int rank) {
    const int last = static_cast<int>(byMagnitude_.size()) - 1;
    const int channel = byMagnitude_[static_cast<std::size_t>(std::clamp(rank, 0, last))];
    return std::max(double{data_->magnitudes[static_cast<std::size_t>(channel)]}, axis_.lower);
  };
  return std::sqrt(value(salientCount_ - 1) * value(salientCount_));
}

bool SpectrumPlot::pressHandle(const QPointF& position) {
  return overHandle(position);
}

bool SpectrumPlot::overHandle(const QPointF& position) const {
  if (placed_.empty()) return false;
  const QRectF plot = plotRect();
  const bool onLine = std::abs(position.y() - yOf(lineValue(), plot)) <= 3 &&
                      position.x() >= plot.left() && position.x() <= plot.right();
  return onLine || handleRect(plot).adjusted(-4, -4, 4, 4).contains(position);
}

void SpectrumPlot::dragHandle(const QPointF& position) {
  const QRectF plot = plotRect();
  const double value = axis_.fromUnit((plot.bottom() - position.y()) / plot.height());
  const auto above =
      std::partition_point(byMagnitude_.begin(), byMagnitude_.end(), [&](int channel) {
        return double{data_->magnitudes[static_cast<std::size_t>(channel)]} >= value;
      });
  const int count = static_cast<int>(above - byMagnitude_.begin());
  if (std::max(1, count) != salientCount_) setSalientCount(count);
}

void SpectrumPlot::releaseHandle() {
  Q_EMIT salientChosen(salientCount_);
}

// Page Up and Page Down move the salient line, one channel at a time, ten with Shift.
void SpectrumPlot::keyPressEvent(QKeyEvent* event) {
  const int step = event->modifiers() & Qt::ShiftModifier ? 10 : 1;
  if (event->key() != Qt::Key_PageUp && event->key() != Qt::Key_PageDown) {
    return PlotWidget::keyPressEvent(event);
  }
  setSalientCount(salientCount_ + (event->key() == Qt::Key_PageDown ? step : -step));
  Q_EMIT salientChosen(salientCount_);
}

}  // namespace salient::ui
