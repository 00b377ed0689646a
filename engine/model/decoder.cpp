// SPDX-License-Identifier: Apache-2.0
#include "engine/model/decoder.h"

#include <algorithm>
#include <cmath>

#include "engine/error.h"

namespace salient {
namespace {

/// Tokens pushed through all blocks at once: bounds the buffers of a long prompt.
constexpr std::int64_t kChunk = 512;

Tensor activations(Backend& backend, std::int64_t tokens, std::int64_t features) {
  return backend.allocate(DType::F32, {tokens, features});
}

void look_up(Backend& backend, const Linear& table, const Tensor& ids, Tensor& x) {
  if (const auto* dense = std::get_if<DenseLinear>(&table)) {
    backend.embed(dense->weight, ids, x);
  } else {
    backend.embed_packed(std::get<PackedLinear>(table), ids, x);
  }
}

Norm norm_of(const DecoderShape& shape, const Tensor& weight, const Tensor& bias) {
  return {weight, static_cast<float>(shape.config.norm_eps), shape.architecture->norm,
          bias.empty() ? nullptr : &bias};
}

void forward_blocks(Backend& backend, const Decoder& decoder, Sequence& sequence, const Tensor& ids,
                    std::int64_t limit, Tensor& x) {
  const CachePosition position{sequence.position, limit};
  embed_tokens(backend, decoder.shape, decoder.embedding, decoder.around, ids, position, x);
  for (std::size_t block = 0; block < decoder.blocks.size(); ++block) {
    forward_block(backend, decoder.shape, decoder.blocks[block], x, position,
                  sequence.layers[block]);
  }
}

}  // namespace

void embed_tokens(Backend& backend, const DecoderShape& shape, const Linear& embedding,
                  const Surroundings& around, const Tensor& ids, const CachePosition& position,
                  Tensor& x) {
  if (around.project_in) {
    Tensor narrow = activations(backend, x.dim(0), shape.config.table_width());
    look_up(backend, embedding, ids, narrow);
    backend.linear(*around.project_in, narrow, x);
  } else {
    look_up(backend, embedding, ids, x);
  }
  if (shape.architecture->embedding_scale == EmbeddingScale::SqrtHidden) {
    const auto scale = static_cast<float>(std::sqrt(static_cast<double>(shape.config.hidden_size)));
    backend.pointwise(Pointwise::Scale, scale, x);
  }
  if (!around.position_table.empty()) {
    backend.add_positions(around.position_table, position, shape.architecture->position_offset, x);
  }
  if (around.embedding_norm.empty()) return;
  backend.normalize(norm_of(shape, around.embedding_norm, around.embedding_norm_bias), x, x);
}

void check_room(const Decoder& decoder, const Sequence& sequence, std::span<const std::int32_t> ids,
                std::int64_t count) {
  const std::int64_t vocab = decoder.shape.config.vocab_size;
  for (const std::int32_t id : ids) {
    if (id >= 0 && id < vocab) continue;
    throw Error(ErrorKind::BadInput, "token id " + std::to_string(id) +
                                         " is outside the vocabulary of " + std::to_string(vocab));
  }
  const std::int64_t needed = sequence.length + count;
  const ModelConfig& config = decoder.shape.config;
  if (config.positions == PositionKind::Learned && needed > config.max_positions) {
    throw Error(ErrorKind::BadInput, "the sequence would grow to " + std::to_string(needed) +
                                         " tokens, the model has positions for " +
                                         std::to_string(config.max_positions));
  }
  if (needed > sequence.capacity) {
    throw Error(ErrorKind::BadInput, "the sequence would grow to " + std::to_string(needed) +
                                         " tokens, its cache holds " +
                                         std::to_string(sequence.capacity));
  }
}

Tensor hidden_states(Backend& backend, const Decoder& decoder, Sequence& sequence,
                     std::span<const std::int32_t> ids) {
  check_room(decoder, sequence, ids, static_cast<std::int64_t>(ids.size()));
  const auto total = static_cast<std::int64_t>(ids.size());
  Tensor all_ids = backend.allocate(DType::I32, {total});
  backend.write(ids, all_ids);
  Tensor hidden = activations(backend, total, decoder.shape.config.hidden_size);
  const std::int64_t chunk = std::max(kChunk, backend.prompt_chunk());
  for (std::int64_t begin = 0; begin < total; begin += chunk) {
    const std::int64_t end = std::min(total, begin + chunk);
    const auto first = static_cast<std::int32_t>(sequence.length);
    backend.write({&first, 1}, sequence.position);
    Tensor x = hidden.rows(begin, end);
    sequence.length += end - begin;
    forward_blocks(backend, decoder, sequence, all_ids.rows(begin, end), sequence.length, x);
  }
  const auto length = static_cast<std::int32_t>(sequence.length);
  backend.write({&length, 1}, sequence.position);
  return hidden;
}

void decode_step(Backend& backend, const Decoder& decoder, Sequence& sequence,
                 const DecodeState& state, std::int64_t limit, Tensor& logits) {
  Tensor x = activations(backend, 1, decoder.shape.config.hidden_size);
  forward_blocks(backend, decoder, sequence, state.token, limit, x);
  logits_of(backend, decoder, x, logits);
}

void logits_of(Backend& backend, const Decoder& decoder, const Tensor& hidden, Tensor& logits) {
  const Surroundings& around = decoder.around;
  const std::array<LinearTarget, 1> head = {LinearTarget{decoder.head, logits}};
  if (around.project_out) {
    Tensor narrow = activations(backend, hidden.dim(0), decoder.shape.config.table_width());
    if (around.final_norm.empty()) {
      backend.linear(*around.project_out, hidden, narrow);
    } else {
      const std::array<LinearTarget, 1> out = {LinearTarget{*around.project_out, narrow}};
      backend.norm_linears(norm_of(decoder.shape, around.final_norm, around.final_norm_bias),
                           hidden, out, nullptr);
    }
    backend.linear(decoder.head, narrow, logits);
  } else if (around.final_norm.empty()) {
    backend.linear(decoder.head, hidden, logits);
  } else {
    backend.norm_linears(norm_of(decoder.shape, around.final_norm, around.final_norm_bias), hidden,
                         head, nullptr);
  }
  if (decoder.shape.config.logit_cap == 0) return;
  backend.pointwise(Pointwise::SoftCap, static_cast<float>(decoder.shape.config.logit_cap), logits);
}

Tensor forward(Backend& backend, const Decoder& decoder, Sequence& sequence,
               std::span<const std::int32_t> ids, LogitsOf which) {
  if (ids.empty()) throw Error(ErrorKind::BadInput, "a forward pass needs at least one token");
  Tensor hidden = hidden_states(backend, decoder, sequence, ids);
  if (which == LogitsOf::LastToken) hidden = hidden.rows(hidden.dim(0) - 1, hidden.dim(0));
  Tensor logits = activations(backend, hidden.dim(0), decoder.shape.config.vocab_size);
  logits_of(backend, decoder, hidden, logits);
  return logits;
}

}  // namespace salient
