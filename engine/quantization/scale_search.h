// SPDX-License-Identifier: Apache-2.0
#pragma once

// The search of α behind `search_scales`, with a sink per consumer and, for LossSite::BlockOutput,
// a loss of the whole group in place of the sum over its linears.

#include <functional>
#include <optional>

#include "engine/quantization/quantization.h"

namespace salient {

/// A loss that only the group as a whole has.
struct GroupLoss {
  std::function<double(std::span<const float> channel_scales)> loss;
  double signal = 0;  ///< what `loss` is relative to
};

struct SearchSinks {
  TrialSink on_group;
  std::function<void(std::size_t consumer, const AlphaTrial&)> on_consumer;
};

ScaleChoice search_scales(Backend& backend, const SearchProblem& problem, SearchEffort effort,
                          const std::stop_token& stop, const SearchSinks& sinks,
                          const GroupLoss* group_loss);

}  // namespace salient
