// SPDX-License-Identifier: Apache-2.0
#include "ui/style/prefix_combo_box.h"

#include <QVariant>

namespace salient::ui {

PrefixComboBox::PrefixComboBox(const QString& prefix, ComboLook look, QWidget* parent)
    : QComboBox(parent) {
  setProperty("prefix", prefix);
  setProperty("flat", look == ComboLook::Flat);
  setAccessibleName(prefix);
  setSizeAdjustPolicy(QComboBox::AdjustToContents);
}

}  // namespace salient::ui
