// SPDX-License-Identifier: Apache-2.0
#pragma once

// The second row: the knobs of the whole model, undo and redo, what they do to size and error, and
// the one button of the moment (Quantize, Pause and Cancel, Export).

#include <QWidget>

#include "ui/models/session.h"
#include "ui/panes/window_actions.h"

class QCheckBox;
class QPushButton;
class QToolButton;

namespace salient::ui {

class AccentButton;
class CaptionLabel;
class PrefixComboBox;
class SegmentedControl;

class KnobsBar : public QWidget {
  Q_OBJECT
 public:
  KnobsBar(Session& session, const WindowActions& actions, QWidget* parent = nullptr);

  void refresh(Changes changes);

 protected:
  void resizeEvent(QResizeEvent* event) override;

 private:
  void build(const WindowActions& actions);
  void connectKnobs();
  void change(const QString& text, const std::function<void(Knobs&)>& edit);
  void chooseCalibration(int index);
  void showButtons();
  void fillMore();
  void setSymmetric(bool on);
  void setClip(bool on);

  Session& session_;
  PrefixComboBox* preset_;
  SegmentedControl* bits_;
  SegmentedControl* group_;
  QWidget* bitsLabel_;
  QWidget* groupLabel_;
  QCheckBox* symmetric_;
  QCheckBox* clip_;
  PrefixComboBox* calibration_;
  QToolButton* more_;  ///< what a narrow bar has no room for
  QToolButton* undo_;
  QToolButton* redo_;
  CaptionLabel* effect_;
  AccentButton* quantize_;
  AccentButton* export_;
  QPushButton* pause_;
  QPushButton* cancel_;
};

}  // namespace salient::ui
