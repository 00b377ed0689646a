// SPDX-License-Identifier: Apache-2.0
#include "engine/job/block_record.h"

#include <algorithm>
#include <cstring>

#include "engine/checkpoint/foreign_text.h"
#include "engine/checkpoint/run_tensors.h"
#include "engine/error.h"
#include "engine/job/settings_json.h"

namespace salient {
namespace {

using Json = nlohmann::ordered_json;
using Tensors = std::map<std::string, Tensor>;

Tensor vector_tensor(const std::vector<float>& values) {
  Tensor tensor(DType::F32, {static_cast<std::int64_t>(values.size())});
  if (!values.empty()) std::memcpy(tensor.data(), values.data(), tensor.bytes());
  return tensor;
}

std::vector<float> vector_of(const Tensor& tensor) {
  const auto values = tensor.as<float>();
  return {values.begin(), values.end()};
}

std::string part(LinearRole role, std::string_view below) {
  return std::string(short_name(role)) + "." + std::string(below);
}

std::string part(Site site, std::string_view below) {
  return std::string(key_of(site)) + "." + std::string(below);
}

/// Hands out the tensors of a file with the dtype and shape that are asked for.
class TensorSet {
 public:
  TensorSet(const Tensors& tensors, std::string file) : tensors_(tensors), file_(std::move(file)) {}

  Tensor get(const std::string& name, DType dtype, const Shape& shape) const {
    const auto found = tensors_.find(name);
    if (found == tensors_.end()) refuse(name + " is missing");
    if (found->second.dtype() != dtype || found->second.shape() != shape) {
      refuse(name + " is " + std::string(name_of(found->second.dtype())) + " " +
             to_string(found->second.shape()) + ", " + std::string(name_of(dtype)) + " " +
             to_string(shape) + " expected");
    }
    return found->second;
  }
  Tensor get_optional(const std::string& name, DType dtype, const Shape& shape) const {
    return tensors_.contains(name) ? get(name, dtype, shape) : Tensor();
  }
  bool has(const std::string& name) const { return tensors_.contains(name); }
  const Tensor& any(const std::string& name) const {
    const auto found = tensors_.find(name);
    if (found == tensors_.end()) refuse(name + " is missing");
    return found->second;
  }
  [[noreturn]] void refuse(const std::string& what) const {
    throw Error(ErrorKind::BadInput, file_ + ": " + what);
  }

 private:
  const Tensors& tensors_;
  std::string file_;
};

void add_scales(const QuantizedBlock::Entry& entry, std::vector<NamedTensor>& tensors) {
  const LinearRole role = entry.id.role;
  if (!entry.channel_scales.empty()) {
    tensors.emplace_back(part(role, "channel_scales"), vector_tensor(entry.channel_scales));
  }
  if (!entry.clip.empty()) tensors.emplace_back(part(role, "clip"), entry.clip.to(DType::F16));
}

void add_sites(const SiteRecords& sites, std::vector<NamedTensor>& tensors) {
  for (const Site site : kSites) {
    const SiteRecord& record = sites[index_of(site)];
    if (record.magnitude.empty()) continue;
    tensors.emplace_back(part(site, "magnitude"), vector_tensor(record.magnitude));
    tensors.emplace_back(part(site, "max"), vector_tensor(record.max));
    if (record.energy.empty()) continue;
    tensors.emplace_back(part(site, "energy"), vector_tensor(record.energy));
  }
}

void add_weights(const QuantizedBlock::Entry& entry, std::vector<NamedTensor>& tensors) {
  const LinearRole role = entry.id.role;
  if (entry.codes) {
    RunTensors run = to_run(*entry.codes);
    tensors.emplace_back(part(role, "codes"), run.codes);
    tensors.emplace_back(part(role, "steps"), run.steps);
    tensors.emplace_back(part(role, "zero_points"), run.zero_points);
  } else {
    tensors.emplace_back(part(role, "dense"), entry.dense);
  }
  if (!entry.bias.empty()) tensors.emplace_back(part(role, "bias"), entry.bias);
}

QuantizedBlock::Entry read_entry(const TensorSet& tensors, const LinearReport& report) {
  QuantizedBlock::Entry entry;
  entry.id = report.id;
  const LinearRole role = report.id.role;
  const std::int64_t out = report.out_features;
  const std::int64_t in = report.in_features;
  const QuantScheme& scheme = report.settings.scheme;
  if (report.settings.keep_fp16) {
    entry.dense = tensors.get(part(role, "dense"), DType::F32, {out, in});
  } else {
    const RunTensors run{tensors.any(part(role, "codes")), tensors.any(part(role, "steps")),
                         tensors.any(part(role, "zero_points"))};
    entry.codes = from_run(report.name, run, scheme, in);
    if (entry.codes->out_features != out) tensors.refuse(report.name + " has other rows");
  }
  entry.bias = tensors.get_optional(part(role, "bias"), DType::F32, {out});
  const std::string scales = part(role, "channel_scales");
  if (tensors.has(scales)) entry.channel_scales = vector_of(tensors.get(scales, DType::F32, {in}));
  const Tensor clip =
      tensors.get_optional(part(role, "clip"), DType::F16, {out, scheme.num_groups(in)});
  if (!clip.empty()) entry.clip = clip.to(DType::F32);
  return entry;
}

void check_report(const DecoderShape& shape, std::int64_t block, std::size_t index,
                  const LinearReport& report, const TensorSet& tensors) {
  const LinearId expected{block, shape.architecture->linears[index].role};
  const Shape features = linear_shape(shape.config, expected.role);
  const bool fits = report.id == expected &&
                    report.name == shape.architecture->linear_name(block, expected.role) &&
                    report.out_features == features[0] && report.in_features == features[1];
  if (!fits) tensors.refuse("the report of " + escaped(report.name) + " does not belong here");
}

}  // namespace

SiteRecords records_of(const ActivationStats& stats) {
  SiteRecords records;
  for (const Site site : kSites) {
    const SiteStats& from = stats[site];
    records[index_of(site)] = {from.tokens, from.magnitude, from.max, from.energy};
  }
  return records;
}

std::vector<NamedTensor> step_tensors(const BlockRecord& record) {
  std::vector<NamedTensor> tensors;
  const QuantizedBlock& block = record.block;
  for (const auto& [name, norm] : {NamedTensor{"attention_norm", block.attention_norm},
                                   NamedTensor{"attention_norm_bias", block.attention_norm_bias},
                                   NamedTensor{"mlp_norm", block.mlp_norm},
                                   NamedTensor{"mlp_norm_bias", block.mlp_norm_bias}}) {
    if (!norm.empty()) tensors.emplace_back(name, norm);
  }
  for (const QuantizedBlock::Entry& entry : record.block.linears) {
    add_weights(entry, tensors);
    add_scales(entry, tensors);
  }
  add_sites(record.sites, tensors);
  return tensors;
}

Json tokens_json(const SiteRecords& sites) {
  Json tokens = Json::array();
  for (const SiteRecord& site : sites) tokens.push_back(site.tokens);
  return tokens;
}

Json step_meta(const BlockRecord& record) {
  Json reports = Json::array();
  for (const LinearReport& report : record.block.reports) reports.push_back(to_json_value(report));
  return {
      {"block", record.block.block}, {"tokens", tokens_json(record.sites)}, {"reports", reports}};
}

BlockRecord read_step(const DecoderShape& shape, std::int64_t block, const Json& meta,
                      const Tensors& stored, const std::string& file) {
  const TensorSet tensors(stored, file);
  const JsonReader json(meta, file);
  if (json.integer("block") != block) tensors.refuse("holds another block");
  BlockRecord record;
  record.block.block = block;
  const Shape hidden = {shape.config.hidden_size};
  record.block.attention_norm = tensors.get("attention_norm", DType::F32, hidden);
  record.block.attention_norm_bias =
      tensors.get_optional("attention_norm_bias", DType::F32, hidden);
  if (!shape.architecture->mlp_norm.empty()) {
    record.block.mlp_norm = tensors.get("mlp_norm", DType::F32, hidden);
    record.block.mlp_norm_bias = tensors.get_optional("mlp_norm_bias", DType::F32, hidden);
  }
  for (const JsonReader& report : json.objects("reports")) {
    record.block.reports.push_back(read_report(report));
  }
  const std::size_t linears = shape.architecture->linears.size();
  if (record.block.reports.size() != linears) tensors.refuse("has other linears");
  for (std::size_t i = 0; i < linears; ++i) {
    const LinearReport& report = record.block.reports[i];
    check_report(shape, block, i, report, tensors);
    record.block.linears.push_back(read_entry(tensors, report));
  }
  record.sites = read_sites(json.integers("tokens"), stored, file);
  return record;
}

std::vector<NamedTensor> record_tensors(const BlockRecord& record) {
  std::vector<NamedTensor> tensors;
  for (const QuantizedBlock::Entry& entry : record.block.linears) add_scales(entry, tensors);
  add_sites(record.sites, tensors);
  return tensors;
}

SiteRecords read_sites(const std::vector<std::int64_t>& tokens, const Tensors& stored,
                       const std::string& file) {
  const TensorSet tensors(stored, file);
  if (tokens.size() != kSites.size()) tensors.refuse("has token counts of other inputs");
  SiteRecords sites;
  for (const Site site : kSites) {
    const std::string name = part(site, "magnitude");
    if (!tensors.has(name)) continue;
    SiteRecord& record = sites[index_of(site)];
    record.tokens = tokens[index_of(site)];
    const Shape features = tensors.any(name).shape();
    record.magnitude = vector_of(tensors.get(name, DType::F32, features));
    record.max = vector_of(tensors.get(part(site, "max"), DType::F32, features));
    const std::string energy = part(site, "energy");
    if (tensors.has(energy)) record.energy = vector_of(tensors.get(energy, DType::F32, features));
  }
  return sites;
}

}  // namespace salient
