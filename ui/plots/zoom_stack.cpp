// SPDX-License-Identifier: Apache-2.0
#include "ui/plots/zoom_stack.h"

#include <algorithm>
#include <cmath>

namespace salient::ui {
namespace {

bool same(const QRectF& a, const QRectF& b) {
  const double slack = 1e-9 * (std::abs(a.width()) + std::abs(b.width()) + 1);
  return std::abs(a.left() - b.left()) < slack && std::abs(a.right() - b.right()) < slack &&
         std::abs(a.top() - b.top()) < slack && std::abs(a.bottom() - b.bottom()) < slack;
}

}  // namespace

void ZoomStack::reset(const QRectF& full) {
  full_ = full;
  view_ = full;
  past_.clear();
}

QRectF ZoomStack::clamped(const QRectF& view) const {
  const double width = std::min(view.width(), full_.width());
  const double height = std::min(view.height(), full_.height());
  const double left = std::clamp(view.left(), full_.left(), full_.right() - width);
  const double top = std::clamp(view.top(), full_.top(), full_.bottom() - height);
  const QRectF result(left, top, width, height);
  return same(result, full_) ? full_ : result;
}

bool ZoomStack::zoomTo(const QRectF& view) {
  const QRectF next = clamped(view);
  if (same(next, view_)) return false;
  past_.push_back(view_);
  view_ = next;
  return true;
}

bool ZoomStack::panTo(const QRectF& view) {
  const QRectF next = clamped(view);
  if (same(next, view_)) return false;
  view_ = next;
  return true;
}

bool ZoomStack::back() {
  if (past_.empty()) return false;
  view_ = past_.back();
  past_.pop_back();
  return true;
}

bool ZoomStack::all() {
  if (!zoomed()) return false;
  past_.clear();
  view_ = full_;
  return true;
}

bool ZoomStack::follow(const QRectF& view) {
  const QRectF next = clamped(view);
  if (same(next, view_)) return false;
  if (same(next, full_)) return all();
  if (!past_.empty() && same(next, past_.back())) return back();
  return zoomTo(next);
}

}  // namespace salient::ui
