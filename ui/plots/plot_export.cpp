// SPDX-License-Identifier: Apache-2.0
// Pictures and tables of a PlotWidget.
#include <QApplication>
#include <QBuffer>
#include <QClipboard>
#include <QFileInfo>
#include <QMimeData>
#include <QPainter>
#include <QSaveFile>
#include <QSvgGenerator>

#include "ui/plots/plot_widget.h"
#include "ui/style/palette.h"

namespace salient::ui {
namespace {

constexpr double kPictureScale = 2;

bool writeAll(const QString& path, const QByteArray& bytes) {
  QSaveFile file(path);
  if (!file.open(QIODevice::WriteOnly)) return false;
  return file.write(bytes) == bytes.size() && file.commit();
}

QImage pictureOf(PlotWidget& plot) {
  QImage image(plot.size() * kPictureScale, QImage::Format_RGB32);
  image.setDevicePixelRatio(kPictureScale);
  image.fill(paletteOf(plot).surface);
  QPainter painter(&image);
  plot.renderTo(painter, QSizeF(plot.size()));
  return image;
}

QByteArray svgOf(PlotWidget& plot) {
  QByteArray bytes;
  QBuffer buffer(&bytes);
  QSvgGenerator generator;
  generator.setOutputDevice(&buffer);
  generator.setSize(plot.size());
  generator.setViewBox(QRect(QPoint(), plot.size()));
  generator.setTitle(plot.accessibleName());
  generator.setDescription(plot.summaryText());
  QPainter painter(&generator);
  painter.fillRect(QRect(QPoint(), plot.size()), paletteOf(plot).surface);
  plot.renderTo(painter, QSizeF(plot.size()));
  painter.end();
  return bytes;
}

}  // namespace

bool PlotWidget::exportTo(const QString& path) {
  const QString suffix = QFileInfo(path).suffix().toLower();
  if (suffix == QLatin1String("csv")) return writeAll(path, csv().toUtf8());
  if (suffix == QLatin1String("svg")) return writeAll(path, svgOf(*this));
  if (suffix != QLatin1String("png")) return false;
  QByteArray bytes;
  QBuffer buffer(&bytes);
  return pictureOf(*this).save(&buffer, "PNG") && writeAll(path, bytes);
}

QString PlotWidget::csvField(QString text) {
  const bool plain = !text.contains(u',') && !text.contains(u'"') && !text.contains(u'\n');
  return plain ? text : u'"' + text.replace(u'"', QStringLiteral("\"\"")) + u'"';
}

void PlotWidget::copyToClipboard() {
  auto* copied = new QMimeData;
  copied->setImageData(pictureOf(*this));
  copied->setText(csv());
  QApplication::clipboard()->setMimeData(copied);
}

}  // namespace salient::ui
