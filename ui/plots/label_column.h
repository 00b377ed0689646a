// SPDX-License-Identifier: Apache-2.0
// Names at the right end of curves, moved apart so that none covers another.
#pragma once

#include <vector>

namespace salient::ui {

// Wanted centres in any order to centres at least distance apart and inside [top, bottom] as far
// as that fits; order on screen is kept, and nobody moves who need not.
std::vector<double> spreadLabels(const std::vector<double>& wanted, double distance, double top,
                                 double bottom);

}  // namespace salient::ui
