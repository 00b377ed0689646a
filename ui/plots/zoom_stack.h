// SPDX-License-Identifier: Apache-2.0
// Where a plot has been: zoomTo() remembers, back() returns, as in hotspot. Views are rectangles
// in data units; follow() keeps the stacks of linked plots in step.
#pragma once

#include <QRectF>
#include <vector>

namespace salient::ui {

class ZoomStack {
 public:
  // Forgets everything; the whole data is in view.
  void reset(const QRectF& full);

  const QRectF& full() const { return full_; }
  const QRectF& view() const { return view_; }
  bool zoomed() const { return view_ != full_; }
  bool canGoBack() const { return !past_.empty(); }

  // Clamped into full; false when nothing changed.
  bool zoomTo(const QRectF& view);
  // Moves without remembering: panning.
  bool panTo(const QRectF& view);
  bool back();
  bool all();
  // A linked plot went to view: back if we came from there, else forward.
  bool follow(const QRectF& view);

 private:
  QRectF clamped(const QRectF& view) const;

  QRectF full_;
  QRectF view_;
  std::vector<QRectF> past_;
};

}  // namespace salient::ui
