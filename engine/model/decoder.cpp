// SPDX-License-Identifier: Apache-2.0
#include "engine/model/decoder.h"

#include <algorithm>

#include "engine/error.h"

namespace salient {
namespace {

/// Tokens pushed through all blocks at once: bounds the buffers of a long prompt.
constexpr std::int64_t kChunk = 512;

Tensor activations(Backend& backend, std::int64_t tokens, std::int64_t features) {
  return backend.allocate(DType::F32, {tokens, features});
}

void observe(ActivationTap* tap, Site site, const Tensor& x) {
  if (tap != nullptr) tap->observe(site, x);
}

GatedActivation gated(HiddenActivation activation) {
  switch (activation) {
    case HiddenActivation::Silu:
      return GatedActivation::Silu;
  }
  return GatedActivation::Silu;
}

void embed(Backend& backend, const Linear& table, const Tensor& ids, Tensor& x) {
  if (const auto* dense = std::get_if<DenseLinear>(&table)) {
    backend.embed(dense->weight, ids, x);
  } else {
    backend.embed_packed(std::get<PackedLinear>(table), ids, x);
  }
}

}  // namespace

void forward_attention(Backend& backend, const DecoderShape& shape, const Block& block, Tensor& x,
                       const CachePosition& position, KvLayer& cache, ActivationTap* tap) {
  using enum LinearRole;
  const ModelConfig& config = shape.config;
  const std::int64_t tokens = x.dim(0);
  const auto eps = static_cast<float>(config.norm_eps);
  Tensor normed = tap != nullptr ? activations(backend, tokens, config.hidden_size) : Tensor();
  Tensor q = activations(backend, tokens, config.num_heads * config.head_dim);
  Tensor k = activations(backend, tokens, config.num_kv_heads * config.head_dim);
  Tensor v = activations(backend, tokens, config.num_kv_heads * config.head_dim);
  const std::array<LinearTarget, 3> projections = {
      LinearTarget{block[Query], q}, LinearTarget{block[Key], k}, LinearTarget{block[Value], v}};
  backend.norm_linears({block.attention_norm, eps}, x, projections,
                       tap != nullptr ? &normed : nullptr);
  observe(tap, Site::AttentionInput, normed);

  Tensor heads = activations(backend, tokens, config.num_heads * config.head_dim);
  backend.attention(shape.attention(), q, k, v, position, cache, heads);
  observe(tap, Site::AttentionOutput, heads);
  backend.linear_residual(block[Output], heads, x);
}

void forward_mlp(Backend& backend, const DecoderShape& shape, const Block& block, Tensor& x,
                 ActivationTap* tap) {
  using enum LinearRole;
  const ModelConfig& config = shape.config;
  const std::int64_t tokens = x.dim(0);
  const auto eps = static_cast<float>(config.norm_eps);
  Tensor normed = tap != nullptr ? activations(backend, tokens, config.hidden_size) : Tensor();
  Tensor hidden = activations(backend, tokens, config.intermediate_size);
  backend.norm_gate_up({block.mlp_norm, eps}, x, block[Gate], block[Up], gated(config.activation),
                       hidden, tap != nullptr ? &normed : nullptr);
  observe(tap, Site::MlpInput, normed);
  observe(tap, Site::MlpHidden, hidden);
  backend.linear_residual(block[Down], hidden, x);
}

void forward_block(Backend& backend, const DecoderShape& shape, const Block& block, Tensor& x,
                   const CachePosition& position, KvLayer& cache, ActivationTap* tap) {
  forward_attention(backend, shape, block, x, position, cache, tap);
  forward_mlp(backend, shape, block, x, tap);
}

namespace {

void forward_blocks(Backend& backend, const Decoder& decoder, Sequence& sequence, const Tensor& ids,
                    std::int64_t limit, Tensor& x) {
  embed(backend, decoder.embedding, ids, x);
  for (std::size_t block = 0; block < decoder.blocks.size(); ++block) {
    forward_block(backend, decoder.shape, decoder.blocks[block], x, {sequence.position, limit},
                  sequence.layers[block]);
  }
}

}  // namespace

void check_room(const Decoder& decoder, const Sequence& sequence, std::span<const std::int32_t> ids,
                std::int64_t count) {
  const std::int64_t vocab = decoder.shape.config.vocab_size;
  for (const std::int32_t id : ids) {
    if (id >= 0 && id < vocab) continue;
    throw Error(ErrorKind::BadInput, "token id " + std::to_string(id) +
                                         " is outside the vocabulary of " + std::to_string(vocab));
  }
  const std::int64_t needed = sequence.length + count;
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
  const std::array<LinearTarget, 1> head = {LinearTarget{decoder.head, logits}};
  const auto eps = static_cast<float>(decoder.shape.config.norm_eps);
  backend.norm_linears({decoder.final_norm, eps}, hidden, head, nullptr);
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
