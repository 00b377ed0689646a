// SPDX-License-Identifier: Apache-2.0
#include "ui/style/theme.h"

#include <QApplication>
#include <QToolTip>
#include <QWidget>

#include "ui/style/focus_ring.h"
#include "ui/style/motion.h"
#include "ui/style/salient_style.h"
#include "ui/style/typography.h"

namespace salient::ui {

void applyTheme(QApplication& application, const ThemeOptions& options) {
  if (qobject_cast<SalientStyle*>(QApplication::style()) == nullptr) {
    QApplication::setStyle(new SalientStyle);
    new FocusRing(application);
    new HoverFade(application);
  }
  const QFont font = applicationFont(options.fontScale);
  QApplication::setFont(font);
  QApplication::setPalette(qtPalette(options.theme));
  QToolTip::setPalette(qtPalette(options.theme));
  QToolTip::setFont(textFont(TextRole::Caption));
}

void setSurface(QWidget& widget) {
  widget.setBackgroundRole(QPalette::Base);
  widget.setAutoFillBackground(true);
}

}  // namespace salient::ui
