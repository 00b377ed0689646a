// SPDX-License-Identifier: Apache-2.0
#include "ui/style/palette.h"

#include <QWidget>
#include <cmath>

namespace salient::ui {
namespace {

QColor hex(QRgb rgb) {
  return QColor::fromRgb(rgb);
}

Palette lightPalette() {
  return {
      .window = hex(0xF3F4F7),
      .surface = hex(0xFFFFFF),
      .raised = hex(0xFFFFFF),
      .sunken = hex(0xECEEF2),
      .hover = hex(0xE6E9EF),
      .pressed = hex(0xDADEE7),
      .hairline = hex(0xE1E4EA),
      .border = hex(0x838B99),
      .text = hex(0x171B22),
      .secondary = hex(0x4D5665),
      .disabled = hex(0x9BA3B0),
      .accent = hex(0x3655CD),
      .accentHover = hex(0x2A44BC),
      .accentPressed = hex(0x2137A6),
      .accentTint = hex(0xEBF0FF),
      .onAccent = hex(0xFFFFFF),
      .fp16 = hex(0x334152),
      .fp16Mid = hex(0x858D97),
      .fp16Tint = hex(0xDEE1E3),
      .awq = hex(0x3655CD),
      .awqMid = hex(0x7288DC),
      .awqTint = hex(0xD3DAF4),
      .rtn = hex(0x906402),
      .rtnMid = hex(0xAA883C),
      .positive = hex(0x107550),
      .positiveTint = hex(0xE4F7ED),
      .warning = hex(0xAA530A),
      .warningTint = hex(0xFFF1E4),
      .danger = hex(0xC12535),
      .dangerTint = hex(0xFFEDEC),
      .axis = hex(0x727B8A),
      .grid = hex(0xE9EBF0),
      .ghost = hex(0x838C9C),
  };
}

Palette darkPalette() {
  return {
      .window = hex(0x0F1217),
      .surface = hex(0x151920),
      .raised = hex(0x1D222B),
      .sunken = hex(0x0B0E12),
      .hover = hex(0x252B36),
      .pressed = hex(0x2F3643),
      .hairline = hex(0x262C37),
      .border = hex(0x6A7485),
      .text = hex(0xE8EBF0),
      .secondary = hex(0xA3ACBA),
      .disabled = hex(0x5C6574),
      .accent = hex(0x8FA5FA),
      .accentHover = hex(0xA3B7FE),
      .accentPressed = hex(0x7E95EF),
      .accentTint = hex(0x1D2441),
      .onAccent = hex(0x0F1217),
      .fp16 = hex(0xD0D8E4),
      .fp16Mid = hex(0x676D76),
      .fp16Tint = hex(0x3E434B),
      .awq = hex(0x8FA5FA),
      .awqMid = hex(0x5C6A9E),
      .awqTint = hex(0x3A4361),
      .rtn = hex(0xDCB05B),
      .rtnMid = hex(0x7E693F),
      .positive = hex(0x67CFA0),
      .positiveTint = hex(0x122D20),
      .warning = hex(0xF4A25C),
      .warningTint = hex(0x392310),
      .danger = hex(0xF77D80),
      .dangerTint = hex(0x421B1C),
      .axis = hex(0x7C8696),
      .grid = hex(0x232933),
      .ghost = hex(0x78828F),
  };
}

double linearChannel(double value) {
  return value <= 0.04045 ? value / 12.92 : std::pow((value + 0.055) / 1.055, 2.4);
}

double luminance(const QColor& colour) {
  return 0.2126 * linearChannel(colour.redF()) + 0.7152 * linearChannel(colour.greenF()) +
         0.0722 * linearChannel(colour.blueF());
}

}  // namespace

const Palette& themePalette(Theme theme) {
  static const Palette light = lightPalette();
  static const Palette dark = darkPalette();
  return theme == Theme::Dark ? dark : light;
}

Theme themeOf(const QPalette& qtColours) {
  return qtColours.color(QPalette::Window).lightness() < 128 ? Theme::Dark : Theme::Light;
}

Theme themeOf(const QWidget& widget) {
  return themeOf(widget.palette());
}

const Palette& paletteOf(const QWidget& widget) {
  return themePalette(themeOf(widget));
}

QPalette qtPalette(Theme theme) {
  const Palette& p = themePalette(theme);
  QPalette result;
  const auto set = [&result](QPalette::ColorRole role, const QColor& colour) {
    result.setColor(QPalette::All, role, colour);
  };
  set(QPalette::Window, p.window);
  set(QPalette::WindowText, p.text);
  set(QPalette::Base, p.surface);
  set(QPalette::AlternateBase, p.window);
  set(QPalette::Text, p.text);
  set(QPalette::BrightText, p.onAccent);
  set(QPalette::Button, p.sunken);
  set(QPalette::ButtonText, p.text);
  set(QPalette::Highlight, p.accent);
  set(QPalette::HighlightedText, p.onAccent);
  set(QPalette::PlaceholderText, p.secondary);
  set(QPalette::Link, p.accent);
  set(QPalette::LinkVisited, p.accent);
  set(QPalette::ToolTipBase, p.raised);
  set(QPalette::ToolTipText, p.text);
  set(QPalette::Light, p.raised);
  set(QPalette::Midlight, p.hover);
  set(QPalette::Mid, p.border);
  set(QPalette::Dark, p.border);
  set(QPalette::Shadow, p.hairline);
  for (const auto role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText}) {
    result.setColor(QPalette::Disabled, role, p.disabled);
  }
  return result;
}

double contrastRatio(const QColor& first, const QColor& second) {
  const double a = luminance(first) + 0.05;
  const double b = luminance(second) + 0.05;
  return a > b ? a / b : b / a;
}

}  // namespace salient::ui
