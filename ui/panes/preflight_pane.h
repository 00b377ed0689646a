// SPDX-License-Identifier: Apache-2.0
#pragma once

// The pre-flight card: can it be quantized, what comes out, what it costs, what is good to know;
// then one button. Shown between opening a model and its run.

#include <QScrollArea>
#include <array>

#include "ui/models/session.h"
#include "ui/panes/window_actions.h"

class QHBoxLayout;
class QLabel;
class QPushButton;
class QVBoxLayout;

namespace salient::ui {

class AccentButton;
class CaptionLabel;
class ChipLabel;
class CommandField;
class ElidedLabel;
class EstimateBars;
class PresetCard;
class PresetLegend;

class PreflightPane : public QScrollArea {
  Q_OBJECT
 public:
  PreflightPane(Session& session, const WindowActions& actions, QWidget* parent = nullptr);

  void refresh(Changes changes);
  QWidget* firstStop();

 signals:
  void openWithoutQuantizing();
  void targetWanted();

 protected:
  void resizeEvent(QResizeEvent* event) override;

 private:
  void build(const WindowActions& actions);
  QWidget* actionsRow(const WindowActions& actions);
  void fillCards();
  void fillEstimates(const Plan& plan);
  void fillNotes(const Plan& plan);

  Session& session_;
  QHBoxLayout* outer_;
  ChipLabel* verdict_;
  ElidedLabel* name_;
  CaptionLabel* facts_;
  PresetLegend* legend_;
  std::array<PresetCard*, kPresets.size()> cards_{};
  EstimateBars* memory_;
  EstimateBars* time_;
  EstimateBars* disk_;
  QLabel* notesTitle_;
  QVBoxLayout* notes_;
  QStringList shownNotes_;
  AccentButton* quantize_;
  QPushButton* open_;
  CommandField* command_;
  CaptionLabel* foot_;
};

}  // namespace salient::ui
