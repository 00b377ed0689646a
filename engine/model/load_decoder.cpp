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

}  // namespace

Block load_block(const Checkpoint& checkpoint, const DecoderShape& shape, std::int64_t block,
                 DType dtype) {
  const Architecture& row = *shape.architecture;
  Block loaded;
  loaded.attention_norm = checkpoint.read(row.block_tensor(block, row.attention_norm), DType::F32);
  loaded.mlp_norm = checkpoint.read(row.block_tensor(block, row.mlp_norm), DType::F32);
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

Tensor load_final_norm(const Checkpoint& checkpoint, const DecoderShape& shape) {
  return checkpoint.read(shape.architecture->final_norm, DType::F32);
}

Linear load_head(const Checkpoint& checkpoint, const DecoderShape& shape, const Tensor& embedding) {
  if (shape.config.tied_head) return DenseLinear{embedding, {}};
  return DenseLinear{read_as(checkpoint, std::string(shape.architecture->head), embedding.dtype()),
                     {}};
}

Block upload(Backend& backend, const Block& block) {
  Block there;
  there.attention_norm = backend.upload(block.attention_norm);
  there.mlp_norm = backend.upload(block.mlp_norm);
  for (std::size_t i = 0; i < block.linears.size(); ++i) {
    there.linears[i] = upload(backend, block.linears[i]);
  }
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
  const Tensor embedding = backend.upload(load_embedding(checkpoint, decoder.shape, dtype));
  decoder.embedding = DenseLinear{embedding, {}};
  for (std::int64_t block = 0; block < decoder.shape.config.num_layers; ++block) {
    decoder.blocks.push_back(upload(backend, load_block(checkpoint, decoder.shape, block, dtype)));
  }
  decoder.final_norm = backend.upload(load_final_norm(checkpoint, decoder.shape));
  decoder.head = upload(backend, load_head(checkpoint, decoder.shape, embedding));
  return decoder;
}

std::int64_t Decoder::bytes_per_token() const {
  std::int64_t bytes = weight_bytes(head) + weight_bytes(embedding) / shape.config.vocab_size;
  for (const Block& block : blocks) {
    for (const Linear& linear : block.linears) bytes += weight_bytes(linear);
  }
  return bytes;
}

std::int64_t Decoder::memory_bytes() const {
  std::int64_t bytes = bytes_of(embedding) + static_cast<std::int64_t>(final_norm.bytes());
  if (memory_of(head) != memory_of(embedding)) bytes += bytes_of(head);
  for (const Block& block : blocks) {
    bytes += static_cast<std::int64_t>(block.attention_norm.bytes() + block.mlp_norm.bytes());
    for (const Linear& linear : block.linears) bytes += bytes_of(linear);
  }
  return bytes;
}

}  // namespace salient
