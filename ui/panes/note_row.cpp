// SPDX-License-Identifier: Apache-2.0
#include "ui/panes/note_row.h"

#include <QHBoxLayout>
#include <QPainter>

#include "ui/style/caption_label.h"

namespace salient::ui {
namespace {

/// "Claim. The rest." with the claim marked, when there is a rest.
QString marked(const QString& sentence) {
  if (sentence.contains(QStringLiteral("**"))) return sentence;
  const qsizetype end = sentence.indexOf(QStringLiteral(". "));
  if (end < 0) return sentence;
  return QStringLiteral("**%1.** %2").arg(sentence.left(end), sentence.mid(end + 2));
}

}  // namespace

NoteRow::NoteRow(IconName icon, IconTone tone, const QString& sentence, QWidget* parent)
    : QWidget(parent), icon_(paletteIcon(icon, tone)) {
  auto* row = new QHBoxLayout(this);
  row->setContentsMargins(25, 0, 0, 0);
  row->addWidget(new CaptionLabel(marked(sentence)));
  setAccessibleName(withoutMarks(marked(sentence)));
}

void NoteRow::paintEvent(QPaintEvent* /*event*/) {
  QPainter painter(this);
  icon_.paint(&painter, QRect(0, 1, 16, 16));
}

}  // namespace salient::ui
