// SPDX-License-Identifier: Apache-2.0
#include "ui/style/segmented_control.h"

#include <QButtonGroup>
#include <QEvent>
#include <QHBoxLayout>
#include <QPainter>
#include <QRadioButton>
#include <algorithm>

#include "ui/style/metrics.h"
#include "ui/style/motion.h"
#include "ui/style/palette.h"
#include "ui/style/style_painting.h"
#include "ui/style/typography.h"

namespace salient::ui {
namespace {

constexpr int kInset = 2;
constexpr int kMinimumPadded = 32;  // at the usual padding
constexpr int kUsualPadding = 11;

class Segment : public QRadioButton {
 public:
  Segment(const QString& text, int padding, QWidget* parent)
      : QRadioButton(text, parent), padding_(padding) {}

  void setPadding(int padding) {
    padding_ = padding;
    updateGeometry();
  }

  QSize sizeHint() const override {
    QFont strong = font();
    strong.setWeight(QFont::DemiBold);
    const int text = static_cast<int>(std::ceil(figuresWidth(strong, QRadioButton::text())));
    const int least = kMinimumPadded - 2 * (kUsualPadding - padding_);
    return {std::max(least, text + 2 * padding_), 20};
  }
  QSize minimumSizeHint() const override { return sizeHint(); }

 protected:
  bool hitButton(const QPoint& position) const override { return rect().contains(position); }

  void paintEvent(QPaintEvent*) override {
    const Palette& p = paletteOf(*this);
    QPainter painter(this);
    QFont words = font();
    if (isChecked()) {
      const QColor fill = themeOf(*this) == Theme::Dark ? p.pressed : p.surface;
      drawBox(painter, rect(), metrics::kSegmentRadius, fill, p.border);
      words.setWeight(QFont::DemiBold);
    } else if (isEnabled()) {
      QColor fill = isDown() ? p.pressed : p.hover;
      if (!isDown()) fill.setAlphaF(static_cast<float>(hoverShare(this, underMouse())));
      drawBox(painter, rect(), metrics::kSegmentRadius, fill);
    }
    painter.setFont(words);
    painter.setPen(!isEnabled() ? p.disabled : isChecked() ? p.text : p.secondary);
    drawFigures(painter, rect(), Qt::AlignHCenter | Qt::AlignVCenter, text());
  }

 private:
  int padding_;
};

}  // namespace

SegmentedControl::SegmentedControl(const QStringList& labels, QWidget* parent)
    : QWidget(parent), group_(new QButtonGroup(this)) {
  auto* row = new QHBoxLayout(this);
  row->setContentsMargins(kInset, kInset, kInset, kInset);
  row->setSpacing(0);
  setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
  setControlHeight(metrics::kControlHeight);
  connect(group_, &QButtonGroup::idToggled, this, [this](int index, bool checked) {
    if (checked) Q_EMIT currentChanged(index);
  });
  connect(group_, &QButtonGroup::idClicked, this, &SegmentedControl::activated);
  setSegments(labels);
}

void SegmentedControl::setSegments(const QStringList& labels) {
  const int kept = std::clamp(currentIndex(), 0, std::max(0, static_cast<int>(labels.size()) - 1));
  for (QRadioButton* old : segments_) delete old;
  segments_.clear();
  for (const QString& label : labels) {
    auto* segment = new Segment(label, textPadding_, this);
    segment->setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Expanding);
    segment->setAttribute(Qt::WA_Hover);
    layout()->addWidget(segment);
    group_->addButton(segment, count());
    segments_.push_back(segment);
  }
  nameSegments();
  setCurrentIndex(kept);
}

QString SegmentedControl::text(int index) const {
  return segments_.at(static_cast<std::size_t>(index))->text();
}

int SegmentedControl::currentIndex() const {
  return group_->checkedId();
}

void SegmentedControl::setCurrentIndex(int index) {
  if (index < 0 || index >= count()) return;
  segments_[static_cast<std::size_t>(index)]->setChecked(true);
}

void SegmentedControl::setSegmentEnabled(int index, bool enabled) {
  segments_.at(static_cast<std::size_t>(index))->setEnabled(enabled);
}

void SegmentedControl::setSegmentToolTip(int index, const QString& text) {
  segments_.at(static_cast<std::size_t>(index))->setToolTip(text);
}

void SegmentedControl::setControlHeight(int height) {
  setFixedHeight(height);
}

void SegmentedControl::setTextPadding(int padding) {
  if (padding == textPadding_) return;
  textPadding_ = padding;
  for (QRadioButton* segment : segments_) static_cast<Segment*>(segment)->setPadding(padding);
}

void SegmentedControl::nameSegments() {
  for (QRadioButton* segment : segments_) {
    const QString group = accessibleName();
    const QString name = group.isEmpty() ? segment->text() : group + u' ' + segment->text();
    segment->setAccessibleName(name);
  }
}

// The group's name is usually given after construction; nobody hears it before the first show.
void SegmentedControl::showEvent(QShowEvent* event) {
  nameSegments();
  QWidget::showEvent(event);
}

void SegmentedControl::changeEvent(QEvent* event) {
  if (event->type() == QEvent::FontChange) updateGeometry();
  QWidget::changeEvent(event);
}

void SegmentedControl::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  drawBox(painter, rect(), metrics::kControlRadius, paletteOf(*this).sunken);
}

}  // namespace salient::ui
