// SPDX-License-Identifier: Apache-2.0
// The Channels view: mean |x| of every input channel on a log axis, the salient ones as lollipops,
// the line that decides which those are (drag it), and s in a strip of its own below.
// Decimated to min and max per pixel column, so no peak is lost at any width.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "ui/plots/axis.h"
#include "ui/plots/plot_widget.h"

namespace salient::ui {

enum class ChannelOrder { Index, Sorted };

struct SpectrumData {
  std::vector<float> magnitudes;     // [in_features] mean of abs x
  std::vector<float> energies;       // [in_features] mean of x²; empty: magnitudes squared
  std::vector<float> channelScales;  // [in_features] s over its median; empty: not searched yet
  int groupSize = 0;                 // 0: one group a row
};

class SpectrumPlot : public PlotWidget {
  Q_OBJECT

 public:
  explicit SpectrumPlot(QWidget* parent = nullptr);

  void setData(std::shared_ptr<const SpectrumData> spectrum);
  void setOrder(ChannelOrder order);
  ChannelOrder order() const { return order_; }
  // Place on the axis to channel; shared with the heat map.
  std::shared_ptr<const std::vector<int>> channelOrder() const { return places_; }

  // Share of channels that count as salient, 0 to 1; at least one channel.
  void setSalientShare(double share);
  int salientCount() const { return salientCount_; }
  // Strongest first.
  std::span<const int> salientChannels() const;
  // Their share of the activation energy, 0 to 1.
  double salientEnergy() const;
  // "top 1 %" on the line; empty: made from the share.
  void setLineText(const QString& text);

  // The selected channel, shared by all views; -1 for none.
  void setCurrentChannel(int channel);
  int currentChannel() const { return currentChannel_; }
  // Channel to sentence, for the readout; without it "channel **7**  |x| **1.2**".
  void setReadout(std::function<QString(int channel)> readout);

  QString readoutText() const override;
  double cursorValue() const override;
  QSize cellCount() const override;
  QString csv() const override;
  QSize sizeHint() const override { return {820, 214}; }
  QSize minimumSizeHint() const override { return {240, 120}; }

 Q_SIGNALS:
  // Live while the line is dragged, and after setSalientShare().
  void salientChanged(int count, double energyShare);
  // The line was let go: the moment to push one undo step.
  void salientChosen(int count);
  void channelHovered(int channel);
  void channelSelected(int channel);

 protected:
  void paintPlot(QPainter& painter, const QSizeF& size) override;
  void paintCursor(QPainter& painter) override;
  QRectF plotArea(const QSizeF& size) const override;
  int strideOf(Qt::Orientation orientation) const override;
  bool pressHandle(const QPointF& position) override;
  void dragHandle(const QPointF& position) override;
  void releaseHandle() override;
  bool overHandle(const QPointF& position) const override;
  void keyPressEvent(QKeyEvent* event) override;

 private:
  void rebuildOrder();
  void setSalientCount(int count);
  int channelAtPlace(int place) const;
  int placeOf(int channel) const;
  float magnitudeAt(int place) const;
  double lineValue() const;
  double yOf(double magnitude, const QRectF& plot) const;
  QRectF handleRect(const QRectF& plot) const;
  QRectF stripRect(const QRectF& plot) const;
  void paintAxis(QPainter& painter, const QRectF& plot);
  void paintChannels(QPainter& painter, const QRectF& plot);
  void paintSalient(QPainter& painter, const QRectF& plot);
  void paintLabels(QPainter& painter, const QRectF& plot);
  QString lineText() const;
  QRectF lineLabelBox(const QString& text, double y, const QRectF& plot) const;
  void paintLine(QPainter& painter, const QRectF& plot);
  void paintStrip(QPainter& painter, const QRectF& plot);

  std::shared_ptr<const SpectrumData> data_;
  std::shared_ptr<const std::vector<int>> places_;  // place -> channel
  std::vector<int> placeOfChannel_;
  std::vector<int> byMagnitude_;     // channels, strongest first
  std::vector<double> energySums_;   // energy of the first n of byMagnitude_
  std::vector<float> placed_;        // magnitudes in axis order
  std::vector<float> placedScales_;  // log2 of s in axis order
  AxisRange axis_;
  ChannelOrder order_ = ChannelOrder::Index;
  int salientCount_ = 0;
  int currentChannel_ = -1;
  QString lineText_;
  std::function<QString(int)> readout_;
};

}  // namespace salient::ui
