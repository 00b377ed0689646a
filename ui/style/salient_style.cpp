// SPDX-License-Identifier: Apache-2.0
#include "ui/style/salient_style.h"

#include <QAbstractItemView>
#include <QComboBox>
#include <QLineEdit>
#include <QPainter>
#include <QStyleFactory>
#include <QStyleOption>
#include <QWidget>
#include <algorithm>

#include "ui/style/metrics.h"
#include "ui/style/palette.h"
#include "ui/style/style_painting.h"
#include "ui/style/style_views.h"
#include "ui/style/typography.h"

namespace salient::ui {
namespace {

constexpr int kIndicator = 16;
constexpr int kButtonPadding = 14;
constexpr int kScrollBar = 10;

int controlHeight(const QWidget* widget) {
  const QVariant asked = widget == nullptr ? QVariant() : widget->property("controlHeight");
  return asked.isValid() ? asked.toInt() : metrics::kControlHeight;
}

const Palette& coloursOf(const QStyleOption& option) {
  return themePalette(themeOf(option.palette));
}

void drawFocusFrame(QPainter& painter, const QStyleOption& option) {
  const double radius = metrics::kControlRadius + metrics::kFocusGap;
  drawBox(painter, option.rect, radius, {}, coloursOf(option).accent, metrics::kFocusRing);
}

}  // namespace

SalientStyle::SalientStyle() : QProxyStyle(QStyleFactory::create(QStringLiteral("Fusion"))) {}

int SalientStyle::pixelMetric(PixelMetric metric, const QStyleOption* option,
                              const QWidget* widget) const {
  switch (metric) {
    case PM_FocusFrameHMargin:
    case PM_FocusFrameVMargin:
      return metrics::kFocusGap + static_cast<int>(metrics::kFocusRing);
    case PM_IndicatorWidth:
    case PM_IndicatorHeight:
    case PM_ExclusiveIndicatorWidth:
    case PM_ExclusiveIndicatorHeight:
      return kIndicator;
    case PM_CheckBoxLabelSpacing:
    case PM_RadioButtonLabelSpacing:
      return 7;
    case PM_ScrollBarExtent:
      return kScrollBar;
    case PM_ScrollBarSliderMin:
      return 24;
    case PM_ButtonShiftHorizontal:
    case PM_ButtonShiftVertical:
      return 0;
    case PM_DockWidgetSeparatorExtent:
    case PM_SplitterWidth:
      return 1;
    case PM_SmallIconSize:
    case PM_ButtonIconSize:
      return 16;
    case PM_ToolBarItemSpacing:
      return metrics::kGrid;
    default:
      return QProxyStyle::pixelMetric(metric, option, widget);
  }
}

int SalientStyle::styleHint(StyleHint hint, const QStyleOption* option, const QWidget* widget,
                            QStyleHintReturn* returnData) const {
  switch (hint) {
    case SH_EtchDisabledText:
    case SH_UnderlineShortcut:
    case SH_ComboBox_Popup:
    case SH_Widget_Animate:
    case SH_Widget_Animation_Duration:
      return 0;
    case SH_ScrollBar_ContextMenu:
      return 1;
    case SH_Table_GridLineColor:
      if (option == nullptr) break;
      return static_cast<int>(coloursOf(*option).hairline.rgb());
    default:
      break;
  }
  return QProxyStyle::styleHint(hint, option, widget, returnData);
}

QSize SalientStyle::sizeFromContents(ContentsType type, const QStyleOption* option,
                                     const QSize& contents, const QWidget* widget) const {
  QSize size = QProxyStyle::sizeFromContents(type, option, contents, widget);
  switch (type) {
    case CT_PushButton:
      if (const auto* button = qstyleoption_cast<const QStyleOptionButton*>(option)) {
        size.setWidth(style_painting::pushButtonContentWidth(*button, widget) + 2 * kButtonPadding);
      }
      size.setHeight(std::max(controlHeight(widget), contents.height()));
      return size;
    case CT_ComboBox: {
      const QString prefix = style_painting::comboPrefix(widget);
      int width = contents.width() + (style_painting::isFlat(widget) ? 32 : 38);
      if (!prefix.isEmpty() && widget != nullptr) {
        width += widget->fontMetrics().horizontalAdvance(prefix) + 8;
      }
      return {width, std::max(controlHeight(widget), contents.height())};
    }
    case CT_LineEdit:
    case CT_SpinBox:
      size.setHeight(std::max(controlHeight(widget), contents.height()));
      return size;
    case CT_ToolButton:
      size.setHeight(controlHeight(widget));
      size.setWidth(std::max(size.width(), size.height()));
      return size;
    case CT_MenuItem:
      size.setHeight(size.height() + metrics::kGrid);
      return size;
    default:
      return size;
  }
}

QRect SalientStyle::subElementRect(SubElement element, const QStyleOption* option,
                                   const QWidget* widget) const {
  QRect rect = QProxyStyle::subElementRect(element, option, widget);
  if (element == SE_LineEditContents) return rect.adjusted(6, 0, -6, 0);
  return rect;
}

QRect SalientStyle::subControlRect(ComplexControl control, const QStyleOptionComplex* option,
                                   SubControl subControl, const QWidget* widget) const {
  const auto* bar = qstyleoption_cast<const QStyleOptionSlider*>(option);
  if (control != CC_ScrollBar || bar == nullptr) {
    return QProxyStyle::subControlRect(control, option, subControl, widget);
  }
  // No arrow buttons: the groove is the whole bar.
  const QRect all = bar->rect;
  const bool level = bar->orientation == Qt::Horizontal;
  const int extent = level ? all.width() : all.height();
  const int range = bar->maximum - bar->minimum;
  const int whole = range + bar->pageStep;
  const int asked = whole > 0 ? static_cast<int>(qint64{extent} * bar->pageStep / whole) : extent;
  const int length = std::clamp(asked, std::min(24, extent), extent);
  const int start = sliderPositionFromValue(bar->minimum, bar->maximum, bar->sliderPosition,
                                            extent - length, bar->upsideDown);
  const auto part = [&](int from, int size) {
    return level ? QRect(all.left() + from, all.top(), size, all.height())
                 : QRect(all.left(), all.top() + from, all.width(), size);
  };
  switch (subControl) {
    case SC_ScrollBarGroove:
      return all;
    case SC_ScrollBarSlider:
      return part(start, length);
    case SC_ScrollBarSubPage:
      return part(0, start);
    case SC_ScrollBarAddPage:
      return part(start + length, extent - start - length);
    default:
      return {};
  }
}

void SalientStyle::drawPrimitive(PrimitiveElement element, const QStyleOption* option,
                                 QPainter* painter, const QWidget* widget) const {
  switch (element) {
    case PE_FrameFocusRect:  // the focus ring stands outside the widget
      return;
    case PE_IndicatorCheckBox:
      return style_painting::checkIndicator(*painter, *option, widget);
    case PE_IndicatorRadioButton:
      return style_painting::radioIndicator(*painter, *option, widget);
    case PE_PanelLineEdit:
      if (const auto* frame = qstyleoption_cast<const QStyleOptionFrame*>(option);
          frame != nullptr && frame->lineWidth > 0) {
        style_painting::lineEditFrame(*painter, *option, widget);
      }
      return;
    case PE_PanelButtonTool:
      return style_painting::toolButtonBevel(*painter, *option, widget);
    case PE_Frame:
      return style_views::frame(*painter, *option);
    case PE_FrameTabWidget:
    case PE_FrameTabBarBase:
      return;
    case PE_PanelMenu:
      return drawBox(*painter, option->rect, 0, coloursOf(*option).raised,
                     coloursOf(*option).hairline);
    case PE_PanelTipLabel:
      return drawBox(*painter, option->rect, 0, coloursOf(*option).raised,
                     coloursOf(*option).border);
    case PE_FrameMenu:
      return drawBox(*painter, option->rect, 0, {}, coloursOf(*option).hairline);
    case PE_IndicatorDockWidgetResizeHandle:
      painter->fillRect(option->rect, coloursOf(*option).hairline);
      return;
    default:
      return QProxyStyle::drawPrimitive(element, option, painter, widget);
  }
}

void SalientStyle::drawControl(ControlElement element, const QStyleOption* option,
                               QPainter* painter, const QWidget* widget) const {
  const auto* button = qstyleoption_cast<const QStyleOptionButton*>(option);
  const auto* combo = qstyleoption_cast<const QStyleOptionComboBox*>(option);
  switch (element) {
    case CE_PushButtonBevel:
      if (button != nullptr) return style_painting::pushButtonBevel(*painter, *button, widget);
      break;
    case CE_PushButtonLabel:
      if (button != nullptr) return style_painting::pushButtonLabel(*painter, *button, widget);
      break;
    case CE_ComboBoxLabel:
      if (combo != nullptr) return style_painting::comboLabel(*painter, *combo, widget);
      break;
    case CE_FocusFrame:
      return drawFocusFrame(*painter, *option);
    case CE_Splitter:
      painter->fillRect(option->rect, coloursOf(*option).hairline);
      return;
    case CE_MenuBarEmptyArea:
      painter->fillRect(option->rect, coloursOf(*option).window);
      return;
    default:
      break;
  }
  if (!drawViewControl(element, option, painter, widget)) {
    QProxyStyle::drawControl(element, option, painter, widget);
  }
}

bool SalientStyle::drawViewControl(ControlElement element, const QStyleOption* option,
                                   QPainter* painter, const QWidget* widget) const {
  if (element == CE_HeaderSection || element == CE_HeaderEmptyArea) {
    style_views::headerSection(*painter, *option);
    return true;
  }
  if (const auto* header = qstyleoption_cast<const QStyleOptionHeader*>(option);
      header != nullptr && element == CE_HeaderLabel) {
    style_views::headerLabel(*painter, *header, widget);
    return true;
  }
  if (const auto* frame = qstyleoption_cast<const QStyleOptionFrame*>(option);
      frame != nullptr && element == CE_ShapedFrame) {
    return style_views::separatorFrame(*painter, *frame);
  }
  if (const auto* tab = qstyleoption_cast<const QStyleOptionTab*>(option);
      tab != nullptr && element == CE_TabBarTabShape) {
    style_views::tabShape(*painter, *tab);
    return true;
  }
  if (const auto* item = qstyleoption_cast<const QStyleOptionViewItem*>(option);
      item != nullptr && element == CE_ItemViewItem) {
    QStyleOptionViewItem quiet(*item);
    quiet.palette = style_views::quietSelection(item->palette);
    QProxyStyle::drawControl(element, &quiet, painter, widget);
    return true;
  }
  if (const auto* menu = qstyleoption_cast<const QStyleOptionMenuItem*>(option)) {
    return drawMenuControl(element, *menu, painter, widget);
  }
  return false;
}

bool SalientStyle::drawMenuControl(ControlElement element, const QStyleOptionMenuItem& item,
                                   QPainter* painter, const QWidget* widget) const {
  if (element == CE_MenuBarItem) {
    style_views::menuBarItem(*painter, item);
    return true;
  }
  if (element != CE_MenuItem) return false;
  if (item.menuItemType == QStyleOptionMenuItem::Separator && item.text.isEmpty()) {
    style_views::menuSeparator(*painter, item);
    return true;
  }
  QStyleOptionMenuItem quiet(item);
  quiet.palette = style_views::quietSelection(item.palette);
  QProxyStyle::drawControl(element, &quiet, painter, widget);
  return true;
}

void SalientStyle::drawComplexControl(ComplexControl control, const QStyleOptionComplex* option,
                                      QPainter* painter, const QWidget* widget) const {
  if (control == CC_ComboBox) {
    if (const auto* combo = qstyleoption_cast<const QStyleOptionComboBox*>(option)) {
      return style_painting::comboFrame(*painter, *combo, widget);
    }
  }
  if (control == CC_ToolButton) {
    if (const auto* button = qstyleoption_cast<const QStyleOptionToolButton*>(option)) {
      // The ⋯ of a view says "menu" by itself; no second arrow in its corner.
      QStyleOptionToolButton plain(*button);
      plain.features &= ~QStyleOptionToolButton::ToolButtonFeatures(
          QStyleOptionToolButton::HasMenu | QStyleOptionToolButton::Menu);
      return QProxyStyle::drawComplexControl(control, &plain, painter, widget);
    }
  }
  if (control == CC_SpinBox) {
    if (const auto* spin = qstyleoption_cast<const QStyleOptionSpinBox*>(option)) {
      return style_views::spinBox(*painter, *spin,
                                  subControlRect(control, option, SC_SpinBoxUp, widget),
                                  subControlRect(control, option, SC_SpinBoxDown, widget));
    }
  }
  if (control == CC_Slider) {
    if (const auto* slider = qstyleoption_cast<const QStyleOptionSlider*>(option)) {
      return style_views::slider(*painter, *slider,
                                 subControlRect(control, option, SC_SliderGroove, widget),
                                 subControlRect(control, option, SC_SliderHandle, widget));
    }
  }
  if (control == CC_ScrollBar) {
    if (const auto* bar = qstyleoption_cast<const QStyleOptionSlider*>(option)) {
      const QRect slider = subControlRect(CC_ScrollBar, option, SC_ScrollBarSlider, widget);
      return style_painting::scrollBar(*painter, *bar, slider, widget);
    }
  }
  QProxyStyle::drawComplexControl(control, option, painter, widget);
}

}  // namespace salient::ui
