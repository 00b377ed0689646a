// SPDX-License-Identifier: Apache-2.0
#include "ui/plots/plane_pyramid.h"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace salient::ui {
namespace {

constexpr int kSmallestSide = 64;
constexpr int kOverviewRows = 320;

// Of two ratios the one further from 1; of two magnitudes the larger. Branch-free in a, b, so the
// compiler makes it two or three vector instructions.
struct StrongerMagnitude {
  float operator()(float a, float b) const { return a < b ? b : a; }
};
struct StrongerRatio {
  static float strength(float v) { return v < 1 ? 1 / std::max(v, 1e-6F) : v; }
  float operator()(float a, float b) const { return strength(a) < strength(b) ? b : a; }
};

template <typename Stronger>
void halveRows(const float* from, int rows, std::size_t wide, std::vector<float>& to,
               Stronger stronger) {
  to.resize(static_cast<std::size_t>((rows + 1) / 2) * wide);
  for (int row = 0; row < rows; row += 2) {
    // Plain pointers: the checked operator[] of the hardened build keeps loops from vectorizing.
    const float* upper = from + static_cast<std::size_t>(row) * wide;
    const float* lower = row + 1 < rows ? upper + wide : upper;
    float* const out = to.data() + static_cast<std::size_t>(row / 2) * wide;
    for (std::size_t i = 0; i < wide; ++i) out[i] = stronger(upper[i], lower[i]);
  }
}

template <typename Stronger>
void halveColumns(std::vector<float>& values, std::size_t wide, Stronger stronger) {
  const std::size_t half = (wide + 1) / 2;
  const std::size_t rows = values.size() / wide;
  float* const data = values.data();
  // In place: what is written lies never ahead of what is still to be read.
  for (std::size_t row = 0; row < rows; ++row) {
    const float* from = data + row * wide;
    float* const out = data + row * half;
    for (std::size_t i = 0; i + 1 < wide; i += 2) out[i / 2] = stronger(from[i], from[i + 1]);
    if (wide % 2 == 1) out[half - 1] = from[wide - 1];
  }
  values.resize(rows * half);
}

struct Span {
  int first;
  int last;  // one past
};

// The cells of a level that pixel i of n touches; a pixel inside one cell gets that cell.
std::vector<Span> spansOf(double from, double length, int pixels, int cells, int cell) {
  std::vector<Span> spans(static_cast<std::size_t>(pixels));
  for (int i = 0; i < pixels; ++i) {
    const double begin = (from + length * i / pixels) / cell;
    const double end = (from + length * (i + 1) / pixels) / cell;
    const int first = std::clamp(static_cast<int>(std::floor(begin + 1e-9)), 0, cells - 1);
    const bool inOneCell = length / pixels <= cell;
    const int last = inOneCell ? first + 1 : static_cast<int>(std::ceil(end - 1e-9));
    spans[static_cast<std::size_t>(i)] = {first, std::clamp(last, first + 1, cells)};
  }
  return spans;
}

// Rows first, because whole rows vectorize; then columns out of the one pooled line.
template <typename Stronger>
std::vector<float> poolLevel(const float* values, int columns, const std::vector<Span>& down,
                             const std::vector<Span>& across, Stronger stronger) {
  const auto wide = static_cast<std::size_t>(columns);
  const auto from = static_cast<std::size_t>(across.front().first);
  const auto until = static_cast<std::size_t>(across.back().last);
  std::vector<float> picture(down.size() * across.size());
  std::vector<float> lineStore(wide);
  float* const line = lineStore.data();
  for (std::size_t y = 0; y < down.size(); ++y) {
    float* out = picture.data() + y * across.size();
    const bool repeated =
        y > 0 && down[y].first == down[y - 1].first && down[y].last == down[y - 1].last;
    if (repeated) {
      std::copy_n(out - across.size(), across.size(), out);
      continue;
    }
    const float* row = values + static_cast<std::size_t>(down[y].first) * wide;
    std::copy(row + from, row + until, line + from);
    for (int next = down[y].first + 1; next < down[y].last; ++next) {
      row += wide;
      for (std::size_t i = from; i < until; ++i) line[i] = stronger(line[i], row[i]);
    }
    for (std::size_t x = 0; x < across.size(); ++x) {
      float best = line[static_cast<std::size_t>(across[x].first)];
      for (int i = across[x].first + 1; i < across[x].last; ++i) {
        best = stronger(best, line[static_cast<std::size_t>(i)]);
      }
      out[x] = best;
    }
  }
  return picture;
}

std::shared_ptr<const float> permuted(const HeatmapPlane& plane, const std::vector<int>& order) {
  const auto wide = static_cast<std::size_t>(plane.columns);
  auto moved = std::make_shared<std::vector<float>>(static_cast<std::size_t>(plane.rows) * wide);
  for (std::size_t row = 0; row < static_cast<std::size_t>(plane.rows); ++row) {
    const float* from = plane.values.get() + row * wide;
    float* to = moved->data() + row * wide;
    for (std::size_t place = 0; place < wide; ++place) {
      to[place] = from[static_cast<std::size_t>(order[place])];
    }
  }
  return {moved, moved->data()};
}

}  // namespace

std::shared_ptr<const PlanePyramid> PlanePyramid::build(
    const HeatmapPlane& plane, const std::shared_ptr<const std::vector<int>>& order) {
  auto pyramid = std::make_shared<PlanePyramid>();
  pyramid->rows_ = plane.rows;
  pyramid->columns_ = plane.columns;
  pyramid->scale_ = plane.scale;
  const bool reorder = order != nullptr && order->size() == static_cast<std::size_t>(plane.columns);
  pyramid->source_ = reorder ? permuted(plane, *order) : plane.values;
  pyramid->addLevels();
  pyramid->measureEnds();
  return pyramid;
}

PlanePyramid::Level PlanePyramid::halved(const Level& below, Halve which) {
  const auto wide = static_cast<std::size_t>(below.columns);
  pooled_.emplace_back();
  const auto pool = [&](auto stronger) {
    halveRows(below.values, below.rows, wide, pooled_.back(), stronger);
    if (which == Halve::Both) halveColumns(pooled_.back(), wide, stronger);
  };
  scale_ == PlaneScale::Ratio ? pool(StrongerRatio()) : pool(StrongerMagnitude());
  const bool both = which == Halve::Both;
  // A moved vector keeps its buffer, so the pointer survives growth of pooled_.
  return {pooled_.back().data(), (below.rows + 1) / 2,
          both ? (below.columns + 1) / 2 : below.columns,
          both ? 2 * below.cellColumns : below.cellColumns, 2 * below.cellRows};
}

// Plots are wide and flat, so a view has many more rows than columns per pixel: the twin saves
// three quarters of the memory that a frame reads.
void PlanePyramid::addLevels() {
  Level square{source_.get(), rows_, columns_, 1, 1};
  while (true) {
    levels_.push_back(square);
    const Level half = halved(square, Halve::Rows);
    levels_.push_back(halved(half, Halve::Rows));
    pooled_.erase(pooled_.end() - 2);
    if (std::min(square.rows, square.columns) <= kSmallestSide) return;
    square = halved(square, Halve::Both);
  }
}

// Of the overview that is drawn first, not of the single cells: pooling lifts the median, and the
// ground of the picture should be its faintest colour.
void PlanePyramid::measureEnds() {
  if (scale_ == PlaneScale::Ratio) {
    ends_ = {1.0 / 8, 8};
    return;
  }
  const auto overview = std::find_if(levels_.begin(), levels_.end() - 1, [](const Level& level) {
    return level.cellRows == level.cellColumns && level.rows <= kOverviewRows;
  });
  const std::size_t total =
      static_cast<std::size_t>(overview->rows) * static_cast<std::size_t>(overview->columns);
  std::vector<float> sample;
  sample.reserve(total);
  std::copy_if(overview->values, overview->values + total, std::back_inserter(sample),
               [](float value) { return value > 0 && std::isfinite(value); });
  if (sample.empty()) return;
  const auto percentile = [&sample](double share) {
    const auto at = static_cast<long>(share * static_cast<double>(sample.size() - 1));
    std::nth_element(sample.begin(), sample.begin() + at, sample.end());
    return double{sample[static_cast<std::size_t>(at)]};
  };
  const double lower = percentile(0.5);
  const double upper = percentile(0.998);
  ends_ = {lower, upper > lower * 1.01 ? upper : lower * 10};
}

float PlanePyramid::at(int row, int place) const {
  return source_.get()[static_cast<std::size_t>(row) * static_cast<std::size_t>(columns_) +
                       static_cast<std::size_t>(place)];
}

const PlanePyramid::Level& PlanePyramid::levelFor(double columnsPerPixel,
                                                  double rowsPerPixel) const {
  std::size_t best = 0;
  // Half a pixel at most, so that no peak is drawn more than one pixel away from its place.
  for (std::size_t i = 1; i < levels_.size(); ++i) {
    const bool fine = levels_[i].cellColumns * 2 <= std::max(2.0, columnsPerPixel) &&
                      levels_[i].cellRows * 2 <= rowsPerPixel;
    if (fine) best = i;
  }
  return levels_[best];
}

std::vector<float> PlanePyramid::pool(const QRectF& view, const QSize& pixels) const {
  if (pixels.isEmpty() || view.isEmpty()) return {};
  const Level& level = levelFor(view.width() / pixels.width(), view.height() / pixels.height());
  const auto across =
      spansOf(view.left(), view.width(), pixels.width(), level.columns, level.cellColumns);
  const auto down = spansOf(view.top(), view.height(), pixels.height(), level.rows, level.cellRows);
  return scale_ == PlaneScale::Ratio
             ? poolLevel(level.values, level.columns, down, across, StrongerRatio())
             : poolLevel(level.values, level.columns, down, across, StrongerMagnitude());
}

}  // namespace salient::ui
