// SPDX-License-Identifier: Apache-2.0
#include <QImage>
#include <QTest>
#include <algorithm>
#include <limits>
#include <random>

#include "ui/plots/axis.h"
#include "ui/plots/decimate.h"
#include "ui/plots/heatmap_image.h"
#include "ui/plots/label_column.h"
#include "ui/plots/plane_pyramid.h"
#include "ui/plots/zoom_stack.h"
#include "ui/style/color_table.h"

using namespace salient::ui;

namespace {

HeatmapPlane planeOf(int rows, int columns, std::vector<float> values, PlaneScale scale) {
  auto shared = std::make_shared<std::vector<float>>(std::move(values));
  return {{shared, shared->data()}, rows, columns, scale, {}};
}

HeatmapPlane randomPlane(int rows, int columns, unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> unit(0, 1);
  std::vector<float> values(static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns));
  for (float& value : values) value = unit(random);
  return planeOf(rows, columns, std::move(values), PlaneScale::Log);
}

}  // namespace

class PlotMathTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void decimation_keeps_every_maximum_and_minimum() {
    std::mt19937 random(1);
    std::lognormal_distribution<float> body;
    std::vector<float> values(4097);
    for (float& value : values) value = body(random);
    values[1234] = 1e6F;
    values[77] = 1e-6F;
    for (const int columns : {1, 3, 333, 766, 4097, 5000}) {
      const auto picture = decimate(values, 0, 4097, columns);
      QCOMPARE(static_cast<int>(picture.size()), columns);
      float highest = 0;
      float lowest = 1e30F;
      for (const MinMax& column : picture) {
        QVERIFY(!column.empty);
        highest = std::max(highest, column.upper);
        lowest = std::min(lowest, column.lower);
      }
      QCOMPARE(highest, 1e6F);
      QCOMPARE(lowest, 1e-6F);
    }
  }

  void decimation_puts_a_peak_where_its_channel_is() {
    std::vector<float> values(1000, 1.0F);
    values[500] = 9;
    const auto picture = decimate(values, 0, 1000, 100);
    for (std::size_t i = 0; i < picture.size(); ++i) QCOMPARE(picture[i].upper, i == 50 ? 9 : 1);
  }

  void decimation_outside_the_data_is_empty() {
    const std::vector<float> values(10, 1.0F);
    const auto picture = decimate(values, 5, 15, 10);
    QVERIFY(!picture[4].empty);
    QVERIFY(picture[5].empty);
  }

  void zoom_stack_returns_the_way_it_came() {
    ZoomStack zoom;
    zoom.reset(QRectF(0, 0, 1536, 576));
    QVERIFY(!zoom.canGoBack());
    QVERIFY(zoom.zoomTo(QRectF(100, 10, 200, 50)));
    QVERIFY(zoom.zoomTo(QRectF(120, 20, 20, 10)));
    QVERIFY(zoom.back());
    QCOMPARE(zoom.view(), QRectF(100, 10, 200, 50));
    QVERIFY(zoom.back());
    QVERIFY(!zoom.zoomed());
    QVERIFY(!zoom.back());
  }

  void zoom_stays_inside_the_data() {
    ZoomStack zoom;
    zoom.reset(QRectF(0, 0, 100, 1));
    zoom.zoomTo(QRectF(90, 0, 40, 1));
    QCOMPARE(zoom.view(), QRectF(60, 0, 40, 1));
    zoom.zoomTo(QRectF(-50, -5, 1000, 20));
    QCOMPARE(zoom.view(), zoom.full());
  }

  void panning_is_not_remembered() {
    ZoomStack zoom;
    zoom.reset(QRectF(0, 0, 100, 1));
    zoom.zoomTo(QRectF(10, 0, 10, 1));
    QVERIFY(zoom.panTo(QRectF(30, 0, 10, 1)));
    zoom.back();
    QVERIFY(!zoom.zoomed());
  }

  void linked_plots_go_back_together() {
    ZoomStack follower;
    follower.reset(QRectF(0, 0, 100, 8));
    follower.follow(QRectF(10, 0, 20, 8));
    follower.follow(QRectF(12, 0, 5, 8));
    follower.follow(QRectF(10, 0, 20, 8));
    QVERIFY(follower.canGoBack());
    follower.follow(QRectF(0, 0, 100, 8));
    QVERIFY(!follower.canGoBack());
  }

  void log_ticks_are_decades_and_fine_where_short() {
    QCOMPARE(axisTicks({0.1, 50, AxisScale::Log}, 4), (std::vector<double>{0.1, 1, 10}));
    const auto fine = axisTicks({0.3, 3, AxisScale::Log}, 4);
    QVERIFY(std::find(fine.begin(), fine.end(), 0.5) != fine.end());
    QVERIFY(axisTicks({0, 1, AxisScale::Log}, 4).empty());
    QVERIFY(axisTicks({1, 1, AxisScale::Linear}, 4).empty());
  }

  void axis_units_round_trip() {
    for (const AxisRange& range :
         {AxisRange{0.01, 40, AxisScale::Log}, AxisRange{-3, 9, AxisScale::Linear}}) {
      for (const double unit : {0.0, 0.25, 0.8, 1.0}) {
        QVERIFY(qAbs(range.toUnit(range.fromUnit(unit)) - unit) < 1e-12);
      }
    }
  }

  void tick_texts_are_the_designs() {
    QCOMPARE(tickText(0.1), QStringLiteral("0.1"));
    QCOMPARE(tickText(0.001), QStringLiteral("1e-3"));
    QCOMPARE(tickText(1024), QStringLiteral("1024"));
    QCOMPARE(shortNumber(0.0589449), QStringLiteral("0.059"));
    QCOMPARE(shortNumber(0.00228), QStringLiteral("2.3e-3"));
  }

  void labels_keep_their_distance_and_order() {
    const auto placed = spreadLabels({50, 52, 51, 90}, 14, 0, 100);
    QVERIFY(placed[0] < placed[2] && placed[2] < placed[1] && placed[1] < placed[3]);
    std::vector<double> sorted(placed);
    std::sort(sorted.begin(), sorted.end());
    for (std::size_t i = 1; i < sorted.size(); ++i) QVERIFY(sorted[i] - sorted[i - 1] > 13.999);
    QCOMPARE(spreadLabels({10, 60}, 14, 0, 100), (std::vector<double>{10, 60}));
  }

  void every_column_peak_survives_pooling() {
    const int rows = 301;
    const int columns = 1537;
    HeatmapPlane plane = randomPlane(rows, columns, 3);
    std::vector<float> values(plane.values.get(), plane.values.get() + rows * columns);
    for (const int column : {0, 7, 800, 1536}) {
      for (int row = 0; row < rows; ++row)
        values[static_cast<std::size_t>(row * columns + column)] = 50;
    }
    plane = planeOf(rows, columns, values, PlaneScale::Log);
    const auto pyramid = PlanePyramid::build(plane, nullptr);
    for (const QSize& pixels : {QSize(766, 188), QSize(100, 20), QSize(1532, 372)}) {
      const auto picture = pyramid->pool(QRectF(0, 0, columns, rows), pixels);
      for (const int column : {0, 7, 800, 1536}) {
        const int pixel = std::min(pixels.width() - 1, column * pixels.width() / columns);
        for (int y = 0; y < pixels.height(); ++y) {
          QCOMPARE(picture[static_cast<std::size_t>(y * pixels.width() + pixel)], 50.0F);
        }
      }
    }
  }

  void whole_pooling_equals_the_brute_maximum_where_cells_divide() {
    const HeatmapPlane plane = randomPlane(256, 512, 5);
    const auto picture =
        PlanePyramid::build(plane, nullptr)->pool(QRectF(0, 0, 512, 256), {64, 32});
    for (int y = 0; y < 32; ++y) {
      for (int x = 0; x < 64; ++x) {
        float expected = 0;
        for (int row = y * 8; row < y * 8 + 8; ++row) {
          for (int column = x * 8; column < x * 8 + 8; ++column) {
            expected = std::max(expected, plane.values.get()[row * 512 + column]);
          }
        }
        QCOMPARE(picture[static_cast<std::size_t>(y * 64 + x)], expected);
      }
    }
  }

  void deep_zoom_shows_single_cells() {
    const HeatmapPlane plane = randomPlane(40, 60, 9);
    const auto picture = PlanePyramid::build(plane, nullptr)->pool(QRectF(10, 5, 4, 2), {40, 20});
    for (int y = 0; y < 20; ++y) {
      for (int x = 0; x < 40; ++x) {
        QCOMPARE(picture[static_cast<std::size_t>(y * 40 + x)],
                 plane.values.get()[(5 + y / 10) * 60 + 10 + x / 10]);
      }
    }
  }

  void sorted_order_moves_whole_columns() {
    const HeatmapPlane plane = planeOf(2, 3, {1, 2, 3, 4, 5, 6}, PlaneScale::Log);
    const auto order = std::make_shared<const std::vector<int>>(std::vector<int>{2, 0, 1});
    const auto pyramid = PlanePyramid::build(plane, order);
    QCOMPARE(pyramid->at(0, 0), 3.0F);
    QCOMPARE(pyramid->at(1, 1), 4.0F);
  }

  void ratios_pool_what_is_furthest_from_one() {
    const HeatmapPlane plane = planeOf(2, 2, {1, 0.1F, 1.2F, 3}, PlaneScale::Ratio);
    const auto picture = PlanePyramid::build(plane, nullptr)->pool(QRectF(0, 0, 2, 2), {1, 1});
    QCOMPARE(picture.front(), 0.1F);
  }

  void colour_ends_ignore_zero_and_nan() {
    std::vector<float> values(1000, 2.0F);
    values[0] = 0;
    values[1] = std::numeric_limits<float>::quiet_NaN();
    values[2] = 64;
    const auto pyramid = PlanePyramid::build(planeOf(10, 100, values, PlaneScale::Log), nullptr);
    QCOMPARE(pyramid->defaultEnds().lower, 2.0);
    QVERIFY(pyramid->defaultEnds().upper > 2);
  }

  void a_plane_of_zeros_is_the_faintest_colour() {
    const auto pyramid =
        PlanePyramid::build(planeOf(3, 3, std::vector<float>(9, 0.0F), PlaneScale::Log), nullptr);
    QCOMPARE(heatmapColour(0, PlaneScale::Log, pyramid->defaultEnds(), Theme::Light),
             colorTable(ColorScale::Sequential, Theme::Light).front());
  }

  void pixels_take_their_place_on_the_log_scale() {
    const ColorTable& table = colorTable(ColorScale::Sequential, Theme::Light);
    const QImage image = heatmapImage({0.0F, 0.01F, 0.1F, 1.0F, 5.0F}, {5, 1}, PlaneScale::Log,
                                      {0.01, 1}, Theme::Light);
    QCOMPARE(image.pixel(0, 0), table.front());
    QCOMPARE(image.pixel(1, 0), table.front());
    QCOMPARE(image.pixel(3, 0), table.back());
    QCOMPARE(image.pixel(4, 0), table.back());
    const double half = oklabLightness(image.pixel(2, 0));
    QVERIFY(qAbs(half - (oklabLightness(table[127]) + oklabLightness(table[128])) / 2) < 0.01);
  }
};

QTEST_APPLESS_MAIN(PlotMathTest)
#include "plot_math_test.moc"
