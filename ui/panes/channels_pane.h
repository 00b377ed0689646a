// SPDX-License-Identifier: Apache-2.0
#pragma once

// The Channels view: how strong each input channel of the selected linear is, which of them are
// salient, and the s that protects them.

#include "ui/panes/pane.h"

namespace salient::ui {

class SegmentedControl;
class SpectrumPlot;
struct SpectrumData;

class ChannelsPane : public Pane {
  Q_OBJECT
 public:
  explicit ChannelsPane(Session& session, QWidget* parent = nullptr);

  void refresh(Changes changes) override;
  QWidget* firstStop() override;
  SpectrumPlot& plot() { return *plot_; }

 signals:
  /// The order of channels on the axis, for the view that shares it.
  void orderChanged();

 private:
  void fill();
  void chooseShare(int count);
  void standingReadout();

  SpectrumPlot* plot_;
  SegmentedControl* order_;
  std::optional<LinearId> shown_;
  const SiteProfile* profile_ = nullptr;
  std::shared_ptr<const LinearResult> result_;
  std::shared_ptr<const SpectrumData> data_;
  float median_ = 0;
  bool filled_ = false;
};

}  // namespace salient::ui
