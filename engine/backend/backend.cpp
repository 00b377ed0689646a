// SPDX-License-Identifier: Apache-2.0
#include "engine/backend/backend.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <utility>

namespace salient {
namespace {

/// Where nothing is gained by recording, running is calling.
class CalledProgram final : public Program {
 public:
  explicit CalledProgram(std::function<void()> stages) : stages_(std::move(stages)) {}
  void run() override { stages_(); }

 private:
  std::function<void()> stages_;
};

void keep_pick(std::int32_t token, DecodeState& state) {
  std::int32_t& count = state.count.as<std::int32_t>()[0];
  const auto picked = state.picked.as<std::int32_t>();
  picked[static_cast<std::size_t>(count) % picked.size()] = token;
  count += 1;
  state.position.as<std::int32_t>()[0] += 1;
  state.token.as<std::int32_t>()[0] = token;
}

}  // namespace

Tensor Backend::allocate(DType dtype, Shape shape) {
  return {dtype, std::move(shape)};
}

Tensor Backend::allocate_zeros(DType dtype, Shape shape) {
  return Tensor::zeros(dtype, std::move(shape));
}

Tensor Backend::upload(const Tensor& tensor) {
  return tensor;
}

Tensor Backend::download(const Tensor& tensor) {
  return tensor;
}

Tensor Backend::copy(const Tensor& tensor) {
  return tensor.clone();
}

void Backend::write(std::span<const std::int32_t> values, Tensor& tensor) {
  std::ranges::copy(values, tensor.as<std::int32_t>().begin());
}

KvLayer Backend::make_kv_layer(std::int64_t num_kv_heads, std::int64_t capacity,
                               std::int64_t head_dim) {
  const Shape shape = {num_kv_heads, capacity, head_dim};
  return {allocate(DType::F32, shape), allocate(DType::F32, shape)};
}

std::unique_ptr<Program> Backend::record(std::function<void()> stages) {
  return std::make_unique<CalledProgram>(std::move(stages));
}

Linear upload(Backend& backend, const Linear& linear) {
  const auto* dense = std::get_if<DenseLinear>(&linear);
  if (dense == nullptr) return linear;
  return DenseLinear{backend.upload_weight(dense->weight), backend.upload(dense->bias)};
}

double Backend::rounding_loss(const RoundingProblem& problem, const Tensor& gram) {
  Tensor error = allocate(DType::F32, problem.weight.shape());
  rounding_error(problem, error);
  std::vector<double> rows(static_cast<std::size_t>(error.dim(0)));
  quadratic_form(error, gram, rows);
  return std::accumulate(rows.begin(), rows.end(), 0.0);
}

void Backend::pick_greedy(const Tensor& logits, DecodeState& state) {
  keep_pick(greedy_pick(logits.as<float>()), state);
}

void Backend::pick_sampled(const Tensor& logits, const SamplingOptions& options,
                           DecodeState& state) {
  const auto given = logits.as<float>();
  std::vector<float> values(given.begin(), given.end());
  if (options.repetition_penalty != 1.0) {
    for (std::size_t id = 0; id < values.size(); ++id) {
      const bool seen = state.seen.data()[id] != std::byte{0};
      if (seen) values[id] = penalized(values[id], options.repetition_penalty);
    }
  }
  std::uint64_t draw = 0;
  std::memcpy(&draw, state.draws.data(), sizeof draw);
  const std::int32_t token = pick_token(values, options, draw);
  draw += options.temperature > 0 ? 1 : 0;
  std::memcpy(state.draws.data(), &draw, sizeof draw);
  if (!state.seen.empty()) state.seen.data()[token] = std::byte{1};
  keep_pick(token, state);
}

}  // namespace salient
