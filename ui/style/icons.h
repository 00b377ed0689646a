// SPDX-License-Identifier: Apache-2.0
// The program's own 16 px icons (resources/icons, stroke 1.5), coloured from the palette when they
// are painted, so that an icon set once follows every theme change.
#pragma once

#include <QColor>
#include <QIcon>
#include <QPixmap>

namespace salient::ui {

enum class IconName {
  Check,
  ChevronDown,
  ChevronRight,
  Clock,
  Close,
  Copy,
  Cross,
  Disk,
  Drop,
  Export,
  Folder,
  Help,
  Info,
  Log,
  Mark,  // the program's five bars, the middle one in accent
  Memory,
  Model,
  Moon,
  More,
  Pause,
  Pin,
  Play,
  Redo,
  Refresh,
  Resume,
  Search,
  Stop,
  Sun,
  Table,
  Undo,
  Warning,
};

enum class IconTone { Text, Secondary, Accent, OnAccent, Positive, Warning, Danger };

// Follows QApplication::palette() at paint time; disabled buttons get the disabled text colour.
QIcon paletteIcon(IconName name, IconTone tone = IconTone::Secondary);

// A fixed colour, for painting by hand.
QIcon paletteIcon(IconName name, const QColor& colour);
QPixmap iconPixmap(IconName name, const QColor& colour, int size, double devicePixelRatio);

}  // namespace salient::ui
