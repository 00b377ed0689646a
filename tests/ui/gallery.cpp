// SPDX-License-Identifier: Apache-2.0
// Renders every widget of ui/style and ui/plots with sample data, in both themes at 1x and 2x:
//   QT_QPA_PLATFORM=offscreen ui_gallery OUT_DIR
// To be looked at beside the design's pictures; not a test. Ends with the time of a frame.
#include <QApplication>
#include <QDir>
#include <QPainter>
#include <algorithm>
#include <cstdio>
#include <ctime>
#include <vector>

#include "gallery_pages.h"
#include "sample_data.h"
#include "ui/style/theme.h"

using namespace salient::ui;
using namespace salient::ui::gallery;

namespace {

void save(QWidget* widget, const QString& path, double ratio) {
  if (!widget->isVisible()) widget->setAttribute(Qt::WA_DontShowOnScreen);
  widget->show();
  QCoreApplication::processEvents();
  QImage image(widget->size() * ratio, QImage::Format_RGB32);
  image.setDevicePixelRatio(ratio);
  widget->render(&image);
  if (!image.save(path)) std::fprintf(stderr, "cannot write %s\n", qPrintable(path));
  delete widget;
}

void timePaint(const char* name, PlotWidget& plot) {
  plot.resize(816, 240);
  QImage image(plot.size(), QImage::Format_RGB32);
  plot.render(&image);
  constexpr int kFrames = 21;
  std::vector<double> frames;
  for (int i = 0; i < kFrames; ++i) {
    // Every frame another view, so nothing is cached.
    plot.zoomTo(plot.fullView().adjusted(i + 1, 0, -1, 0));
    const std::clock_t start = std::clock();
    plot.render(&image);
    frames.push_back(static_cast<double>(std::clock() - start) * 1e3 / CLOCKS_PER_SEC);
  }
  std::sort(frames.begin(), frames.end());
  std::printf("%s: %.2f ms of CPU a frame (median of %d, 816x240; slowest %.2f)\n", name,
              frames[kFrames / 2], kFrames, frames.back());
}

void timeFrames() {
  SpectrumPlot spectrum;
  const auto data = sample::spectrum(4096);
  spectrum.setData(data);
  timePaint("spectrum, 4096 channels", spectrum);
  HeatmapWidget heatmap;
  heatmap.setPlane(ErrorPlane::RtnError, sample::errorPlane(4096, *data, sample::Rounding::Rtn));
  heatmap.setPlane(ErrorPlane::AwqError, sample::errorPlane(4096, *data, sample::Rounding::Awq));
  settle();
  timePaint("heat map, 4096 x 4096, split, both planes pooled again", heatmap);
}

}  // namespace

int main(int argc, char** argv) {
  QApplication application(argc, argv);
  if (argc < 2) {
    std::fprintf(stderr, "usage: ui_gallery OUT_DIR\n");
    return 2;
  }
  const QDir out(QString::fromLocal8Bit(argv[1]));
  QDir().mkpath(out.path());
  for (const Theme theme : {Theme::Light, Theme::Dark}) {
    applyTheme(application, {theme, 1.0});
    for (const int ratio : {1, 2}) {
      const auto path = [&](const char* name) {
        const char* look = theme == Theme::Dark ? "dark" : "light";
        return out.filePath(QStringLiteral("%1-%2-%3x.png")
                                .arg(QLatin1String(name), QLatin1String(look))
                                .arg(ratio));
      };
      save(knobBar(), path("knobs"), ratio);
      save(controls(), path("controls"), ratio);
      save(standardWidgets(), path("standard"), ratio);
      save(focusAndStates(), path("states"), ratio);
      save(channelsView(1536), path("channels"), ratio);
      save(errorView(ErrorView::Split), path("error"), ratio);
      save(errorView(ErrorView::Gain), path("gain"), ratio);
      save(errorZoomed(), path("error-zoomed"), ratio);
      save(rightColumn(), path("right"), ratio);
      save(mapView(30, MapLook::Full), path("map"), ratio);
      save(mapView(18, MapLook::Full), path("map-running"), ratio);
      save(mapView(30, MapLook::Rail), path("rail"), ratio);
      save(chatViews(), path("chat"), ratio);
    }
  }
  timeFrames();
  return 0;
}
