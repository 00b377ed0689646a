// SPDX-License-Identifier: Apache-2.0
#pragma once

// The decoder: blocks of weights and the forward pass that reads an Architecture row. Calibration
// streams one block at a time (`load_block`, `forward_block`); the runtime holds them all
// (`Decoder`). Weights are immutable and shared; caches belong to the caller.

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "engine/backend/backend.h"
#include "engine/checkpoint/architecture.h"
#include "engine/checkpoint/checkpoint.h"

namespace salient {

struct Block {
  std::int64_t index = 0;  ///< its layer: windows and rotation may differ
  Tensor attention_norm;   ///< [hidden] F32, the row's offset added
  Tensor mlp_norm;         ///< [hidden] F32; empty where the MLP reads the attention's norm
  Tensor attention_norm_bias, mlp_norm_bias;        ///< [hidden] F32, or empty
  Tensor attention_post_norm, mlp_post_norm;        ///< [hidden] F32, or empty
  Tensor query_norm, key_norm;                      ///< [head_dim] F32, or empty
  std::array<Linear, kLinearRoles.size()> linears;  ///< by LinearRole; the row says which count

  const Linear& operator[](LinearRole role) const { return linears[index_of(role)]; }
  Linear& operator[](LinearRole role) { return linears[index_of(role)]; }
};

/// Watches the distinct linear inputs of a block as they are computed.
class ActivationTap {
 public:
  virtual ~ActivationTap() = default;
  /// x [tokens, features] F32, valid during the call only.
  virtual void observe(Site site, const Tensor& x) = 0;
};

/// Everything a forward pass needs besides weights; derived once from the config.
struct DecoderShape {
  const Architecture* architecture = nullptr;
  ModelConfig config;
  std::vector<float> inverse_frequencies;  ///< [rotary_dim / 2], scaling applied; or empty
  std::vector<float> window_frequencies;   ///< of layers with a window; empty: the same
  std::vector<float> alibi_slopes;         ///< [num_heads], or empty

  /// Of one layer, for caches of `capacity`. `kept` holds the frequencies where they depend on it.
  AttentionShape attention(std::int64_t layer, std::int64_t capacity,
                           std::vector<float>& kept) const;
};

/// Throws Error(Unsupported) when no Architecture row fits, naming the model type, and
/// Error(BadInput) listing the tensors that are missing or misshapen.
DecoderShape make_decoder_shape(const Checkpoint& checkpoint);

/// The shape without a look at the tensors, for a model that is being built from parts.
DecoderShape make_decoder_shape(const ModelConfig& config);

bool has_bias(const DecoderShape& shape, LinearRole role);

/// Radians per position, [rotary_dim / 2]. Scalings that depend on the length of the text take the
/// capacity of its cache for it, so that a cached key never turns again.
std::vector<float> inverse_frequencies(const ModelConfig& config, const RopeConfig& rope,
                                       std::int64_t capacity);
std::vector<float> alibi_slopes(const ModelConfig& config, AlibiSlopes kind);

/// Throws Error(Unsupported) naming what the model needs and the device lacks.
void require_stages(const Backend& backend, const DecoderShape& shape);

/// Reads one block, dense, in `dtype`; weights beyond float16's range stay as they are stored.
Block load_block(const Checkpoint& checkpoint, const DecoderShape& shape, std::int64_t block,
                 DType dtype);
Tensor load_embedding(const Checkpoint& checkpoint, const DecoderShape& shape, DType dtype);
/// A norm's weight as it is used, [features] F32: with the row's offset.
Tensor load_norm(const Checkpoint& checkpoint, const DecoderShape& shape, const std::string& name);
/// The norms of one block, in the host's memory; no linears.
Block load_norms(const Checkpoint& checkpoint, const DecoderShape& shape, std::int64_t block);

/// What stands around the blocks, in the device's memory; empty where a model has none.
struct Surroundings {
  Tensor position_table;                          ///< [positions, hidden] F32
  Tensor embedding_norm, embedding_norm_bias;     ///< [hidden] F32
  std::optional<Linear> project_in, project_out;  ///< where the tables are narrower than the blocks
  Tensor final_norm, final_norm_bias;             ///< [hidden] F32
};
Surroundings load_surroundings(Backend& backend, const Checkpoint& checkpoint,
                               const DecoderShape& shape, DType dtype);
/// The head as a linear; shares the embedding's memory when tied and of the same dtype.
Linear load_head(const Checkpoint& checkpoint, const DecoderShape& shape, const Tensor& embedding);

/// The block in the device's memory.
Block upload(Backend& backend, const Block& block);

KvLayer make_kv_layer(Backend& backend, const DecoderShape& shape, std::int64_t capacity);

/// x [tokens, hidden] in place through one block, at `position` of the sequence in `cache`.
void forward_block(Backend& backend, const DecoderShape& shape, const Block& block, Tensor& x,
                   const CachePosition& position, KvLayer& cache, ActivationTap* tap = nullptr);

/// The two halves of a sequential `forward_block`: x += attention(norm(x)), x += mlp(norm(x)).
void forward_attention(Backend& backend, const DecoderShape& shape, const Block& block, Tensor& x,
                       const CachePosition& position, KvLayer& cache, ActivationTap* tap = nullptr);
void forward_mlp(Backend& backend, const DecoderShape& shape, const Block& block, Tensor& x,
                 ActivationTap* tap = nullptr);

/// What the first block reads: x [tokens, hidden] of ids I32 [tokens] at `position`.
void embed_tokens(Backend& backend, const DecoderShape& shape, const Linear& embedding,
                  const Surroundings& around, const Tensor& ids, const CachePosition& position,
                  Tensor& x);

/// A whole model in memory: FP16 dense, or quantized. Built by `load_decoder` or by the runtime
/// from a run folder or an AWQ checkpoint.
struct Decoder {
  DecoderShape shape;
  Linear embedding;  ///< as a table: DenseLinear weight, or PackedLinear (8-bit head)
  std::vector<Block> blocks;
  Surroundings around;
  Linear head;

  /// Bytes one decoded token reads (every linear once, one embedding row, the head).
  std::int64_t bytes_per_token() const;
  std::int64_t memory_bytes() const;
};

Decoder load_decoder(Backend& backend, const Checkpoint& checkpoint, DType dtype);

/// KV caches of one sequence.
struct Sequence {
  std::vector<KvLayer> layers;
  Tensor position;  ///< I32 [1], this device; equals `length` between calls of `forward`
  std::int64_t length = 0;
  std::int64_t capacity = 0;
};
Sequence make_sequence(Backend& backend, const DecoderShape& shape, std::int64_t capacity);

enum class LogitsOf { LastToken, EveryToken };
/// Appends `ids` to the sequence and returns logits [1 or tokens, vocab] F32, in the device's
/// memory.
/// Throws Error(BadInput) for an id outside the vocabulary or a full sequence.
Tensor forward(Backend& backend, const Decoder& decoder, Sequence& sequence,
               std::span<const std::int32_t> ids, LogitsOf which);

/// The two halves of `forward`, for callers that take logits in pieces: the logits of 512 tokens of
/// a 49152-word model are 100 MB. Splitting `ids` or `hidden` in any way gives the same bits.
/// Appends `ids`; what the last block leaves, [tokens, hidden] F32.
Tensor hidden_states(Backend& backend, const Decoder& decoder, Sequence& sequence,
                     std::span<const std::int32_t> ids);
/// logits [tokens, vocab] F32 = head(final_norm(hidden)) for hidden [tokens, hidden].
void logits_of(Backend& backend, const Decoder& decoder, const Tensor& hidden, Tensor& logits);

/// Throws Error(BadInput) for an id outside the vocabulary, or where `count` more tokens do not
/// fit.
void check_room(const Decoder& decoder, const Sequence& sequence, std::span<const std::int32_t> ids,
                std::int64_t count);

/// The stages of one decoded token, for recording: reads state.token at state.position, which is
/// below `limit`, writes the caches there, and leaves logits [1, vocab]. `sequence.length` is the
/// caller's to count.
void decode_step(Backend& backend, const Decoder& decoder, Sequence& sequence,
                 const DecodeState& state, std::int64_t limit, Tensor& logits);

}  // namespace salient
