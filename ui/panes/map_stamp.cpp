// SPDX-License-Identifier: Apache-2.0
#include "ui/panes/map_stamp.h"

#include <QPainter>
#include <algorithm>
#include <cmath>

#include "engine/checkpoint/architecture.h"
#include "ui/style/color_table.h"
#include "ui/style/palette.h"

namespace salient::ui {
namespace {

/// log2 of the error cut in ninths of 3 (8x), seven linears a block.
constexpr const char* kDemo =
    "126422143521113242115323111121311112141111"
    "223111121321112242111335111243511213241129"
    "668212155712214462221435222155721214471221"
    "446122265722313351221435212142512213221122"
    "322411122311112131111214211111322392242456";
constexpr int kDemoBlocks = 30;

}  // namespace

void paintMapStamp(QPainter& painter, const QRectF& box, const std::vector<float>& cells,
                   int blocks, const QWidget& widget) {
  const Palette& colours = paletteOf(widget);
  const ColorTable& table = colorTable(ColorScale::Diverging, themeOf(widget));
  const auto columns = static_cast<int>(kLinearRoles.size());
  const int rows = std::max(blocks, 1);
  const double wide = box.width() / columns;
  const double tall = box.height() / rows;
  for (int row = 0; row < rows; ++row) {
    for (int column = 0; column < columns; ++column) {
      const auto i = static_cast<std::size_t>(row * columns + column);
      const bool known = i < cells.size() && std::isfinite(cells[i]);
      QColor fill = colours.sunken;
      if (known) {
        const double gain = std::log2(std::max(static_cast<double>(cells[i]), 1e-3)) / 3;
        fill = QColor::fromRgb(colorAt(table, 0.5 + 0.5 * gain));
      }
      const double gap = column == 4 ? 1 : 0;
      painter.fillRect(QRectF(box.left() + column * wide + gap, box.top() + row * tall, wide - 0.75,
                              std::max(tall - (tall > 3 ? 0.5 : 0), 0.5)),
                       fill);
    }
  }
}

DemoStamp::DemoStamp(QWidget* parent) : QWidget(parent) {
  setFixedSize(50, 88);
  for (const char* cell = kDemo; *cell != 0; ++cell) {
    cells_.push_back(static_cast<float>(std::exp2((*cell - '0') / 3.0)));
  }
}

void DemoStamp::paintEvent(QPaintEvent* /*event*/) {
  QPainter painter(this);
  paintMapStamp(painter, QRectF(rect()), cells_, kDemoBlocks, *this);
}

}  // namespace salient::ui
