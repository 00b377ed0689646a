// SPDX-License-Identifier: Apache-2.0
#pragma once

// A checkpoint that is a config and a seed: every tensor is made when it is read, from its name, so
// that speed at real sizes can be measured without a download. Weights are near normal with the
// deviation 0.5 / sqrt(in_features); norm weights are 1 but for a few channels that are 12 times as
// loud: planted salient channels.

#include <cstdint>
#include <filesystem>
#include <memory>

#include "engine/checkpoint/checkpoint.h"

namespace salient {

/// `config` is a config.json; `num_layers` replaces its number of blocks unless 0, to measure a few
/// blocks of a model that is too large to be made whole. Throws what reading a config throws.
std::unique_ptr<Checkpoint> make_synthetic_checkpoint(const std::filesystem::path& config,
                                                      std::uint64_t seed,
                                                      std::int64_t num_layers = 0);

}  // namespace salient
