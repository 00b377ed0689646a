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

}  // namespace

SystemTheme::SystemTheme(QObject* parent) : QObject(parent) {
  QDBusConnection::sessionBus().connect(kService, kPath, kInterface,
                                        QStringLiteral("SettingChanged"), this,
                                        SLOT(onSettingChanged(QString, QString, QDBusVariant)));
}

Theme SystemTheme::read() {
  const QDBusConnection bus = QDBusConnection::sessionBus();
  if (!bus.isConnected()) return Theme::Light;
  QDBusMessage call =
      QDBusMessage::createMethodCall(kService, kPath, kInterface, QStringLiteral("Read"));
  call << kAppearance << kColourScheme;
  const QDBusMessage reply = bus.call(call, QDBus::Block, kPatienceMs);
  if (reply.type() != QDBusMessage::ReplyMessage || reply.arguments().isEmpty()) {
    return Theme::Light;
  }
  return themeFrom(reply.arguments().constFirst());
}

void SystemTheme::onSettingChanged(const QString& space, const QString& key,
                                   const QDBusVariant& value) {
  if (space == kAppearance && key == kColourScheme) Q_EMIT changed(themeFrom(value.variant()));
}

}  // namespace salient::ui
