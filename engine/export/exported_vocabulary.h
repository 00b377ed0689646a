// SPDX-License-Identifier: Apache-2.0
#pragma once

// The vocabulary of any source as a GGUF carries it: its own, or what llama.cpp's converter would
// make of tokenizer.model or tokenizer.json.

#include "engine/checkpoint/checkpoint.h"

namespace salient {

/// One token for every row of the embedding. Error(Unsupported) when GGUF has no words for the
/// tokenizer, Error(BadInput) when there is none.
GgufVocabulary exported_vocabulary(const Checkpoint& source);

}  // namespace salient
