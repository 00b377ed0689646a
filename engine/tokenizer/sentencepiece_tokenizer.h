// SPDX-License-Identifier: Apache-2.0
#pragma once

// Tokenizers that encode with the SentencePiece library: from a model file, and from the pieces
// that a GGUF file carries. Control tokens and user tokens of a GGUF are found here; the library
// sees only the text between them.

#include <memory>
#include <string>
#include <string_view>

#include "engine/tokenizer/tokenizer.h"
#include "engine/tokenizer/tokenizer_config.h"

namespace salient {

/// `bytes` is a tokenizer.model. Throws Error(BadInput) when its check fails.
std::unique_ptr<Tokenizer> make_sentencepiece_tokenizer(std::string_view bytes,
                                                        const TokenizerConfig& config,
                                                        std::int64_t embedding_rows);

/// `file` names the source in errors.
std::unique_ptr<Tokenizer> make_sentencepiece_tokenizer(const GgufVocabulary& vocabulary,
                                                        const std::string& file,
                                                        std::int64_t embedding_rows);

}  // namespace salient
