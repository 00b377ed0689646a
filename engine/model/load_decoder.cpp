// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "engine/model/decoder.h"
#include "kernels/half.h"

namespace salient {
namespace {

constexpr float kLargestHalf = 65504.0F;

bool fits_half(const Tensor& tensor) {
  const auto values = tensor.as<float>();
  return std::all_of(values.begin(), values.end(),
                     [](float value) { return std::abs(value) <= kLargestHalf; });
}

/// Stored 16-bit numbers are taken as they are; anything else goes through float32. What float16
/// cannot hold stays wider, so that no load makes an infinity.
Tensor read_as(const Checkpoint& checkpoint, const std::string& name, DType dtype) {
  if (dtype == DType::F32) return checkpoint.read(name, DType::F32);
  const TensorInfo* info = checkpoint.find(name);
  const std::string_view wanted = dtype == DType::F16 ? "F16" : "BF16";
  if (info != nullptr && info->stored_type == wanted) return checkpoint.read(name, dtype);
  Tensor values = checkpoint.read(name, DType::F32);
  if (dtype == DType::F16 && !fits_half(values)) return values;
  return values.to(dtype);
}

std::int64_t bytes_of(const Linear& linear) {
  return std::visit(
      [](const auto& l) -> std::int64_t {
        using Kind = std::decay_t<decltype(l)>;
        if constexpr (std::is_same_v<Kind, DenseLinear>) {
          return static_cast<std::int64_t>(l.weight.bytes() + l.bias.bytes());
        } else {
          return static_cast<std::int64_t>(l.packed.bytes() + l.bias.bytes());
        }
      },
      linear);
}

const std::byte* memory_of(const Linear& linear) {
  const auto* dense = std::get_if<DenseLinear>(&linear);
  return dense != nullptr ? dense->weight.data() : std::get<PackedLinear>(linear).packed.data();
}

std::array<Tensor*, 8> norms_of(Block& block) {
  return {&block.attention_norm,      &block.mlp_norm,
          &block.attention_norm_bias, &block.mlp_norm_bias,
          &block.attention_post_norm, &block.mlp_post_norm,
          &block.query_norm,          &block.key_norm};
}

}  // namespace

Tensor load_norm(const Checkpoint& checkpoint, const DecoderShape& shape, const std::string& name) {
  Tensor weight = checkpoint.read(name, DType::F32);
  if (shape.architecture->norm_offset == 0) return weight;
  for (float& value : weight.as<float>()) value += shape.architecture->norm_offset;
  return weight;
}

Block load_norms(const Checkpoint& checkpoint, const DecoderShape& shape, std::int64_t index) {
  const Architecture& row = *shape.architecture;
  const auto weight = [&](std::string_view name) {
    if (name.empty()) return Tensor();
    return load_norm(checkpoint, shape, row.block_tensor(index, name));
  };
  const auto bias = [&](std::string_view name) {
    if (name.empty() || !row.norm_bias) return Tensor();
    return checkpoint.read(bias_of(row.block_tensor(index, name)), DType::F32);
  };
  Block block;
  block.index = index;
  block.attention_norm = weight(row.attention_norm);
  block.attention_norm_bias = bias(row.attention_norm);
  block.mlp_norm = weight(row.mlp_norm);
  block.mlp_norm_bias = bias(row.mlp_norm);
  block.attention_post_norm = weight(row.attention_post_norm);
  block.mlp_post_norm = weight(row.mlp_post_norm);
  block.query_norm = weight(row.query_norm);
  block.key_norm = weight(row.key_norm);
  return block;
}

Block load_block(const Checkpoint& checkpoint, const DecoderShape& shape, std::int64_t block,
                 DType dtype) {
  const Architecture& row = *shape.architecture;
  Block loaded = load_norms(checkpoint, shape, block);
  for (const LinearRow& linear : row.linears) {
    const std::string name = row.linear_name(block, linear.role);
    DenseLinear dense;
    dense.weight = read_as(checkpoint, name + ".weight", dtype);
    if (has_bias(shape, linear.role)) dense.bias = checkpoint.read(name + ".bias", DType::F32);
    loaded[linear.role] = std::move(dense);
  }
  return loaded;
}

Tensor load_embedding(const Checkpoint& checkpoint, const DecoderShape& shape, DType dtype) {
  return read_as(checkpoint, std::string(shape.architecture->embedding), dtype);
}

Surroundings load_surroundings(Backend& backend, const Checkpoint& checkpoint,
                               const DecoderShape& shape, DType dtype) {
  const Architecture& row = *shape.architecture;
  const ModelConfig& config = shape.config;
  const auto weight = [&](std::string_view name) {
    if (name.empty()) return Tensor();
    return backend.upload(load_norm(checkpoint, shape, std::string(name)));
  };
  const auto bias = [&](std::string_view name) {
    if (name.empty() || !row.norm_bias) return Tensor();
    return backend.upload(checkpoint.read(bias_of(name), DType::F32));
  };
  const auto linear = [&](std::string_view name) -> std::optional<Linear> {
    if (config.embedding_size == 0) return std::nullopt;
    return DenseLinear{backend.upload(read_as(checkpoint, std::string(name), dtype)), {}};
  };
  Surroundings around;
  if (config.positions == PositionKind::Learned) {
    around.position_table = backend.upload(checkpoint.read(row.position_table, DType::F32));
  }
  around.embedding_norm = weight(row.embedding_norm);
  around.embedding_norm_bias = bias(row.embedding_norm);
  around.project_in = linear(row.project_in);
  around.project_out = linear(row.project_out);
  around.final_norm = weight(row.final_norm);
  around.final_norm_bias = bias(row.final_norm);
  return around;
}

Linear load_head(const Checkpoint& checkpoint, const DecoderShape& shape, const Tensor& embedding) {
  if (shape.config.tied_head) return DenseLinear{embedding, {}};
  return DenseLinear{read_as(checkpoint, std::string(shape.architecture->head), embedding.dtype()),
                     {}};
}

Block upload(Backend& backend, const Block& block) {
  Block there = block;
  for (Tensor* norm : norms_of(there)) *norm = backend.upload(*norm);
  for (Linear& linear : there.linears) linear = upload(backend, linear);
  return there;
}

KvLayer make_kv_layer(Backend& backend, const DecoderShape& shape, std::int64_t capacity) {
  return backend.make_kv_layer(shape.config.num_kv_heads, capacity, shape.config.head_dim);
}

Sequence make_sequence(Backend& backend, const DecoderShape& shape, std::int64_t capacity) {
  Sequence sequence;
  sequence.capacity = capacity;
  sequence.position = backend.allocate_zeros(DType::I32, {1});
  for (std::int64_t block = 0; block < shape.config.num_layers; ++block) {
    sequence.layers.push_back(make_kv_layer(backend, shape, capacity));
  }
  return sequence;
}

Decoder load_decoder(Backend& backend, const Checkpoint& checkpoint, DType dtype) {
  Decoder decoder;
  decoder.shape = make_decoder_shape(checkpoint);
  require_stages(backend, decoder.shape);
  const Tensor embedding = backend.upload(load_embedding(checkpoint, decoder.shape, dtype));
  decoder.embedding = DenseLinear{embedding, {}};
  for (std::int64_t block = 0; block < decoder.shape.config.num_layers; ++block) {
    decoder.blocks.push_back(upload(backend, load_block(checkpoint, decoder.shape, block, dtype)));
  }
  decoder.around = load_surroundings(backend, checkpoint, decoder.shape, dtype);
  decoder.head = upload(backend, load_head(checkpoint, decoder.shape, embedding));
  return decoder;
}

std::int64_t Decoder::bytes_per_token() const {
  std::int64_t bytes = weight_bytes(head) + weight_bytes(embedding) / shape.config.vocab_size;
  for (const auto& projection : {around.project_in, around.project_out}) {
    if (projection) bytes += weight_bytes(*projection);
  }
  for (const Block& block : blocks) {
    for (const Linear& linear : block.linears) bytes += weight_bytes(linear);
  }
  return bytes;
}

std::int64_t Decoder::memory_bytes() const {
  std::int64_t bytes = bytes_of(embedding);
  for (const Tensor* tensor :
       {&around.position_table, &around.embedding_norm, &around.embedding_norm_bias,
        &around.final_norm, &around.final_norm_bias}) {
    bytes += static_cast<std::int64_t>(tensor->bytes());
  }
  for (const auto& projection : {around.project_in, around.project_out}) {
    if (projection) bytes += bytes_of(*projection);
  }
  if (memory_of(head) != memory_of(embedding)) bytes += bytes_of(head);
  for (const Block& block : blocks) {
    Block norms = block;
    for (const Tensor* norm : norms_of(norms)) bytes += static_cast<std::int64_t>(norm->bytes());
    for (const Linear& linear : block.linears) bytes += bytes_of(linear);
  }
  return bytes;
}

}  // namespace salient
