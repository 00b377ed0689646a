// SPDX-License-Identifier: Apache-2.0
#pragma once

// The one sentence under each view's title: claim first, live numbers between ** marks, computed
// from the values shown and never canned. Plain text otherwise; window, report and command line
// share it.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/quantization/quantization.h"
#include "engine/report/run_summary.h"

namespace salient {

/// "All **210** linears gained: **1.6×** less error at the median, **252×** at best."
std::string map_caption(std::span<const LinearReport> done, std::int64_t planned);
/// "**15** of 1 536 channels (top 1 %) carry **97 %** of the activation energy."
std::string channels_caption(std::int64_t salient, std::int64_t channels, double share,
                             double energy);
/// "In the MLP input of block 3, **15** of 1 536 channels …"
std::string input_caption(const InputEnergy& input);
/// "Plain rounding piles its error into the salient channels; AWQ takes channel 1095 from **0.73**
/// to **0.10**." The numbers are the largest |error|·magnitude of that input channel.
std::string weight_error_caption(std::int64_t channel, double rtn_error, double awq_error);
/// "α = **0.60** leaves **7.4 %** of the output error of plain rounding, **5.5 %** after clipping."
std::string scale_search_caption(const LinearReport& report);
/// "Salient weights now sit on a grid **3.1×** finer; the others pay with one **1.3×** coarser."
std::string step_ratio_caption(const StepStats& steps);
/// "**11** of 78 picks differ, first at token **17**."
std::string chat_caption(std::int64_t differing, std::int64_t places, std::int64_t first_place);

/// The same without the ** marks.
std::string without_marks(std::string_view caption);

}  // namespace salient
