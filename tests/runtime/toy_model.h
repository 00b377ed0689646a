// SPDX-License-Identifier: Apache-2.0
#pragma once

// The bundled toy in memory, once as FP16 and once with its head rounded to 8 bits, so that two
// models that differ a little can be held against each other.

#include <memory>

#include "engine/runtime/loaded_model.h"

namespace salient::tests {

Backend& cpu_backend();
std::shared_ptr<const LoadedModel> toy();
std::shared_ptr<const LoadedModel> toy_with_8_bit_head();

}  // namespace salient::tests
