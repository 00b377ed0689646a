// SPDX-License-Identifier: Apache-2.0
#pragma once

// The knobs in force, with undo and redo. Every change is one step on the stack; changes with the
// same merge key that follow each other (a slider being dragged) fold into one.

#include <QObject>
#include <QUndoStack>

#include "ui/models/knobs.h"

namespace salient::ui {

enum class KnobKey { Separate = -1, Alpha = 1, SalientShare = 2 };

class KnobSettings : public QObject {
  Q_OBJECT
 public:
  explicit KnobSettings(QObject* parent = nullptr);

  const Knobs& knobs() const { return knobs_; }
  QUndoStack& undoStack() { return undoStack_; }

  /// `text` names the step: "bits 3". Nothing happens when `after` is what is in force.
  void change(const QString& text, const Knobs& after, KnobKey key = KnobKey::Separate);
  /// Without a step: a new model, a reopened run. Clears the stack.
  void reset(const Knobs& knobs);

 signals:
  void changed();

 private:
  friend class KnobStep;
  void put(const Knobs& knobs);

  Knobs knobs_;
  QUndoStack undoStack_;
};

}  // namespace salient::ui
