// SPDX-License-Identifier: Apache-2.0
#include "ui/style/plain_text.h"

#include <QTextDocument>

namespace salient::ui {

QString plainToolTip(const QString& text) {
  return Qt::mightBeRichText(text) ? Qt::convertFromPlainText(text) : text;
}

}  // namespace salient::ui
