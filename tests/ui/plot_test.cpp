// SPDX-License-Identifier: Apache-2.0
#include <QAccessible>
#include <QApplication>
#include <QClipboard>
#include <QFile>
#include <QMap>
#include <QRegularExpression>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>
#include <QThreadPool>
#include <QWheelEvent>
#include <QXmlStreamReader>

#include "sample_data.h"
#include "ui/plots/distance_plot.h"
#include "ui/plots/heatmap_widget.h"
#include "ui/plots/speed_plot.h"
#include "ui/plots/top_tokens_view.h"
#include "ui/style/theme.h"

using namespace salient::ui;

namespace {

void settle() {
  QThreadPool::globalInstance()->waitForDone();
  QCoreApplication::processEvents();
}

void fillHeatmap(HeatmapWidget& heatmap, int rows, int channels) {
  const auto data = sample::spectrum(channels);
  heatmap.setGroupSize(64);
  heatmap.setPlane(ErrorPlane::RtnError, sample::errorPlane(rows, *data, sample::Rounding::Rtn));
  heatmap.setPlane(ErrorPlane::AwqError, sample::errorPlane(rows, *data, sample::Rounding::Awq));
  settle();
}

std::vector<std::unique_ptr<PlotWidget>> everyPlot() {
  std::vector<std::unique_ptr<PlotWidget>> plots;
  auto spectrum = std::make_unique<SpectrumPlot>();
  spectrum->setData(sample::spectrum(512));
  plots.push_back(std::move(spectrum));
  auto heatmap = std::make_unique<HeatmapWidget>();
  fillHeatmap(*heatmap, 96, 512);
  plots.push_back(std::move(heatmap));
  auto curve = std::make_unique<CurvePlot>();
  curve->setData(sample::curve(QStringLiteral("4-bit g64"), 0.07, 1));
  curve->setGhosts({sample::curve(QStringLiteral("3-bit, g64"), 0.3, 2)});
  plots.push_back(std::move(curve));
  auto histogram = std::make_unique<HistogramPlot>();
  histogram->setData(sample::stepRatios());
  plots.push_back(std::move(histogram));
  auto map = std::make_unique<MapWidget>();
  map->setGrid(sample::llamaColumns(), 30);
  sample::fillMap(*map, 12);
  plots.push_back(std::move(map));
  auto ribbon = std::make_unique<RibbonPlot>(RibbonLook::Full);
  ribbon->setTokens(sample::tokens());
  plots.push_back(std::move(ribbon));
  auto speed = std::make_unique<SpeedPlot>();
  speed->setBars(sample::speedBars());
  plots.push_back(std::move(speed));
  auto distance = std::make_unique<DistancePlot>();
  distance->setStrips(sample::distanceStrips());
  plots.push_back(std::move(distance));
  auto likeliest = std::make_unique<TopTokensView>();
  likeliest->setPlace(QStringLiteral("They are a"), QStringLiteral("0.231"),
                      {{QStringLiteral("cephal"), 0.177}, {QStringLiteral("\","), 0.135}},
                      {{QStringLiteral("marine"), 0.205}, {QStringLiteral("cephal"), 0.097}});
  plots.push_back(std::move(likeliest));
  for (auto& plot : plots) plot->resize(600, 240);
  return plots;
}

void dragBy(QWidget& widget, const QPoint& from, const QPoint& to) {
  QTest::mousePress(&widget, Qt::LeftButton, {}, from);
  QTest::mouseMove(&widget, (from + to) / 2);
  QTest::mouseMove(&widget, to);
  QTest::mouseRelease(&widget, Qt::LeftButton, {}, to);
}

}  // namespace

class PlotTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void initTestCase() { applyTheme(*qApp, {}); }

  void every_plot_has_a_name_a_tab_stop_and_the_role_chart() {
    for (const auto& plot : everyPlot()) {
      QVERIFY(!plot->accessibleName().isEmpty());
      QVERIFY(plot->focusPolicy() & Qt::TabFocus);
      QAccessibleInterface* spoken = QAccessible::queryAccessibleInterface(plot.get());
      QCOMPARE(spoken->role(), QAccessible::Chart);
      QCOMPARE(spoken->text(QAccessible::Name), plot->accessibleName());
      plot->setCursorCell(QPoint(3, 0));
      plot->setSummary(QStringLiteral("**15** of 512 channels."));
      QCOMPARE(spoken->valueInterface()->currentValue().toDouble(), plot->cursorValue());
      const QString description = spoken->text(QAccessible::Description);
      QVERIFY(description.startsWith(QStringLiteral("15 of 512 channels.")));
      QVERIFY(!spoken->text(QAccessible::Value).isEmpty());
      QVERIFY(!spoken->text(QAccessible::Value).contains(QStringLiteral("**")));
    }
  }

  void arrows_move_the_cursor_and_shift_goes_by_a_group() {
    SpectrumPlot plot;
    plot.resize(800, 214);
    plot.setData(sample::spectrum(1536));
    QSignalSpy hovered(&plot, &SpectrumPlot::channelHovered);
    QTest::keyClick(&plot, Qt::Key_Home);
    QCOMPARE(plot.cursor()->x(), 0);
    QTest::keyClick(&plot, Qt::Key_Right);
    QTest::keyClick(&plot, Qt::Key_Right, Qt::ShiftModifier);
    QCOMPARE(plot.cursor()->x(), 65);
    QCOMPARE(hovered.last().first().toInt(), 65);
    QTest::keyClick(&plot, Qt::Key_Left);
    QCOMPARE(plot.cursor()->x(), 64);
    QSignalSpy selected(&plot, &SpectrumPlot::channelSelected);
    QTest::keyClick(&plot, Qt::Key_Return);
    QCOMPARE(selected.last().first().toInt(), 64);
    QCOMPARE(plot.currentChannel(), 64);
    QTest::keyClick(&plot, Qt::Key_Escape);
    QVERIFY(!plot.cursor());
  }

  void letters_zoom_pan_fit_and_backspace_returns() {
    SpectrumPlot plot;
    plot.resize(800, 214);
    plot.setData(sample::spectrum(1536));
    QSignalSpy moved(&plot, &PlotWidget::viewChanged);
    QTest::keyClick(&plot, Qt::Key_W);
    QCOMPARE(plot.view().width(), 1536 / 1.5);
    const double left = plot.view().left();
    QTest::keyClick(&plot, Qt::Key_D);
    QVERIFY(plot.view().left() > left);
    QTest::keyClick(&plot, Qt::Key_A);
    QVERIFY(qAbs(plot.view().left() - left) < 1e-6);
    QTest::keyClick(&plot, Qt::Key_Backspace);
    QVERIFY(!plot.isZoomed());
    plot.setCursorCell(QPoint(1095, 0));
    QTest::keyClick(&plot, Qt::Key_F);
    QCOMPARE(plot.view().width(), 192.0);
    QVERIFY(qAbs(plot.view().center().x() - 1095.5) < 1);
    QTest::keyClick(&plot, Qt::Key_F);
    QVERIFY(!plot.isZoomed());
    QVERIFY(moved.count() >= 6);
  }

  void a_brush_zooms_and_a_click_selects() {
    SpectrumPlot plot;
    plot.resize(816, 214);
    plot.setData(sample::spectrum(1536));
    dragBy(plot, {200, 80}, {400, 90});
    QVERIFY(plot.isZoomed());
    const double perPixel = 1536.0 / (816 - 50);
    QVERIFY(qAbs(plot.view().left() - (200 - 36) * perPixel) <= 2);
    QVERIFY(qAbs(plot.view().right() - (400 - 36) * perPixel) <= 2);
    plot.zoomAll();
    QSignalSpy selected(&plot, &SpectrumPlot::channelSelected);
    QTest::mouseClick(&plot, Qt::LeftButton, {}, {300, 100});
    QCOMPARE(selected.count(), 1);
    QVERIFY(!plot.isZoomed());
  }

  void the_wheel_zooms_around_the_pointer() {
    HeatmapWidget heatmap;
    heatmap.resize(816, 240);
    fillHeatmap(heatmap, 96, 512);
    const QPointF at(36 + 766 / 4.0, 14 + 188 / 2.0);
    QWheelEvent turn(at, at, {}, {0, 120}, Qt::NoButton, Qt::NoModifier, Qt::NoScrollPhase, false);
    QCoreApplication::sendEvent(&heatmap, &turn);
    QVERIFY(heatmap.view().width() < 512);
    QVERIFY(heatmap.view().height() < 96);
    const double keyAtPointer = heatmap.view().left() + heatmap.view().width() / 4;
    QVERIFY(qAbs(keyAtPointer - 128) < 0.5);
  }

  void linked_plots_follow_without_an_echo() {
    SpectrumPlot spectrum;
    spectrum.setData(sample::spectrum(512));
    HeatmapWidget heatmap;
    heatmap.resize(816, 240);
    fillHeatmap(heatmap, 96, 512);
    connect(&spectrum, &PlotWidget::viewChanged, &heatmap,
            [&](const QRectF& view) { heatmap.followHorizontally(view.left(), view.right()); });
    QSignalSpy echo(&heatmap, &PlotWidget::viewChanged);
    spectrum.zoomTo(QRectF(100, 0, 50, 1));
    QCOMPARE(heatmap.view(), QRectF(100, 0, 50, 96));
    spectrum.zoomBack();
    QVERIFY(!heatmap.isZoomed());
    QCOMPARE(echo.count(), 0);
  }

  void the_salient_share_is_the_energy_of_the_strongest() {
    auto data = std::make_shared<SpectrumData>();
    data->magnitudes = {1, 10, 1, 2, 1, 1, 1, 1, 1, 1};
    SpectrumPlot plot;
    plot.setData(data);
    plot.setSalientShare(0.2);
    QCOMPARE(plot.salientCount(), 2);
    QCOMPARE(plot.salientChannels()[0], 1);
    QCOMPARE(plot.salientChannels()[1], 3);
    QVERIFY(qAbs(plot.salientEnergy() - 104.0 / 112.0) < 1e-12);
    auto measured = std::make_shared<SpectrumData>(*data);
    measured->energies = std::vector<float>(10, 1.0F);
    plot.setData(measured);
    QVERIFY(qAbs(plot.salientEnergy() - 0.2) < 1e-12);
  }

  void dragging_the_salient_line_tells_the_share_live() {
    SpectrumPlot plot;
    plot.resize(816, 214);
    plot.setData(sample::spectrum(1536));
    plot.setSalientShare(15.0 / 1536);
    QSignalSpy live(&plot, &SpectrumPlot::salientChanged);
    QSignalSpy chosen(&plot, &SpectrumPlot::salientChosen);
    // The handle is the dark tab right of the plot; find it by its colour.
    const QImage picture = plot.grab().toImage();
    int handle = 0;
    for (int y = 20; y < 150 && handle == 0; ++y) {
      if (qGray(picture.pixel(816 - 9, y)) < 60) handle = y + 6;
    }
    QVERIFY(handle > 0);
    dragBy(plot, {816 - 9, handle}, {816 - 9, handle - 40});
    QVERIFY(live.count() >= 1);
    QCOMPARE(chosen.count(), 1);
    QVERIFY(plot.salientCount() < 15);
    QCOMPARE(live.last().at(0).toInt(), plot.salientCount());
    QCOMPARE(live.last().at(1).toDouble(), plot.salientEnergy());
    QTest::keyClick(&plot, Qt::Key_PageDown);
    QCOMPARE(chosen.count(), 2);
  }

  void sorted_order_stands_by_magnitude() {
    SpectrumPlot plot;
    plot.setData(sample::spectrum(512));
    plot.setOrder(ChannelOrder::Sorted);
    const auto order = plot.channelOrder();
    QCOMPARE(order->front(), plot.salientChannels()[0]);
    QCOMPARE(static_cast<int>(order->size()), 512);
  }

  void dead_and_broken_channels_are_drawn_without_harm() {
    auto data = std::make_shared<SpectrumData>();
    data->magnitudes = {0, 1, static_cast<float>(qQNaN()), static_cast<float>(qInf()), 2, 0};
    data->channelScales = {1, 1, static_cast<float>(qQNaN()), 0, 2, 1};
    SpectrumPlot plot;
    plot.resize(400, 200);
    plot.setData(data);
    QVERIFY(!plot.grab().isNull());
    plot.setData(std::make_shared<SpectrumData>());
    QVERIFY(!plot.grab().isNull());
    QCOMPARE(plot.salientCount(), 0);
  }

  void space_flickers_the_planes_while_it_is_held() {
    HeatmapWidget heatmap;
    heatmap.resize(816, 240);
    fillHeatmap(heatmap, 96, 512);
    const QImage split = heatmap.grab().toImage();
    QTest::keyPress(&heatmap, Qt::Key_Space);
    const QImage rtn = heatmap.grab().toImage();
    QVERIFY(rtn != split);
    QTRY_VERIFY(heatmap.grab().toImage() != rtn);
    QTest::keyRelease(&heatmap, Qt::Key_Space);
    QCOMPARE(heatmap.grab().toImage(), split);
  }

  void the_split_handle_moves_the_border() {
    HeatmapWidget heatmap;
    heatmap.resize(816, 240);
    fillHeatmap(heatmap, 96, 512);
    QSignalSpy moved(&heatmap, &HeatmapWidget::splitMoved);
    dragBy(heatmap, {31, 14 + 94}, {31, 14 + 141});
    QVERIFY(moved.count() >= 1);
    QVERIFY(qAbs(heatmap.split() - 0.75) < 0.01);
  }

  void a_newer_plane_beats_the_one_still_being_built() {
    HeatmapWidget heatmap;
    const auto data = sample::spectrum(512);
    QSignalSpy ready(&heatmap, &HeatmapWidget::planeReady);
    heatmap.setPlane(ErrorPlane::RtnError, sample::errorPlane(64, *data, sample::Rounding::Rtn));
    heatmap.setPlane(ErrorPlane::RtnError, sample::errorPlane(32, *data, sample::Rounding::Rtn));
    settle();
    QCOMPARE(ready.count(), 1);
    QCOMPARE(heatmap.cellCount(), QSize(512, 32));
  }

  void a_widget_may_die_while_its_plane_is_built() {
    const auto data = sample::spectrum(512);
    auto heatmap = std::make_unique<HeatmapWidget>();
    heatmap->setPlane(ErrorPlane::RtnError, sample::errorPlane(512, *data, sample::Rounding::Rtn));
    heatmap.reset();
    settle();
  }

  void colour_ends_are_dragged_on_the_bar() {
    HeatmapWidget heatmap;
    heatmap.resize(816, 240);
    fillHeatmap(heatmap, 96, 512);
    const ColourEnds before = heatmap.colourEnds();
    heatmap.setColourEnds(ColourEnds{before.lower * 2, before.upper});
    QCOMPARE(heatmap.colourEnds().lower, before.lower * 2);
    heatmap.setShown(ErrorView::Awq);
    QCOMPARE(heatmap.colourEnds().lower, before.lower);
  }

  void map_cells_are_walked_selected_and_scrolled() {
    MapWidget map;
    map.resize(256, 300);
    map.setGrid(sample::llamaColumns(), 80);
    map.show();
    QVERIFY(QTest::qWaitForWindowExposed(&map));
    map.setSelection(12, 2);
    QTest::keyClick(&map, Qt::Key_Right);
    QTest::keyClick(&map, Qt::Key_Down);
    QCOMPARE(*map.cursor(), QPoint(3, 13));
    QSignalSpy selected(&map, &MapWidget::cellSelected);
    QTest::keyClick(&map, Qt::Key_Return);
    QCOMPARE(selected.last().at(0).toInt(), 13);
    QCOMPARE(selected.last().at(1).toInt(), 3);
    for (int i = 0; i < 70; ++i) QTest::keyClick(&map, Qt::Key_Down);
    QCOMPARE(map.cursor()->y(), 79);
    QVERIFY(!map.grab().isNull());
  }

  void a_curve_point_is_pinned_by_click_and_skipped_ones_say_why() {
    CurvePlot plot;
    plot.resize(304, 140);
    Curve curve = sample::curve(QStringLiteral("4-bit g64"), 0.07, 1);
    curve.points[4].state = PointState::Skipped;
    curve.points[4].reason = QStringLiteral("not finite");
    plot.setData(curve);
    plot.setBest(12, QStringLiteral("best α 0.60"));
    QVERIFY(!plot.grab().isNull());
    QSignalSpy pinned(&plot, &CurvePlot::pinRequested);
    const double x = 32 + 0.5 / 0.95 * (304 - 96);
    QTest::mouseClick(&plot, Qt::LeftButton, {}, QPoint(qRound(x), 70));
    QCOMPARE(pinned.count(), 1);
    QVERIFY(qAbs(pinned.first().first().toDouble() - 0.5) < 1e-9);
    plot.setCursorCell(QPoint(4, 0));
    QVERIFY(plot.readoutText().contains(QStringLiteral("not finite")));
  }

  void the_ribbon_knows_where_the_models_part() {
    RibbonPlot ribbon(RibbonLook::Strip);
    QCOMPARE(ribbon.firstDivergence(), -1);
    ribbon.setTokens(sample::tokens());
    QCOMPARE(ribbon.firstDivergence(), 16);
    const int before = ribbon.cellCount().width();
    ribbon.appendToken({0.4, TokenPick::Same, QStringLiteral("a,\"b\""), {}});
    QCOMPARE(ribbon.cellCount().width(), before + 1);
    QVERIFY(ribbon.csv().contains(QStringLiteral("\"a,\"\"b\"\"\"")));
  }

  void csv_has_as_many_fields_in_every_row_as_in_the_header() {
    const QRegularExpression quoted(QStringLiteral("\"([^\"]|\"\")*\""));
    for (const auto& plot : everyPlot()) {
      const QStringList lines = plot->csv().remove(quoted).split(u'\n', Qt::SkipEmptyParts);
      QVERIFY2(lines.size() > 2, qPrintable(plot->accessibleName()));
      for (const QString& line : lines) QCOMPARE(line.count(u','), lines.constFirst().count(u','));
    }
  }

  void svg_is_well_formed_and_inside_its_page() {
    const QTemporaryDir folder;
    for (const auto& plot : everyPlot()) {
      if (plot->cellCount().width() > 20) plot->zoomTo(QRectF(7, 0, 9, plot->fullView().height()));
      const QString path = folder.filePath(QStringLiteral("plot.svg"));
      QVERIFY(plot->exportTo(path));
      QFile file(path);
      QVERIFY(file.open(QIODevice::ReadOnly));
      QXmlStreamReader xml(&file);
      int shapes = 0;
      while (!xml.atEnd()) {
        if (xml.readNext() != QXmlStreamReader::StartElement) continue;
        if (xml.name() != QLatin1String("rect")) continue;
        ++shapes;
        const auto attribute = [&](const char* name) {
          return xml.attributes().value(QLatin1String(name)).toDouble();
        };
        if (attribute("width") > 600 || attribute("height") > 240) continue;
        QVERIFY(attribute("x") >= -1 && attribute("y") >= -1);
      }
      QVERIFY2(!xml.hasError(), qPrintable(xml.errorString()));
    }
  }

  void png_is_written_at_twice_the_size_and_unknown_kinds_are_refused() {
    const QTemporaryDir folder;
    for (const auto& plot : everyPlot()) {
      const QString path = folder.filePath(QStringLiteral("plot.png"));
      QVERIFY(plot->exportTo(path));
      QCOMPARE(QImage(path).size(), QSize(1200, 480));
      QVERIFY(!plot->exportTo(folder.filePath(QStringLiteral("plot.doc"))));
      QVERIFY(!plot->exportTo(QStringLiteral("/nowhere/at/all/plot.csv")));
    }
  }

  void copying_brings_picture_and_numbers() {
    SpectrumPlot plot;
    plot.resize(400, 200);
    plot.setData(sample::spectrum(64));
    plot.copyToClipboard();
    QVERIFY(QApplication::clipboard()->text().startsWith(QStringLiteral("channel,")));
    QVERIFY(!QApplication::clipboard()->image().isNull());
  }

  void both_themes_paint_every_state() {
    for (const Theme theme : {Theme::Dark, Theme::Light}) {
      applyTheme(*qApp, {theme, 1.0});
      for (const auto& plot : everyPlot()) {
        const QImage live = plot->grab().toImage();
        plot->setStale(true);
        QVERIFY(plot->grab().toImage() != live);
        plot->setStale(false);
        plot->setMessage(QStringLiteral("Measure this linear to see its channels."));
        QVERIFY(plot->grab().toImage() != live);
        QCOMPARE(plot->summaryText(), plot->message());
      }
    }
  }

  void codes_stand_in_weights_of_24_px_and_only_there() {
    HeatmapWidget heatmap;
    heatmap.resize(800, 300);
    fillHeatmap(heatmap, 64, 256);
    QMap<ErrorPlane, int> asked;
    heatmap.setCellText([&](ErrorPlane plane, int, int) {
      ++asked[plane];
      return QStringLiteral("15");
    });
    const auto paint = [&](double pixels) {
      asked.clear();
      heatmap.zoomTo({10, 10, 750 / pixels, 8});
      heatmap.grab();
    };
    paint(23);
    QVERIFY(asked.isEmpty());
    paint(25);
    QVERIFY(asked[ErrorPlane::RtnError] > 80 && asked[ErrorPlane::AwqError] > 80);
  }
};

QTEST_MAIN(PlotTest)
#include "plot_test.moc"
