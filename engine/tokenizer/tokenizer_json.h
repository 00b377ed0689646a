// SPDX-License-Identifier: Apache-2.0
#pragma once

// Hugging Face's tokenizer.json to the parts of a BPE tokenizer. Every step of its pipeline that we
// do not know is refused by name: a tokenizer that is nearly right is wrong.

#include "engine/tokenizer/bpe_tokenizer.h"
#include "engine/tokenizer/json_reading.h"

namespace salient {

/// BOS and EOS come from tokenizer_config.json and are left empty. Throws Error(BadInput) or
/// Error(Unsupported), and Error(Cancelled) soon after a request to stop.
BpeParts read_tokenizer_json(const JsonPlace& root, const std::stop_token& stop = {});

/// The single parts, each with its own "type" (in tokenizer_json_steps.cpp).
void read_normalizer(const JsonPlace& place, Normalizer& normalizer);
/// Returns whether a step is "ByteLevel", which decides how the vocabulary is spelled.
bool read_pre_tokenizer(const JsonPlace& place, PreTokenizer& pre_tokenizer);
void read_post_processor(const JsonPlace& place, BpeParts& parts);
void read_decoder(const JsonPlace& place, BpeParts& parts);

}  // namespace salient
