// SPDX-License-Identifier: Apache-2.0
#include "engine/tokenizer/gguf_tokenizer.h"
#include "engine/tokenizer/tokenizer.h"
#include "engine/tokenizer/tokenizer_folder.h"

namespace salient {

bool has_tokenizer(const TokenizerSource& source) {
  if (source.gguf) return !source.gguf->tokens.empty();
  return !source.folder.empty() && folder_has_tokenizer(source.folder);
}

std::unique_ptr<Tokenizer> load_tokenizer(const TokenizerSource& source,
                                          const std::stop_token& stop) {
  if (source.gguf) return load_gguf_tokenizer(*source.gguf, "GGUF", source.vocab_rows, stop);
  return load_folder_tokenizer(source.folder, source.vocab_rows, stop);
}

}  // namespace salient
