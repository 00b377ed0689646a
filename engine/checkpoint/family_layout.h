// SPDX-License-Identifier: Apache-2.0
#pragma once

// From the tensors that the files of a family hold to those that are used: names with the prefix
// of the row, one tensor per linear, [out, in]. Nothing is read; each tensor learns which rows of
// the stored one it is made of.

#include <string>
#include <vector>

#include "engine/checkpoint/architecture.h"
#include "engine/checkpoint/tensor_reader.h"

namespace salient {

/// Gives tensors the prefix that the row's names have, where the files have another or none.
void take_prefix(const Architecture& row, std::vector<StoredTensor>& tensors);

/// Replaces fused tensors by their parts and turns those that are stored [in, out]. `file` for
/// sentences; Error(BadInput) for a fused tensor of another shape than the config asks. Sorted by
/// name, as given.
void split_fused(const ModelConfig& config, const std::string& file,
                 std::vector<StoredTensor>& tensors);

}  // namespace salient
