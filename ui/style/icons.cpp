// SPDX-License-Identifier: Apache-2.0
#include "ui/style/icons.h"

#include <QFile>
#include <QGuiApplication>
#include <QIconEngine>
#include <QPainter>
#include <QPixmapCache>
#include <QSvgRenderer>
#include <array>

#include "ui/style/palette.h"

static void loadIconResource() {
  Q_INIT_RESOURCE(icons);
}

namespace salient::ui {
namespace {

constexpr std::array<const char*, 31> kFiles = {
    "check",  "chevron_down", "chevron_right", "clock", "close", "copy", "cross",  "disk",
    "drop",   "export",       "folder",        "help",  "info",  "log",  "mark",   "memory",
    "model",  "moon",         "more",          "pause", "pin",   "play", "redo",   "refresh",
    "resume", "search",       "stop",          "sun",   "table", "undo", "warning"};

QByteArray svgOf(IconName name) {
  loadIconResource();
  QFile file(QStringLiteral(":/salient/icons/%1.svg")
                 .arg(QLatin1String(kFiles.at(static_cast<std::size_t>(name)))));
  return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

QColor toneColour(IconTone tone, const Palette& p) {
  switch (tone) {
    case IconTone::Text:
      return p.text;
    case IconTone::Secondary:
      return p.secondary;
    case IconTone::Accent:
      return p.accent;
    case IconTone::OnAccent:
      return p.onAccent;
    case IconTone::Positive:
      return p.positive;
    case IconTone::Warning:
      return p.warning;
    case IconTone::Danger:
      return p.danger;
  }
  return p.text;
}

class PaletteIconEngine : public QIconEngine {
 public:
  PaletteIconEngine(IconName name, IconTone tone) : name_(name), tone_(tone) {}
  PaletteIconEngine(IconName name, const QColor& colour) : name_(name), fixed_(colour) {}

  void paint(QPainter* painter, const QRect& rect, QIcon::Mode mode, QIcon::State) override {
    const double ratio = painter->deviceTransform().m11();
    const int size = std::min(rect.width(), rect.height());
    const QPoint corner(rect.left() + (rect.width() - size) / 2,
                        rect.top() + (rect.height() - size) / 2);
    painter->drawPixmap(corner, iconPixmap(name_, colour(mode), size, ratio));
  }

  QPixmap pixmap(const QSize& size, QIcon::Mode mode, QIcon::State) override {
    return iconPixmap(name_, colour(mode), std::min(size.width(), size.height()), 1.0);
  }

  QIconEngine* clone() const override { return new PaletteIconEngine(*this); }

 private:
  QColor colour(QIcon::Mode mode) const {
    const Palette& p = themePalette(themeOf(QGuiApplication::palette()));
    if (mode == QIcon::Disabled) return p.disabled;
    return fixed_.isValid() ? fixed_ : toneColour(tone_, p);
  }

  IconName name_;
  IconTone tone_ = IconTone::Text;
  QColor fixed_;
};

}  // namespace

QIcon paletteIcon(IconName name, IconTone tone) {
  return QIcon(new PaletteIconEngine(name, tone));
}

QIcon paletteIcon(IconName name, const QColor& colour) {
  return QIcon(new PaletteIconEngine(name, colour));
}

QPixmap iconPixmap(IconName name, const QColor& colour, int size, double devicePixelRatio) {
  const QColor accent = themePalette(themeOf(QGuiApplication::palette())).accent;
  const QString key = QStringLiteral("salient-icon-%1-%2-%3-%4-%5")
                          .arg(static_cast<int>(name))
                          .arg(colour.name(), accent.name())
                          .arg(size)
                          .arg(devicePixelRatio);
  QPixmap result;
  if (QPixmapCache::find(key, &result)) return result;
  QByteArray svg = svgOf(name);
  svg.replace("currentColor", colour.name().toLatin1());
  svg.replace("accentColor", accent.name().toLatin1());
  const int pixels = std::max(1, qRound(size * devicePixelRatio));
  result = QPixmap(pixels, pixels);
  result.fill(Qt::transparent);
  QPainter painter(&result);
  QSvgRenderer(svg).render(&painter, QRectF(0, 0, pixels, pixels));
  painter.end();
  result.setDevicePixelRatio(devicePixelRatio);
  QPixmapCache::insert(key, result);
  return result;
}

}  // namespace salient::ui
