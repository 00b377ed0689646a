// SPDX-License-Identifier: Apache-2.0
#include "ui/panes/weight_error_pane.h"

#include <array>

#include "ui/models/figures.h"
#include "ui/panes/captions.h"
#include "ui/plots/heatmap_widget.h"
#include "ui/plots/spectrum_plot.h"
#include "ui/style/metrics.h"
#include "ui/style/segmented_control.h"
#include "ui/style/view_header.h"

namespace salient::ui {
namespace {

struct NamedPlane {
  ErrorPlane which;
  const std::vector<float> StudyPlanes::*values;
  PlaneScale scale;
  const char* quantity;
};
const std::array kPlanes = {
    NamedPlane{ErrorPlane::Weight, &StudyPlanes::weight, PlaneScale::Log, "|W|"},
    NamedPlane{ErrorPlane::WeightMagnitude, &StudyPlanes::weightMagnitude, PlaneScale::Log,
               "|W| × magnitude"},
    NamedPlane{ErrorPlane::RtnError, &StudyPlanes::rtnError, PlaneScale::Log,
               "|error| × magnitude"},
    NamedPlane{ErrorPlane::AwqError, &StudyPlanes::awqError, PlaneScale::Log,
               "|error| × magnitude"},
    NamedPlane{ErrorPlane::Gain, &StudyPlanes::gain, PlaneScale::Ratio, "error of RTN over AWQ"},
};

/// The weight, and what each rounding made of it: the code and the value it stands for.
QString readoutOf(const StudyPlanes& planes, int row, int channel) {
  if (row < 0 || row >= planes.outFeatures || channel < 0 || channel >= planes.inFeatures) {
    return {};
  }
  const auto i = static_cast<std::size_t>(row * planes.inFeatures + channel);
  const auto value = [](double number) { return QString::number(number, 'g', 3); };
  const double weight = static_cast<double>(planes.signedWeight.as<float>()[i]);
  return QObject::tr("output **%1**  channel **%2**  w **%3**  RTN %4 → **%5**  AWQ %6 → **%7**")
      .arg(row)
      .arg(channel)
      .arg(value(weight))
      .arg(planes.rtn.code(row, channel))
      .arg(value(planes.rtn.value(row, channel)))
      .arg(planes.awq.code(row, channel))
      .arg(value(planes.awq.value(row, channel)));
}

/// Below it the words of the plane selector stand closer.
constexpr int kTightWidth = 520;

}  // namespace

WeightErrorPane::WeightErrorPane(Session& session, QWidget* parent)
    : Pane(session, tr("Weight error"), parent),
      map_(new HeatmapWidget),
      view_(new SegmentedControl(
          {tr("|W|"), tr("|W|·mag"), tr("RTN"), tr("AWQ"), tr("Split"), tr("Gain")})) {
  view_->setAccessibleName(tr("What the picture shows"));
  view_->setControlHeight(metrics::kTitleControlHeight);
  view_->setCurrentIndex(static_cast<int>(ErrorView::Split));
  view_->setSegmentToolTip(1, tr("Weight times the magnitude of its input"));
  view_->setSegmentToolTip(4, tr("Plain rounding above the handle, AWQ below"));
  view_->setSegmentToolTip(5, tr("Error of plain rounding over error of AWQ"));
  header().addTool(view_);
  map_->setAccessibleName(tr("Weight error"));
  map_->setShown(ErrorView::Split);
  map_->setNumberText([](double value) { return figures::loss(value); });
  addPlot(*map_);
  connect(view_, &SegmentedControl::activated, this,
          [this](int index) { map_->setShown(static_cast<ErrorView>(index)); });
  connect(map_, &HeatmapWidget::cellSelected, this,
          [this](int, int channel) { this->session().selection().selectChannel(channel); });
}

void WeightErrorPane::resizeEvent(QResizeEvent* event) {
  Pane::resizeEvent(event);
  view_->setTextPadding(width() < kTightWidth ? 6 : 11);
}

QWidget* WeightErrorPane::firstStop() {
  return map_;
}

void WeightErrorPane::follow(const SpectrumPlot& spectrum) {
  const std::span<const int> salient = spectrum.salientChannels();
  order_ = spectrum.channelOrder();
  salient_.assign(salient.begin(), salient.end());
  map_->setColumnOrder(order_);
  map_->setSalientChannels(salient_);
}

void WeightErrorPane::fill() {
  const std::shared_ptr<const StudyPlanes>& planes = session().study().planes;
  if (planes == planes_) return;
  planes_ = planes;
  map_->clearPlanes();
  if (!planes) return;
  for (const NamedPlane& named : kPlanes) {
    const std::vector<float>& values = (*planes).*named.values;
    HeatmapPlane plane;
    plane.values = std::shared_ptr<const float>(planes, values.data());
    plane.rows = static_cast<int>(planes->outFeatures);
    plane.columns = static_cast<int>(planes->inFeatures);
    plane.scale = named.scale;
    plane.quantity = tr(named.quantity);
    map_->setPlane(named.which, plane);
  }
  // Order and marks may have come before the planes that they belong to.
  map_->setColumnOrder(order_);
  map_->setSalientChannels(salient_);
  map_->setReadout([planes](int row, int channel) { return readoutOf(*planes, row, channel); });
  map_->setCellText([planes](ErrorPlane plane, int row, int channel) {
    const bool rtn = plane == ErrorPlane::RtnError;
    if (!rtn && plane != ErrorPlane::AwqError) return QString();
    return QString::number((rtn ? planes->rtn : planes->awq).code(row, channel));
  });
}

void WeightErrorPane::refresh(Changes changes) {
  if (!(changes & (Change::Study | Change::Plan | Change::Knobs | Change::Channel))) return;
  const Study& study = session().study();
  fill();
  map_->setGroupSize(static_cast<int>(study.settings.scheme.group_size));
  map_->setStale(study.planes && !study.planesCurrent);
  map_->setCurrentChannel(static_cast<int>(session().selection().channel().value_or(-1)));
  if (study.planes) {
    map_->setMessage({});
    setCaption(captions::weightError(study, session().selection().channel()), map_);
    return;
  }
  QString sentence = captions::waiting(session().run(), study);
  if (sentence.isEmpty()) {
    switch (study.stage) {
      case StudyStage::NotAtHand:
        sentence =
            session().missingSource().isEmpty()
                ? tr("Measure this linear to see where rounding hurts.")
                : tr("The weights are in %1, which was not found.").arg(session().missingSource());
        break;
      case StudyStage::Failed:
        sentence = study.error;
        break;
      default:
        sentence = tr("Rounding this linear both ways.");
    }
  }
  map_->setMessage(sentence);
  setCaption(sentence, map_);
}

}  // namespace salient::ui
