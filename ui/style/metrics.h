// SPDX-License-Identifier: Apache-2.0
// Spacing, radii and line widths of the design, in device-independent pixels on a 4 px grid.
#pragma once

namespace salient::ui::metrics {

inline constexpr int kGrid = 4;
inline constexpr int kViewPadding = 16;
inline constexpr int kTitleRow = 20;
inline constexpr int kCaptionLine = 17;
inline constexpr int kPlotGap = 8;

inline constexpr int kHeaderBar = 36;
inline constexpr int kKnobBar = 44;
inline constexpr int kJobBar = 28;

inline constexpr int kControlHeight = 28;
inline constexpr int kTitleControlHeight = 24;
inline constexpr int kPageControlHeight = 32;
inline constexpr int kListRow = 36;

inline constexpr double kControlRadius = 6;
inline constexpr double kSegmentRadius = 4;
inline constexpr double kCardRadius = 10;
inline constexpr double kCellRadius = 2;

inline constexpr double kHairline = 1;
inline constexpr double kCurve = 2;
inline constexpr double kGhost = 1.25;
inline constexpr double kBaseline = 1.5;
inline constexpr double kFocusRing = 2;
inline constexpr int kFocusGap = 2;

// The shared left and right margins of Channels and Weight error: one channel axis for both.
inline constexpr int kChannelAxisLeft = 36;
inline constexpr int kChannelAxisRight = 14;

}  // namespace salient::ui::metrics
