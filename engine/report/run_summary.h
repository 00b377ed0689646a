// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a finished run has to say for itself: the one input of the HTML report and the model card.
// Plain data, filled by the command line or the window from the plan, the reports and evaluations.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/evaluation/evaluation.h"
#include "engine/quantization/quantization.h"

namespace salient {

/// What the salient channels of one linear input carry.
struct InputEnergy {
  std::int64_t block = 0;
  Site site = Site::AttentionInput;
  std::int64_t salient = 0, channels = 0;
  double share = 0;    ///< of the channels, asked for: 0.01
  double carried = 0;  ///< of Σ x², 0 to 1
};

struct RunSummary {
  std::string model;             ///< "SmolLM2-135M-Instruct"
  std::string architecture;      ///< "Llama"
  std::string source_precision;  ///< "FP16", "dequantized from Q4_1"
  std::string licence;           ///< SPDX id where the source names one, else empty
  std::uint64_t parameters = 0;
  QuantScheme scheme;
  Method method = Method::Awq;
  ClipMode clip = ClipMode::Search;
  std::string calibration;  ///< "64 × 512 tokens of c4.txt"
  std::string command;      ///< the command line that does this run again
  std::int64_t fp16_bytes = 0;
  std::int64_t output_bytes = 0;
  double quantize_seconds = 0;
  std::int64_t peak_rss_bytes = 0;
  std::vector<LinearReport> linears;
  std::vector<std::string> notes;
  std::optional<Evaluation> rtn_against_fp16;
  std::optional<Evaluation> awq_against_fp16;
  std::optional<InputEnergy> loudest_input;  ///< of all, where energies were kept
  std::optional<double> fp16_tokens_per_second;
  std::optional<double> quantized_tokens_per_second;
};

}  // namespace salient
