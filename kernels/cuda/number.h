// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace salient::kernels::cuda {

/// The element type of a dense matrix.
enum class Number { F32, F16, BF16 };

}  // namespace salient::kernels::cuda
