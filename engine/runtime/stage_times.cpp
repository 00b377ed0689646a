// SPDX-License-Identifier: Apache-2.0
#include "engine/runtime/stage_times.h"

#include <array>
#include <bit>
#include <functional>

#include "engine/error.h"

namespace salient {
namespace {

std::int64_t bytes_of(const Tensor& tensor) {
  return static_cast<std::int64_t>(tensor.bytes());
}

/// The tensors that one decode step passes on, and its stages by name.
class StageBench {
 public:
  StageBench(Backend& backend, const Decoder& decoder, std::int64_t cached)
      : backend_(backend),
        decoder_(decoder),
        config_(decoder.shape.config),
        eps_(static_cast<float>(config_.norm_eps)),
        cached_(cached),
        sequence_(make_sequence(backend, decoder.shape, cached + 1)) {
    const std::vector<std::int32_t> ids(static_cast<std::size_t>(cached), 1);
    x_ = hidden_states(backend, decoder, sequence_, ids).rows(cached - 1, cached);
    x_ = backend.copy(x_);
    q_ = row(config_.num_heads * config_.head_dim);
    k_ = row(config_.num_kv_heads * config_.head_dim);
    v_ = row(config_.num_kv_heads * config_.head_dim);
    heads_ = row(config_.num_heads * config_.head_dim);
    hidden_ = row(config_.intermediate_size);
    logits_ = row(config_.vocab_size);
    state_.token = backend.allocate_zeros(DType::I32, {1});
    state_.position = sequence_.position;
    state_.picked = backend.allocate_zeros(DType::I32, {1});
    state_.count = backend.allocate_zeros(DType::I32, {1});
  }

  StageTimes run(const TimedBatches& how, const std::stop_token& stop) {
    using enum LinearRole;
    StageTimes times;
    times.cached_tokens = cached_;
    const auto blocks = static_cast<std::int64_t>(decoder_.blocks.size());
    const auto time = [&](std::string name, std::int64_t calls, std::int64_t bytes,
                          std::function<void()> stages) {
      if (stop.stop_requested()) throw Error(ErrorKind::Cancelled, "bench stopped");
      const auto program = backend_.record(std::move(stages));
      return StageTime{std::move(name), calls, median_seconds(backend_, *program, how), bytes};
    };
    const auto in_blocks = [&](std::string name, std::int64_t bytes, auto stage) {
      times.stages.push_back(time(std::move(name), blocks, bytes, [this, stage] {
        for (std::size_t i = 0; i < decoder_.blocks.size(); ++i) (this->*stage)(i);
      }));
    };
    in_blocks("norm + q, k, v", weights({Query, Key, Value}), &StageBench::project);
    in_blocks("rotary + cache + attention", cache_bytes(), &StageBench::attend);
    in_blocks("o + residual", weights({Output}), &StageBench::output);
    in_blocks("norm + gate, up + activation", weights({Gate, Up}), &StageBench::gate_up);
    in_blocks("down + residual", weights({Down}), &StageBench::down);
    times.stages.push_back(time("norm + head", 1, weight_bytes(decoder_.head),
                                [this] { logits_of(backend_, decoder_, x_, logits_); }));
    times.stages.push_back(
        time("pick", 1, bytes_of(logits_), [this] { backend_.pick_greedy(logits_, state_); }));
    // Picking moved it.
    backend_.write(std::array{static_cast<std::int32_t>(cached_)}, state_.position);
    times.step = time("whole step", 1, decoder_.bytes_per_token() + cache_bytes(), [this] {
      decode_step(backend_, decoder_, sequence_, state_, limit(), logits_);
    });
    return times;
  }

 private:
  Tensor row(std::int64_t features) { return backend_.allocate_zeros(DType::F32, {1, features}); }

  std::int64_t limit() const {
    constexpr std::int64_t kLeast = 128;
    const auto wanted =
        static_cast<std::int64_t>(std::bit_ceil(static_cast<std::uint64_t>(cached_ + 1)));
    return std::min(std::max(wanted, kLeast), sequence_.capacity);
  }

  std::int64_t weights(std::initializer_list<LinearRole> roles) const {
    std::int64_t bytes = 0;
    for (const Block& block : decoder_.blocks) {
      for (const LinearRole role : roles) bytes += weight_bytes(block[role]);
    }
    return bytes;
  }
  std::int64_t cache_bytes() const {
    std::int64_t bytes = 0;
    for (const KvLayer& layer : sequence_.layers) {
      bytes += (bytes_of(layer.keys) + bytes_of(layer.values)) / sequence_.capacity * cached_;
    }
    return bytes;
  }

  void project(std::size_t i) {
    using enum LinearRole;
    const Block& block = decoder_.blocks[i];
    const std::array<LinearTarget, 3> targets = {LinearTarget{block[Query], q_},
                                                 LinearTarget{block[Key], k_},
                                                 LinearTarget{block[Value], v_}};
    backend_.norm_linears({block.attention_norm, eps_}, x_, targets, nullptr);
  }
  void attend(std::size_t i) {
    backend_.attention(decoder_.shape.attention(static_cast<std::int64_t>(i), limit(), kept_), q_,
                       k_, v_, {state_.position, limit()}, sequence_.layers[i], heads_);
  }
  void output(std::size_t i) {
    backend_.linear_residual(decoder_.blocks[i][LinearRole::Output], heads_, x_);
  }
  void gate_up(std::size_t i) {
    using enum LinearRole;
    const Block& block = decoder_.blocks[i];
    backend_.norm_gate_up({block.mlp_norm, eps_}, x_, block[Gate], block[Up], config_.activation,
                          hidden_, nullptr);
  }
  void down(std::size_t i) {
    backend_.linear_residual(decoder_.blocks[i][LinearRole::Down], hidden_, x_);
  }

  Backend& backend_;
  const Decoder& decoder_;
  const ModelConfig& config_;
  float eps_;
  std::int64_t cached_;
  Sequence sequence_;
  DecodeState state_;
  std::vector<float> kept_;
  Tensor x_, q_, k_, v_, heads_, hidden_, logits_;
};

/// Blocks of five stages; others have some between that would go unmeasured.
bool has_usual_stages(const Architecture& row) {
  return row.has(LinearRole::Gate) && row.norm == NormKind::Rms && row.query_norm.empty() &&
         row.placement == NormPlacement::Before;
}

}  // namespace

StageTimes measure_stages(Backend& backend, const LoadedModel& model, std::int64_t cached_tokens,
                          const TimedBatches& how, const std::stop_token& stop) {
  if (cached_tokens < 1) throw Error(ErrorKind::BadInput, "stages are timed behind a cached token");
  const Architecture& row = *model.decoder.shape.architecture;
  if (!has_usual_stages(row)) {
    throw Error(ErrorKind::Unsupported, "the stages of " + std::string(row.display_name) +
                                            " cannot be timed one by one; bench the whole model");
  }
  return StageBench(backend, model.decoder, cached_tokens).run(how, stop);
}

}  // namespace salient
