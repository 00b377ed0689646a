// SPDX-License-Identifier: Apache-2.0
#pragma once

// The table behind architecture.h, in parts: one source per generation of families.

#include <span>

#include "engine/checkpoint/architecture.h"

namespace salient::rows {

inline constexpr std::array kQueryKeyValue = {LinearRole::Query, LinearRole::Key,
                                              LinearRole::Value};
inline constexpr std::array kQueryKeyValueUp = {LinearRole::Query, LinearRole::Key,
                                                LinearRole::Value, LinearRole::Up};
inline constexpr std::array kOutput = {LinearRole::Output};
inline constexpr std::array kGateUp = {LinearRole::Gate, LinearRole::Up};
inline constexpr std::array kUp = {LinearRole::Up};
inline constexpr std::array kDown = {LinearRole::Down};

/// RMS norms, rotary positions, gated MLPs.
std::span<const Architecture> gated();
/// Layer norms, MLPs of two linears.
std::span<const Architecture> plain();
/// The forms of Falcon.
std::span<const Architecture> falcon();

}  // namespace salient::rows
