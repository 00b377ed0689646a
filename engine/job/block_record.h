// SPDX-License-Identifier: Apache-2.0
#pragma once

// One finished block as tensors and JSON: what a step file of the journal holds, and the part of it
// that stays in OUT/salient. Linears are called by their short names ("q.codes"), inputs by their
// site ("mlp_input.magnitude"). Clip thresholds are kept as float16.

#include <array>
#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "engine/export/export.h"
#include "engine/model/decoder.h"

namespace salient {

/// What is kept of one linear input: no Gram matrix.
struct SiteRecord {
  std::int64_t tokens = 0;
  std::vector<float> magnitude;  ///< [features] mean |x|
  std::vector<float> max;        ///< [features] max |x|
  std::vector<float> energy;     ///< [features] Σ x²; empty in records of format 1
};
using SiteRecords = std::array<SiteRecord, kSites.size()>;

struct BlockRecord {
  QuantizedBlock block;
  SiteRecords sites;
};

SiteRecords records_of(const ActivationStats& stats);

/// Everything, for a step file.
std::vector<NamedTensor> step_tensors(const BlockRecord& record);
nlohmann::ordered_json step_meta(const BlockRecord& record);
/// Checks every shape against `shape`. Error(BadInput) naming `file`.
BlockRecord read_step(const DecoderShape& shape, std::int64_t block,
                      const nlohmann::ordered_json& meta,
                      const std::map<std::string, Tensor>& tensors, const std::string& file);

/// Scales, clip thresholds and statistics only, for OUT/salient/layerNN.safetensors.
std::vector<NamedTensor> record_tensors(const BlockRecord& record);
nlohmann::ordered_json tokens_json(const SiteRecords& sites);
/// Reads back what `record_tensors` wrote.
SiteRecords read_sites(const std::vector<std::int64_t>& tokens,
                       const std::map<std::string, Tensor>& tensors, const std::string& file);

}  // namespace salient
