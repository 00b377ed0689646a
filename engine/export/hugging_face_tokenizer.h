// SPDX-License-Identifier: Apache-2.0
#pragma once

// The Hugging Face files that stand for the vocabulary inside a GGUF: tokenizer.json,
// tokenizer_config.json, special_tokens_map.json and generation_config.json, so that transformers
// loads an export of it. Byte-level BPE of the pre-tokenizers in `kNamedPreTokenizers`, and
// SentencePiece vocabularies as BPE with byte fallback.

#include <map>
#include <string>

#include "engine/checkpoint/checkpoint.h"

namespace salient {

/// File name to text. Error(Unsupported) naming the pre-tokenizer or vocabulary kind that is not
/// known.
std::map<std::string, std::string> hugging_face_tokenizer_files(const Checkpoint& source);

}  // namespace salient
