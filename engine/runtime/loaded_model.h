// SPDX-License-Identifier: Apache-2.0
#pragma once

// A model in memory with everything chat and evaluation need: weights, tokenizer, template, stop
// tokens. Immutable and shared after loading.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/model/decoder.h"
#include "engine/tokenizer/chat_template.h"
#include "engine/tokenizer/tokenizer.h"

namespace salient {

/// The precision of the head: what the file has (8 bits only where it is stored as Q8_0, exactly),
/// 16 bits, or rounded to 8 bits (half the bytes of the largest matrix; its effect is shown).
enum class HeadPrecision { AsStored, Fp16, Int8 };

struct LoadOptions {
  HeadPrecision head = HeadPrecision::AsStored;
  /// The linears of the blocks rounded to nearest on the way, for measuring speed.
  std::optional<QuantScheme> round_to = std::nullopt;
};

struct LoadedModel {
  std::string name;       ///< "SmolLM2-135M-Instruct"
  std::string precision;  ///< "FP16", "dequantized from Q4_1", "4-bit g64"
  Decoder decoder;
  std::shared_ptr<const Tokenizer> tokenizer;         ///< null when the folder has none
  std::shared_ptr<const ChatTemplate> chat_template;  ///< null when there is none or it is broken
  std::vector<std::int32_t> stop_ids;
  std::vector<std::string> warnings;  ///< one sentence each
};

/// A checkpoint, an AWQ export, or a Salient run folder. Dense weights are held as float16, codes
/// are packed for `backend`. Throws Error.
std::shared_ptr<const LoadedModel> load_model(Backend& backend, const std::filesystem::path& path,
                                              const LoadOptions& options = {});
std::shared_ptr<const LoadedModel> load_model(Backend& backend, const Checkpoint& checkpoint,
                                              const LoadOptions& options = {});

}  // namespace salient
