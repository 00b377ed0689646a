// SPDX-License-Identifier: Apache-2.0
// Tool tips have no text format of their own: Qt guesses, and a path with a tag in it would be laid
// out as rich text (and could name a picture to load).
#pragma once

#include <QString>

namespace salient::ui {

// The same words, never markup: for every tool tip that holds a path, a name or other foreign text.
QString plainToolTip(const QString& text);

}  // namespace salient::ui
