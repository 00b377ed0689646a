// SPDX-License-Identifier: Apache-2.0
#include "ui/panes/recent_row.h"

#include <QEvent>
#include <QLocale>
#include <QPainter>
#include <QPushButton>

#include "ui/panes/map_stamp.h"
#include "ui/style/icons.h"
#include "ui/style/metrics.h"
#include "ui/style/palette.h"
#include "ui/style/plain_text.h"
#include "ui/style/style_painting.h"
#include "ui/style/typography.h"

namespace salient::ui {

RecentRow::RecentRow(const RecentEntry& entry, QWidget* parent)
    : QAbstractButton(parent), entry_(entry) {
  setFocusPolicy(Qt::StrongFocus);
  setAccessibleName(QStringLiteral("%1 %2").arg(entry.name, entry.scheme));
  setAccessibleDescription(stageText() + QStringLiteral(". ") + entry.detail);
  setToolTip(plainToolTip(entry.target.isEmpty() ? entry.source : entry.target));
  setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
  connect(this, &QAbstractButton::clicked, this, [this] {
    if (entry_.stage == RecentStage::Unfinished) {
      emit resumeWanted(entry_, false);
    } else {
      emit chosen(entry_.stage == RecentStage::Finished ? entry_.target : entry_.source);
    }
  });
  if (entry_.stage != RecentStage::Unfinished) return;
  resume_ = new QPushButton(paletteIcon(IconName::Play, IconTone::Text), tr("Resume"), this);
  resume_->setAccessibleName(tr("Resume %1 %2").arg(entry.name, entry.scheme));
  resume_->setToolTip(tr("Goes on at the block it stopped at"));
  connect(resume_, &QPushButton::clicked, this, [this] { emit resumeWanted(entry_, true); });
}

void RecentRow::resizeEvent(QResizeEvent* event) {
  QAbstractButton::resizeEvent(event);
  if (resume_ == nullptr) return;
  const QSize size = resume_->sizeHint();
  resume_->setGeometry(width() - size.width(), (height() - size.height()) / 2, size.width(),
                       size.height());
}

QString RecentRow::stageText() const {
  const bool today = entry_.when.date() == QDate::currentDate();
  const QString when = today ? entry_.when.toString(QStringLiteral("HH:mm"))
                             : QLocale().toString(entry_.when.date(), QLocale::ShortFormat);
  switch (entry_.stage) {
    case RecentStage::Finished:
      return tr("Finished %1").arg(when);
    case RecentStage::Unfinished:
      return tr("Stopped %1, resumes with the same bytes").arg(when);
    case RecentStage::Opened:
      return tr("Opened %1").arg(when);
  }
  return {};
}

bool RecentRow::event(QEvent* event) {
  if (event->type() == QEvent::Enter || event->type() == QEvent::Leave) update();
  return QAbstractButton::event(event);
}

void RecentRow::paintEvent(QPaintEvent* /*event*/) {
  QPainter painter(this);
  const Palette& colours = paletteOf(*this);
  if (underMouse() || isDown()) {
    painter.setRenderHint(QPainter::Antialiasing);
    drawBox(painter, QRectF(rect()), metrics::kControlRadius,
            isDown() ? colours.pressed : colours.hover);
    painter.setRenderHint(QPainter::Antialiasing, false);
  }
  paintMapStamp(painter, {4, 6, 36, 60}, entry_.cells, entry_.blocks, *this);
  const double left = 56;
  const double right = resume_ == nullptr ? 28 : resume_->width() + 12;
  const auto line = [&](double y, Weight weight, const QColor& colour, const QString& text,
                        double from) {
    painter.setFont(
        textFont(weight == Weight::Strong ? TextRole::Body : TextRole::Caption, weight));
    painter.setPen(colour);
    painter.drawText(QRectF(from, y, width() - from - right, 20), Qt::AlignLeft | Qt::AlignVCenter,
                     painter.fontMetrics().elidedText(text, Qt::ElideMiddle,
                                                      static_cast<int>(width() - from - right)));
  };
  line(6, Weight::Strong, colours.text, entry_.name, left);
  const double after = left + painter.fontMetrics().horizontalAdvance(entry_.name) + 10;
  line(6, Weight::Regular, colours.secondary, entry_.scheme, after);
  line(27, Weight::Regular, colours.secondary, stageText(), left);
  line(45, Weight::Regular, colours.secondary, entry_.detail, left);
  if (resume_ != nullptr) return;
  painter.drawPixmap(
      QPointF(width() - 22, 28),
      iconPixmap(IconName::ChevronRight, colours.secondary, 16, devicePixelRatioF()));
}

}  // namespace salient::ui
