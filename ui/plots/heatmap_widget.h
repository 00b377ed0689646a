// SPDX-License-Identifier: Apache-2.0
// The Weight error view: out_features × in_features as a max-pooled picture, RTN above and AWQ
// below a handle that can be dragged, whole planes flickering while Space is held, salient
// triangles on the ruler. Pyramids are built on a pool thread; setPlane() returns at once and
// planeReady() follows. Shares its channel axis with SpectrumPlot (same left and right margins).
#pragma once

#include <QBasicTimer>
#include <QImage>
#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "ui/plots/heatmap_plane.h"
#include "ui/plots/plane_pyramid.h"
#include "ui/plots/plot_widget.h"

namespace salient::ui {

enum class ErrorPlane { Weight, WeightMagnitude, RtnError, AwqError, Gain };
enum class ErrorView { Weight, WeightMagnitude, Rtn, Awq, Split, Gain };

class HeatmapWidget : public PlotWidget {
  Q_OBJECT

 public:
  explicit HeatmapWidget(QWidget* parent = nullptr);
  ~HeatmapWidget() override;

  void setPlane(ErrorPlane which, const HeatmapPlane& plane);
  void clearPlanes();
  // Place on the axis -> channel, from SpectrumPlot::channelOrder(); rebuilds on the pool.
  void setColumnOrder(std::shared_ptr<const std::vector<int>> order);
  bool isReady(ErrorPlane which) const;
  void setShown(ErrorView shown);
  ErrorView shown() const { return shown_; }

  void setSalientChannels(std::vector<int> channels);
  void setCurrentChannel(int channel);
  void setGroupSize(int groupSize);
  // Where the split stands, 0 (all AWQ) to 1 (all RTN).
  void setSplit(double share);
  double split() const { return split_; }
  void setColourEnds(std::optional<ColourEnds> ends);
  ColourEnds colourEnds() const;
  // Texts from the engine: the readout of a cell, and the code drawn in it at 24 px and more.
  void setReadout(std::function<QString(int row, int channel)> readout);
  void setCellText(std::function<QString(ErrorPlane plane, int row, int channel)> text);
  void setNumberText(std::function<QString(double)> text);

  QString readoutText() const override;
  double cursorValue() const override;
  QSize cellCount() const override;
  // The view as pooled to at most 512 × 512 cells; the whole matrix belongs to the engine's export.
  QString csv() const override;
  QSize sizeHint() const override { return {820, 240}; }
  QSize minimumSizeHint() const override { return {240, 120}; }

 Q_SIGNALS:
  void planeReady(salient::ui::ErrorPlane which);
  void cellHovered(int row, int channel);
  void cellSelected(int row, int channel);
  void splitMoved(double share);
  void colourEndsChanged(double lower, double upper);

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
  void keyReleaseEvent(QKeyEvent* event) override;
  void timerEvent(QTimerEvent* event) override;
  void focusOutEvent(QFocusEvent* event) override;
  void changeEvent(QEvent* event) override;

 private:
  enum class Handle { None, Split, LowerEnd, UpperEnd };
  // Rows [first, last) of a picture of size device pixels.
  struct PixelBand {
    QSize size;
    int first = 0;
    int last = 0;
    bool operator==(const PixelBand&) const = default;
  };
  struct Slot {
    HeatmapPlane plane;
    std::shared_ptr<const PlanePyramid> pyramid;
    quint64 generation = 0;
    QImage image;  // the rows of band of imageView; dropped when anything it shows changes
    QRectF imageView;
    PixelBand band;
  };

  Slot& slot(ErrorPlane which) { return slots_[static_cast<std::size_t>(which)]; }
  const Slot& slot(ErrorPlane which) const { return slots_[static_cast<std::size_t>(which)]; }
  void build(ErrorPlane which);
  void receive(ErrorPlane which, quint64 generation, std::shared_ptr<const PlanePyramid> pyramid);
  void dropImages();
  void fitView();
  ErrorPlane planeAtRow(double unitY) const;
  ErrorPlane leadPlane() const;
  bool splitShown() const;
  int channelAt(int place) const;
  int placeOf(int channel) const;
  const QImage& imageOf(ErrorPlane which, const PixelBand& band);
  void paintPlanes(QPainter& painter, const QRectF& plot);
  void paintGroups(QPainter& painter, const QRectF& plot);
  void paintCellTexts(QPainter& painter, const QRectF& plot);
  void paintRuler(QPainter& painter, const QRectF& plot);
  void paintAxes(QPainter& painter, const QRectF& plot);
  void paintSplitHandle(QPainter& painter, const QRectF& plot);
  void paintFooter(QPainter& painter, const QRectF& plot);
  void paintColourBar(QPainter& painter, const QRectF& bar);
  QRectF splitHandle(const QRectF& plot) const;
  QRectF colourBar(const QRectF& plot) const;
  QString pooledText(const QSizeF& devicePixels) const;

  std::array<Slot, 5> slots_;
  std::shared_ptr<const std::vector<int>> order_;
  std::vector<int> placeOfChannel_;
  std::vector<int> salient_;
  int currentChannel_ = -1;
  int groupSize_ = 0;
  ErrorView shown_ = ErrorView::Split;
  double split_ = 0.5;
  Handle handle_ = Handle::None;
  std::optional<ErrorPlane> flicker_;
  QBasicTimer flickerTimer_;
  std::optional<ColourEnds> ends_;
  std::function<QString(int, int)> readout_;
  std::function<QString(ErrorPlane, int, int)> cellText_;
  std::function<QString(double)> numberText_;
  quint64 generation_ = 0;
};

}  // namespace salient::ui
