// SPDX-License-Identifier: Apache-2.0
#pragma once

// A sentence worth knowing with its icon; the part before the first full stop or colon stands out.

#include <QWidget>

#include "ui/style/icons.h"

namespace salient::ui {

class NoteRow : public QWidget {
  Q_OBJECT
 public:
  NoteRow(IconName icon, IconTone tone, const QString& sentence, QWidget* parent = nullptr);

 protected:
  void paintEvent(QPaintEvent* event) override;

 private:
  QIcon icon_;
};

}  // namespace salient::ui
