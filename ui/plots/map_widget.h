// SPDX-License-Identifier: Apache-2.0
// The Model map: blocks down, linears across, one cell a linear. Progress, navigator and result in
// one. Row pitch 19 px down to 8, then it scrolls. Arrows walk the cells, Enter selects.
#pragma once

#include <QStringList>
#include <functional>
#include <vector>

#include "ui/plots/plot_widget.h"
#include "ui/style/color_table.h"

class QScrollBar;

namespace salient::ui {

enum class CellState { Absent, Planned, Running, Paused, Done, Failed };
enum class MapLook { Full, Rail };  // Rail: the 96 px column without words

struct MapCell {
  CellState state = CellState::Planned;
  // Diverging: -1 (RTN 8× better) to 1 (AWQ 8× better). Sequential: 0 to 1.
  float value = 0;
  float progress = 0;        // 0 to 1 while Running or Paused
  bool keptFp16 = false;     // ring
  bool pinnedAlpha = false;  // dot
  bool warned = false;       // triangle: gain below 1, fallback, failed
};

struct MapColumn {
  QString name;              // "down"
  bool startsGroup = false;  // a wider gap before it: attention | MLP
};

class MapWidget : public PlotWidget {
  Q_OBJECT

 public:
  explicit MapWidget(QWidget* parent = nullptr);

  // All cells become planned.
  void setGrid(const std::vector<MapColumn>& columns, int blocks);
  void setCell(int block, int column, const MapCell& cell);
  const MapCell& cell(int block, int column) const;
  // Colour bar under the map: its scale and 2 to 5 ready tick texts, evenly spread.
  void setScale(ColorScale scale, const QStringList& tickTexts);
  void setLook(MapLook look);
  void setSelection(int block, int column);
  int selectedBlock() const { return selection_.y(); }
  int selectedColumn() const { return selection_.x(); }
  // Texts of a cell and of a column of the data, for readout and CSV.
  void setReadout(std::function<QString(int block, int column)> readout);

  QString readoutText() const override;
  double cursorValue() const override;
  QSize cellCount() const override;
  QString csv() const override;
  QSize sizeHint() const override;
  QSize minimumSizeHint() const override { return {64, 120}; }

 Q_SIGNALS:
  void cellHovered(int block, int column);
  void cellSelected(int block, int column);
  // Right button or the menu key.
  void cellMenuRequested(int block, int column, const QPoint& globalPosition);

 protected:
  void paintPlot(QPainter& painter, const QSizeF& size) override;
  void paintCursor(QPainter& painter) override;
  QRectF plotArea(const QSizeF& size) const override;
  std::optional<QPoint> cellAt(const QPointF& position) const override;
  void keyPressEvent(QKeyEvent* event) override;
  void wheelEvent(QWheelEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;
  void contextMenuEvent(QContextMenuEvent* event) override;

 private:
  double pitch(const QSizeF& size) const;
  int firstBlock(const QSizeF& size) const;
  QRectF cellRect(const QPoint& cell, const QSizeF& size) const;
  double columnWidth(const QSizeF& size) const;
  double columnLeft(int column, const QSizeF& size) const;
  void layOutScrollBar();
  void reveal(int block);
  QColor cellFill(const MapCell& cell) const;
  void paintCell(QPainter& painter, const QRectF& box, const MapCell& cell);
  void paintGlyphs(QPainter& painter, const QRectF& box, const MapCell& cell);
  void paintWords(QPainter& painter, const QSizeF& size);
  void paintScaleBar(QPainter& painter, const QSizeF& size);

  std::vector<MapColumn> columns_;
  std::vector<MapCell> cells_;
  int blocks_ = 0;
  ColorScale scale_ = ColorScale::Diverging;
  QStringList scaleTexts_;
  MapLook look_ = MapLook::Full;
  QPoint selection_{-1, -1};
  QScrollBar* scrollBar_;
  std::function<QString(int, int)> readout_;
};

}  // namespace salient::ui
