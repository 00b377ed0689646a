// SPDX-License-Identifier: Apache-2.0
#pragma once

// The Model map: every linear of the model as a cell. Progress, navigator and result in one.

#include "ui/panes/pane.h"
#include "ui/plots/map_widget.h"

class QLabel;

namespace salient::ui {

class CaptionLabel;
class ElidedLabel;
class PrefixComboBox;

/// What the cells' colour says.
enum class MapValue { ErrorCut, Alpha, Error, Size };

class MapPane : public Pane {
  Q_OBJECT
 public:
  explicit MapPane(Session& session, QWidget* parent = nullptr);

  void refresh(Changes changes) override;
  QWidget* firstStop() override { return map_; }
  /// Full, or the 96 px rail of the Chat layout.
  void setLook(MapLook look);

 private:
  void layGrid();
  void fillCells();
  void showDetails();
  QString nameOf(const LinearId& id);
  MapCell cellOf(const LinearState& linear) const;
  double valueOf(const LinearReport& report) const;
  void showMenu(int block, int column, const QPoint& position);
  void setValue(MapValue value);

  MapWidget* map_;
  PrefixComboBox* value_;
  QLabel* railTitle_;
  ElidedLabel* name_;
  CaptionLabel* details_;
  MapValue shown_ = MapValue::ErrorCut;
  bool planned_ = false;
  std::int64_t blocks_ = -1;
};

}  // namespace salient::ui
