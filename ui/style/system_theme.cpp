// SPDX-License-Identifier: Apache-2.0
#include "ui/style/system_theme.h"

#include <QDBusConnection>
#include <QDBusMessage>
#include <QDBusVariant>

namespace salient::ui {
namespace {

const QString kService = QStringLiteral("org.freedesktop.portal.Desktop");
const QString kPath = QStringLiteral("/org/freedesktop/portal/desktop");
const QString kInterface = QStringLiteral("org.freedesktop.portal.Settings");
const QString kAppearance = QStringLiteral("org.freedesktop.appearance");
const QString kColourScheme = QStringLiteral("color-scheme");
constexpr int kPatienceMs = 200;

// Read() wraps its answer in one variant too many; unwrap whatever came.
QVariant unwrapped(QVariant value) {
  while (value.canConvert<QDBusVariant>()) value = value.value<QDBusVariant>().variant();
  return value;
}

// 0 no preference, 1 dark, 2 light.
Theme themeFrom(const QVariant& scheme) {
  return unwrapped(scheme).toUInt() == 1 ? Theme::Dark : Theme::Light;
}

/// Invalid without a bus, a portal or the key.
QVariant setting(const QString& space, const QString& key) {
  const QDBusConnection bus = QDBusConnection::sessionBus();
  if (!bus.isConnected()) return {};
  QDBusMessage call =
      QDBusMessage::createMethodCall(kService, kPath, kInterface, QStringLiteral("Read"));
  call << space << key;
  const QDBusMessage reply = bus.call(call, QDBus::Block, kPatienceMs);
  if (reply.type() != QDBusMessage::ReplyMessage || reply.arguments().isEmpty()) return {};
  return reply.arguments().constFirst();
}

}  // namespace

SystemTheme::SystemTheme(QObject* parent) : QObject(parent) {
  QDBusConnection::sessionBus().connect(kService, kPath, kInterface,
                                        QStringLiteral("SettingChanged"), this,
                                        SLOT(onSettingChanged(QString, QString, QDBusVariant)));
}

Theme SystemTheme::read() {
  return themeFrom(setting(kAppearance, kColourScheme));
}

bool SystemTheme::readReducedMotion() {
  if (unwrapped(setting(kAppearance, QStringLiteral("reduced-motion"))).toUInt() == 1) return true;
  const QVariant animates = unwrapped(
      setting(QStringLiteral("org.gnome.desktop.interface"), QStringLiteral("enable-animations")));
  return animates.isValid() && !animates.toBool();
}

void SystemTheme::onSettingChanged(const QString& space, const QString& key,
                                   const QDBusVariant& value) {
  if (space == kAppearance && key == kColourScheme) Q_EMIT changed(themeFrom(value.variant()));
}

}  // namespace salient::ui
