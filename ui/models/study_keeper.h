// SPDX-License-Identifier: Apache-2.0
#pragma once

// Keeps the study of the selected linear in step with selection, knobs and run: asks the engine,
// takes its answers, drops those nobody asks for any more.

#include <QObject>

#include "ui/bridge/engine_commands.h"
#include "ui/models/knob_settings.h"
#include "ui/models/selection.h"
#include "ui/models/study.h"

namespace salient::ui {

class StudyKeeper : public QObject {
  Q_OBJECT
 public:
  static constexpr std::size_t kGhosts = 3;

  StudyKeeper(EngineCommands& engine, const Selection& selection, const KnobSettings& knobs,
              QObject* parent = nullptr);

  const Study& study() const { return study_; }
  /// Compares with what was asked last and asks again when something differs. True when a view of
  /// the selected linear has something new to show, also trials that landed.
  bool refresh(const RunState& state);
  /// True when the message belonged to the study in force.
  bool take(const Message& message);
  void forget();
  /// The next refresh asks even though nothing else changed: more is known about the block now.
  void askAgain();

 private:
  bool lookAgain(const RunState& state);
  void ask(const RunState& state, const LinearState& linear, const LinearSettings& settings);
  void keepGhost();
  void take(const LinearSearched& searched);

  EngineCommands& engine_;
  const Selection& selection_;
  const KnobSettings& knobs_;
  Study study_;
  JobId job_ = kNoJob;
  std::size_t trialsSeen_ = 0;
  bool measured_ = false;
};

/// "4-bit g64", and "RTN" or "no clip" where they differ from the usual.
QString settingsLabel(const LinearSettings& settings);

}  // namespace salient::ui
