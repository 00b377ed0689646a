// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace salient::kernels::cpu {

/// Element types of dense weights.
enum class Number { F32, F16, BF16 };

}  // namespace salient::kernels::cpu
