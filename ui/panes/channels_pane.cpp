// SPDX-License-Identifier: Apache-2.0
#include "ui/panes/channels_pane.h"

#include <algorithm>
#include <utility>

#include "ui/models/figures.h"
#include "ui/panes/captions.h"
#include "ui/plots/spectrum_plot.h"
#include "ui/style/metrics.h"
#include "ui/style/segmented_control.h"
#include "ui/style/view_header.h"

namespace salient::ui {
namespace {

constexpr int kReadoutWidth = 600;

float medianOf(std::vector<float> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// A common factor of s cancels in the error, so s is shown over its median.
std::vector<float> overMedian(std::vector<float> scales) {
  const float median = medianOf(scales);
  if (median <= 0) return scales;
  for (float& scale : scales) scale /= median;
  return scales;
}

QString readoutOf(const SpectrumData& data, float median, int channel) {
  const auto i = static_cast<std::size_t>(channel);
  if (i >= data.magnitudes.size()) return {};
  const auto magnitude = static_cast<double>(data.magnitudes[i]);
  QString text =
      QObject::tr("channel **%1**   |x| **%2**").arg(channel).arg(figures::significant(magnitude));
  if (median > 0) {
    text += QObject::tr("   **%1** median")
                .arg(figures::times(magnitude / static_cast<double>(median)));
  }
  if (i < data.channelScales.size()) {
    text += QStringLiteral("   s **%1**")
                .arg(figures::times(static_cast<double>(data.channelScales[i])));
  }
  return text;
}

}  // namespace

ChannelsPane::ChannelsPane(Session& session, QWidget* parent)
    : Pane(session, tr("Channels"), parent),
      plot_(new SpectrumPlot),
      order_(new SegmentedControl({tr("Index"), tr("Sorted")})) {
  order_->setAccessibleName(tr("Order of the channels"));
  order_->setControlHeight(metrics::kTitleControlHeight);
  header().addTool(order_);
  plot_->setAccessibleName(tr("Channels"));
  addPlot(*plot_);
  connect(order_, &SegmentedControl::activated, this, [this](int index) {
    plot_->setOrder(index == 0 ? ChannelOrder::Index : ChannelOrder::Sorted);
    emit orderChanged();
  });
  connect(plot_, &SpectrumPlot::channelSelected, this,
          [this](int channel) { this->session().selection().selectChannel(channel); });
  // Without a pointer over the plot the readout speaks of the selected channel.
  connect(plot_, &PlotWidget::readoutChanged, this, [this](const QString& text) {
    if (text.isEmpty()) standingReadout();
  });
  connect(plot_, &SpectrumPlot::salientChosen, this, &ChannelsPane::chooseShare);
  connect(plot_, &SpectrumPlot::salientChanged, this, [this](int count, double /*energy*/) {
    const std::optional<LinearId>& selected = this->session().selection().linear();
    if (profile_ == nullptr || profile_->magnitude.empty() || !selected) return;
    const double share =
        static_cast<double>(count) / static_cast<double>(profile_->magnitude.size());
    setCaption(captions::channels(this->session().run(), *selected, share), plot_);
  });
}

QWidget* ChannelsPane::firstStop() {
  return plot_;
}

void ChannelsPane::chooseShare(int count) {
  if (profile_ == nullptr || profile_->magnitude.empty()) return;
  KnobSettings& settings = session().knobs();
  Knobs knobs = settings.knobs();
  knobs.salientShare = static_cast<double>(count) / static_cast<double>(profile_->magnitude.size());
  settings.change(tr("%1 salient channels").arg(count), knobs, KnobKey::SalientShare);
}

void ChannelsPane::fill() {
  const std::shared_ptr<const LinearResult>& result = session().study().result;
  const bool same = shown_ == session().selection().linear() && result_ == result;
  if (same && plot_->cellCount().width() > 0) return;
  shown_ = session().selection().linear();
  result_ = result;
  auto spectrum = std::make_shared<SpectrumData>();
  spectrum->magnitudes = profile_->magnitude;
  spectrum->energies = profile_->energy;
  if (result && result->channelScales.size() == spectrum->magnitudes.size()) {
    spectrum->channelScales = overMedian(result->channelScales);
  }
  const std::int64_t group = session().study().settings.scheme.group_size;
  spectrum->groupSize = static_cast<int>(group);
  const float median = medianOf(spectrum->magnitudes);
  plot_->setData(spectrum);
  plot_->setReadout(
      [spectrum, median](int channel) { return readoutOf(*spectrum, median, channel); });
  data_ = spectrum;
  median_ = median;
  filled_ = true;
}

void ChannelsPane::standingReadout() {
  const std::optional<std::int64_t> channel = session().selection().channel();
  // In a narrow window the caption keeps its line.
  if (!channel || !data_ || width() < kReadoutWidth) return header().setReadout({});
  header().setReadout(readoutOf(*data_, median_, static_cast<int>(*channel)));
}

void ChannelsPane::refresh(Changes changes) {
  if (!(changes & (Change::Study | Change::Plan | Change::Knobs | Change::Channel))) return;
  const RunState& run = session().run();
  const std::optional<LinearId>& selected = session().selection().linear();
  profile_ = selected ? run.profileOf(*selected) : nullptr;
  if (profile_ == nullptr) {
    header().setSubtitle({});
    const QString sentence = captions::waiting(run, session().study());
    setCaption(sentence, plot_);
    plot_->setMessage(sentence);
    shown_.reset();
    return;
  }
  plot_->setMessage({});
  header().setSubtitle(
      tr("%1 inputs").arg(figures::count(static_cast<std::int64_t>(profile_->magnitude.size()))));
  if (changes & (Change::Study | Change::Plan)) fill();
  const double share = session().knobs().knobs().salientShare;
  plot_->setSalientShare(share);
  setCaption(captions::channels(run, *selected, share), plot_);
  plot_->setCurrentChannel(static_cast<int>(session().selection().channel().value_or(-1)));
  if (!plot_->cursor()) standingReadout();
  if (std::exchange(filled_, false)) emit orderChanged();
}

}  // namespace salient::ui
