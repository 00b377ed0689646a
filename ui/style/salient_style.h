// SPDX-License-Identifier: Apache-2.0
// Fusion with the design's controls drawn over it: fields, buttons, combos, check marks, scroll
// bars, menus, the focus ring. Colours come from paletteOf(widget), so one style serves both
// themes.
//
// Dynamic properties a widget may carry:
//   "accent"  true   the one filled button of the page (see AccentButton)
//   "controlHeight"  int    another control height than 28, for example
//   metrics::kTitleControlHeight "prefix"  text   on a QComboBox: a secondary word before the value
//   ("Preset")
#pragma once

#include <QProxyStyle>

class QStyleOptionMenuItem;

namespace salient::ui {

class SalientStyle : public QProxyStyle {
  Q_OBJECT

 public:
  SalientStyle();

  int pixelMetric(PixelMetric metric, const QStyleOption* option,
                  const QWidget* widget) const override;
  int styleHint(StyleHint hint, const QStyleOption* option, const QWidget* widget,
                QStyleHintReturn* returnData) const override;
  QSize sizeFromContents(ContentsType type, const QStyleOption* option, const QSize& contents,
                         const QWidget* widget) const override;
  QRect subElementRect(SubElement element, const QStyleOption* option,
                       const QWidget* widget) const override;
  QRect subControlRect(ComplexControl control, const QStyleOptionComplex* option,
                       SubControl subControl, const QWidget* widget) const override;
  void drawPrimitive(PrimitiveElement element, const QStyleOption* option, QPainter* painter,
                     const QWidget* widget) const override;
  void drawControl(ControlElement element, const QStyleOption* option, QPainter* painter,
                   const QWidget* widget) const override;
  void drawComplexControl(ComplexControl control, const QStyleOptionComplex* option,
                          QPainter* painter, const QWidget* widget) const override;

 private:
  // Answer whether they drew the element.
  bool drawViewControl(ControlElement element, const QStyleOption* option, QPainter* painter,
                       const QWidget* widget) const;
  bool drawMenuControl(ControlElement element, const QStyleOptionMenuItem& item, QPainter* painter,
                       const QWidget* widget) const;
};

}  // namespace salient::ui
