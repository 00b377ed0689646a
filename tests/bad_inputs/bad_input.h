// SPDX-License-Identifier: Apache-2.0
#pragma once

// The table of bad inputs: each row is the tiny valid checkpoint with one thing wrong (or odd), and
// what opening it must lead to. The readers' tests walk it, the fuzz drivers take it as seeds, and
// the process tests check exit statuses on it. Ids are those of the reliability notes.

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "engine/tensor/dtype.h"

namespace salient::tests {

enum class Outcome {
  Refused,      ///< Error(BadInput): exit status 2
  Unsupported,  ///< Error(Unsupported): exit status 3
  Warned,       ///< opens; one warning holds `says`
  Accepted,     ///< opens without a warning
  Quantized,    ///< opens, and already_quantized() holds `says`: refused by `quantize` only
};

struct BadInput {
  std::string id;    ///< "S14"; letters after it tell variants apart
  std::string name;  ///< a few words
  Outcome outcome = Outcome::Refused;
  std::string says;  ///< part of the sentence
  /// Fills an empty folder. Returns what to open, relative to it.
  std::function<std::filesystem::path(const std::filesystem::path& folder)> make = {};
  std::string tensor = {};  ///< when not empty: open must succeed and reading this has the outcome
  DType as = DType::F32;    ///< how it is read
  double seconds = 1.0;     ///< time allowed
  std::size_t mebibytes = 512;   ///< memory allowed on top of what was in use
  std::string text = "a river";  ///< what a tokenizer is given to cut
};

std::vector<BadInput> safetensors_inputs();
std::vector<BadInput> hostile_file_inputs();
std::vector<BadInput> index_inputs();
std::vector<BadInput> gguf_inputs();
std::vector<BadInput> gguf_tensor_inputs();
std::vector<BadInput> pytorch_inputs();
std::vector<BadInput> quantized_inputs();
std::vector<BadInput> config_inputs();
std::vector<BadInput> number_inputs();

/// All of these.
std::vector<BadInput> bad_inputs();

/// A sound model whose tokenizer is bad: the outcome is that of cutting `text`.
std::vector<BadInput> tokenizer_inputs();
/// A sound model whose chat template is bad: the outcome is that of one turn of chat.
std::vector<BadInput> template_inputs();

}  // namespace salient::tests
