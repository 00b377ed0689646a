// SPDX-License-Identifier: Apache-2.0
#include "tests/export/made_blocks.h"

#include <cmath>
#include <random>

#include "kernels/half.h"

namespace salient::tests {
namespace {

QuantizedMatrix random_codes(const Shape& shape, const QuantScheme& scheme, unsigned seed) {
  std::mt19937 random(seed);
  QuantizedMatrix matrix;
  matrix.scheme = scheme;
  matrix.out_features = shape[0];
  matrix.in_features = shape[1];
  const auto levels = static_cast<unsigned>(scheme.levels());
  matrix.codes.resize(static_cast<std::size_t>(shape[0] * shape[1]));
  for (auto& code : matrix.codes) code = static_cast<std::uint8_t>(random() % levels);
  const auto groups = static_cast<std::size_t>(shape[0] * matrix.num_groups());
  for (std::size_t i = 0; i < groups; ++i) {
    matrix.steps.push_back(f32_to_f16(static_cast<float>(1 + random() % 4000) / 65536.0F));
    const bool symmetric = scheme.symmetry == Symmetry::Symmetric;
    matrix.zero_points.push_back(
        static_cast<std::uint8_t>(symmetric ? levels / 2 : random() % levels));
  }
  return matrix;
}

void divide(Tensor& values, const std::vector<float>& scales) {
  const auto numbers = values.as<float>();
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] /= scales[i];
}

}  // namespace

MadeBlocks::MadeBlocks(const Checkpoint& source, std::map<LinearId, LinearSettings> settings)
    : source_(source),
      shape_(make_decoder_shape(source.config())),
      settings_(std::move(settings)) {}

std::vector<float> MadeBlocks::scales(std::int64_t block, Site site) const {
  const ModelConfig& config = shape_.config;
  const auto draw = [&](std::int64_t count) {
    std::mt19937 random(static_cast<unsigned>(block * 10) + static_cast<unsigned>(site) + 1);
    std::vector<float> values;
    for (std::int64_t i = 0; i < count; ++i) {
      values.push_back(std::ldexp(1.0F, static_cast<int>(random() % 5) - 2));
    }
    return values;
  };
  switch (site) {
    case Site::AttentionInput:
    case Site::MlpInput:
      return draw(config.hidden_size);
    case Site::AttentionOutput:
      return spread_to_heads(draw(config.num_kv_heads * config.head_dim), config);
    case Site::MlpHidden:
      return draw(config.intermediate_size);
  }
  return {};
}

QuantizedBlock::Entry MadeBlocks::entry(const LinearId& id) const {
  const Shape shape = linear_shape(shape_.config, id.role);
  const LinearSettings& settings = settings_.at(id);
  const auto seed = static_cast<unsigned>(id.block * 100) + static_cast<unsigned>(id.role);
  QuantizedBlock::Entry entry;
  entry.id = id;
  entry.channel_scales = scales(id.block, shape_.architecture->row(id.role).input);
  if (settings.keep_fp16) {
    entry.dense = dequantize(random_codes(shape, {.bits = 4, .group_size = 32}, seed));
  } else {
    entry.codes = random_codes(shape, settings.scheme, seed);
  }
  if (has_bias(shape_, id.role)) {
    entry.bias =
        source_.read(shape_.architecture->linear_name(id.block, id.role) + ".bias", DType::F32);
  }
  return entry;
}

QuantizedBlock MadeBlocks::block(std::int64_t index) const {
  const Architecture& row = *shape_.architecture;
  QuantizedBlock block;
  block.block = index;
  block.attention_norm =
      source_.read(row.block_tensor(index, row.attention_norm), DType::F32).clone();
  block.mlp_norm = source_.read(row.block_tensor(index, row.mlp_norm), DType::F32).clone();
  divide(block.attention_norm, scales(index, Site::AttentionInput));
  divide(block.mlp_norm, scales(index, Site::MlpInput));
  for (const LinearRole role : kLinearRoles) block.linears.push_back(entry({index, role}));
  return block;
}

std::vector<NamedTensor> MadeBlocks::record(std::int64_t index) const {
  const std::vector<float> values = scales(index, Site::MlpInput);
  Tensor tensor(DType::F32, {static_cast<std::int64_t>(values.size())});
  std::copy(values.begin(), values.end(), tensor.as<float>().begin());
  return {{"gate.channel_scales", tensor}};
}

std::map<LinearId, LinearSettings> uniform_settings(const ModelConfig& config,
                                                    const QuantScheme& scheme) {
  std::map<LinearId, LinearSettings> settings;
  for (std::int64_t block = 0; block < config.num_layers; ++block) {
    for (const LinearRole role : kLinearRoles) settings[{block, role}].scheme = scheme;
  }
  return settings;
}

MadeExport::MadeExport(const TinyOptions& options, const QuantScheme& scheme, ExportFormat format) {
  write_folder(make_tiny_checkpoint(options), folder.path() / "source");
  source = open_checkpoint(folder.path() / "source");
  settings = uniform_settings(source->config(), scheme);
  request.format = format;
  request.source = source.get();
  request.scheme = scheme;
  request.model_card = "# A card\n";
  request.record_json = "{\"format\": 1}\n";
  refresh();
}

void MadeExport::refresh() {
  blocks = std::make_unique<MadeBlocks>(*source, settings);
  request.blocks = blocks.get();
  request.linears.clear();
  request.settings.clear();
  for (const auto& [id, linear] : settings) {
    request.linears.push_back(id);
    request.settings.push_back(linear);
  }
}

}  // namespace salient::tests
