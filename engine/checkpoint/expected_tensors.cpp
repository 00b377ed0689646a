// SPDX-License-Identifier: Apache-2.0
// The tensors that a config of a known family promises.

#include <stdexcept>

#include "engine/checkpoint/architecture.h"

namespace salient {
namespace {

using Tensors = std::vector<ExpectedTensor>;

const Architecture& row_of(const ModelConfig& config) {
  const Architecture* row = find_architecture(config.model_type);
  if (row == nullptr) throw std::logic_error("no architecture " + config.model_type);
  return *row;
}

void add_norm(const Architecture& row, const std::string& name, std::int64_t features,
              Tensors& tensors) {
  tensors.push_back({name, {features}});
  if (row.norm_bias) tensors.push_back({bias_of(name), {features}});
}

void add_block(const Architecture& row, const ModelConfig& config, std::int64_t block,
               Tensors& tensors) {
  add_norm(row, row.block_tensor(block, row.attention_norm), config.hidden_size, tensors);
  if (!row.mlp_norm.empty()) {
    add_norm(row, row.block_tensor(block, row.mlp_norm), config.hidden_size, tensors);
  }
  for (const LinearRow& linear : row.linears) {
    const std::string name = row.linear_name(block, linear.role);
    const Shape shape = linear_shape(config, linear.role);
    tensors.push_back({name + ".weight", shape});
    if (has_bias(config, linear)) tensors.push_back({name + ".bias", {shape[0]}});
  }
  for (ExpectedTensor& kept : kept_vectors(config, block)) tensors.push_back(std::move(kept));
}

}  // namespace

std::vector<ExpectedTensor> kept_vectors(const ModelConfig& config, std::int64_t block) {
  const Architecture& row = row_of(config);
  Tensors tensors;
  for (const std::string_view norm : {row.query_norm, row.key_norm}) {
    if (!norm.empty()) tensors.push_back({row.block_tensor(block, norm), {config.head_dim}});
  }
  for (const std::string_view norm : {row.attention_post_norm, row.mlp_post_norm}) {
    if (!norm.empty()) tensors.push_back({row.block_tensor(block, norm), {config.hidden_size}});
  }
  return tensors;
}

std::vector<ExpectedTensor> table_tensors(const ModelConfig& config) {
  const Architecture& row = row_of(config);
  const std::int64_t hidden = config.hidden_size;
  const std::int64_t width = config.table_width();
  Tensors tensors = {{std::string(row.embedding), {config.vocab_size, width}}};
  if (config.positions == PositionKind::Learned) {
    tensors.push_back(
        {std::string(row.position_table), {config.max_positions + row.position_offset, hidden}});
  }
  if (!row.embedding_norm.empty()) {
    add_norm(row, std::string(row.embedding_norm), hidden, tensors);
  }
  if (width != hidden) {
    tensors.push_back({std::string(row.project_in), {hidden, width}});
    tensors.push_back({std::string(row.project_out), {width, hidden}});
  }
  if (!row.final_norm.empty()) add_norm(row, std::string(row.final_norm), hidden, tensors);
  if (!config.tied_head) tensors.push_back({std::string(row.head), {config.vocab_size, width}});
  return tensors;
}

std::vector<ExpectedTensor> expected_tensors(const ModelConfig& config) {
  const Architecture& row = row_of(config);
  Tensors tensors = table_tensors(config);
  for (std::int64_t block = 0; block < config.num_layers; ++block) {
    add_block(row, config, block, tensors);
  }
  return tensors;
}

bool is_known_extra(std::string_view name) {
  return name.ends_with(".rotary_emb.inv_freq") || name.ends_with(".attn.bias") ||
         name.ends_with(".attn.masked_bias") || name.ends_with(".attention.bias") ||
         name.ends_with(".attention.masked_bias");
}

}  // namespace salient
