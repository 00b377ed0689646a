// SPDX-License-Identifier: Apache-2.0
#pragma once

// Whether a format has words for a model at all, known before any work on it.

#include "engine/export/export.h"

namespace salient {

/// Error(Unsupported) when `format` cannot hold the model of `source`: its family, its positions or
/// its vocabulary. Reads tokenizer files.
void check_source(ExportFormat format, const Checkpoint& source);

}  // namespace salient
