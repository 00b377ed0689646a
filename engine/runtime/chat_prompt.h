// SPDX-License-Identifier: Apache-2.0
#pragma once

// From a conversation to the ids a model reads: rendered by its chat template, or by plain lines
// when it has none. Control tokens come from the template alone; what a person typed stays text,
// even when it spells one.

#include <string>
#include <vector>

#include "engine/runtime/loaded_model.h"

namespace salient {

/// Throws Error(BadInput) when the model has no tokenizer or its template refuses the conversation.
std::vector<std::int32_t> chat_prompt_ids(const LoadedModel& model,
                                          const std::vector<ChatMessage>& messages);

}  // namespace salient
