// SPDX-License-Identifier: Apache-2.0
#include "ui/models/knob_settings.h"

#include <QUndoCommand>

namespace salient::ui {

class KnobStep : public QUndoCommand {
 public:
  KnobStep(KnobSettings& settings, const QString& text, Knobs after, KnobKey key)
      : QUndoCommand(text),
        settings_(settings),
        before_(settings.knobs()),
        after_(std::move(after)),
        key_(key) {}

  int id() const override { return static_cast<int>(key_); }
  void redo() override { settings_.put(after_); }
  void undo() override { settings_.put(before_); }
  bool mergeWith(const QUndoCommand* later) override {
    const auto* step = dynamic_cast<const KnobStep*>(later);
    if (step == nullptr || step->key_ != key_) return false;
    after_ = step->after_;
    return true;
  }

 private:
  KnobSettings& settings_;
  Knobs before_, after_;
  KnobKey key_;
};

KnobSettings::KnobSettings(QObject* parent) : QObject(parent) {}

void KnobSettings::change(const QString& text, const Knobs& after, KnobKey key) {
  if (after == knobs_) return;
  undoStack_.push(new KnobStep(*this, text, after, key));
}

void KnobSettings::reset(const Knobs& knobs) {
  undoStack_.clear();
  put(knobs);
}

void KnobSettings::put(const Knobs& knobs) {
  if (knobs_ == knobs) return;
  knobs_ = knobs;
  emit changed();
}

}  // namespace salient::ui
