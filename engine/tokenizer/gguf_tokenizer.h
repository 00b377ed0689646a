// SPDX-License-Identifier: Apache-2.0
#pragma once

// A tokenizer from the vocabulary inside a GGUF file: byte-level BPE ("gpt2") or SentencePiece
// pieces ("llama"). Throws Error(BadInput) for contradictions, Error(Unsupported) for other models.

#include <memory>
#include <string>

#include "engine/tokenizer/bpe_tokenizer.h"
#include "engine/tokenizer/tokenizer.h"

namespace salient {

/// `file` names the source in errors and warnings; `embedding_rows` 0: unknown.
std::unique_ptr<Tokenizer> load_gguf_tokenizer(const GgufVocabulary& vocabulary,
                                               const std::string& file, std::int64_t embedding_rows,
                                               const std::stop_token& stop = {});

}  // namespace salient
