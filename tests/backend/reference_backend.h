// SPDX-License-Identifier: Apache-2.0
#pragma once

// The oracle of the backend tests: every operation of `Backend` as the shortest loop that says what
// it means, in float64 between float32 inputs and outputs. Slow on purpose; it is also a device for
// the tests of the rooms above on tiny models.

#include <memory>

#include "engine/backend/backend.h"

namespace salient::tests {

std::unique_ptr<Backend> make_reference_backend();

}  // namespace salient::tests
