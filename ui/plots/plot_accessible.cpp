// SPDX-License-Identifier: Apache-2.0
#include "ui/plots/plot_accessible.h"

#include <QAccessibleWidget>

#include "ui/plots/plot_widget.h"
#include "ui/style/caption_label.h"

namespace salient::ui {
namespace {

class PlotAccessible : public QAccessibleWidget, public QAccessibleValueInterface {
 public:
  explicit PlotAccessible(PlotWidget* plot) : QAccessibleWidget(plot, QAccessible::Chart) {}

  QString text(QAccessible::Text kind) const override {
    if (kind == QAccessible::Description) return plot().summaryText();
    if (kind == QAccessible::Value) return withoutMarks(plot().readoutText());
    return QAccessibleWidget::text(kind);
  }

  void* interface_cast(QAccessible::InterfaceType type) override {
    if (type == QAccessible::ValueInterface) return static_cast<QAccessibleValueInterface*>(this);
    return QAccessibleWidget::interface_cast(type);
  }

  // The value is the number under the cursor; moving the cursor is the plot's arrow keys.
  QVariant currentValue() const override { return plot().cursorValue(); }
  void setCurrentValue(const QVariant& key) override {
    plot().setCursorCell(QPoint(key.toInt(), plot().cursor().value_or(QPoint()).y()));
  }
  QVariant maximumValue() const override { return {}; }
  QVariant minimumValue() const override { return {}; }
  QVariant minimumStepSize() const override { return 1; }

 private:
  PlotWidget& plot() const { return *static_cast<PlotWidget*>(widget()); }
};

QAccessibleInterface* makePlotAccessible(const QString&, QObject* object) {
  auto* plot = qobject_cast<PlotWidget*>(object);
  return plot == nullptr ? nullptr : new PlotAccessible(plot);
}

}  // namespace

void installPlotAccessibility() {
  static const bool installed = [] {
    QAccessible::installFactory(makePlotAccessible);
    return true;
  }();
  Q_UNUSED(installed);
}

}  // namespace salient::ui
