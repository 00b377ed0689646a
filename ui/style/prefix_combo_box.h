// SPDX-License-Identifier: Apache-2.0
// A combo box with a secondary word before its value: "Preset Balanced". Flat: no fill, for the
// choice in a view title.
#pragma once

#include <QComboBox>

namespace salient::ui {

enum class ComboLook { Filled, Flat };

class PrefixComboBox : public QComboBox {
  Q_OBJECT

 public:
  explicit PrefixComboBox(const QString& prefix = {}, ComboLook look = ComboLook::Filled,
                          QWidget* parent = nullptr);
};

}  // namespace salient::ui
