// SPDX-License-Identifier: Apache-2.0
#pragma once

// One model that another program has downloaded, read as far as its headers: can it be quantized
// here? Engine thread only.

#include "engine/checkpoint/hugging_face_cache.h"
#include "ui/bridge/messages.h"

namespace salient::ui {

/// Headers and plan; a refusal becomes the verdict's sentence. Never throws Error.
CachedModelFound inspectCached(const Backend& backend, const CachedModel& model);

}  // namespace salient::ui
