// SPDX-License-Identifier: Apache-2.0
// The desktop's light or dark wish, read from the Settings portal over D-Bus (Qt 6.4 has no public
// call for it) and watched for changes. Without a portal, or with no preference, it is Light.
#pragma once

#include <QObject>

#include "ui/style/palette.h"

class QDBusVariant;

namespace salient::ui {

class SystemTheme : public QObject {
  Q_OBJECT

 public:
  explicit SystemTheme(QObject* parent = nullptr);

  // Asks the portal once, waiting at most 200 ms.
  static Theme read();
  // Whether the desktop asks for less motion; asked once, like read().
  static bool readReducedMotion();

 Q_SIGNALS:
  void changed(salient::ui::Theme theme);

 private Q_SLOTS:
  void onSettingChanged(const QString& space, const QString& key, const QDBusVariant& value);
};

}  // namespace salient::ui
