// SPDX-License-Identifier: Apache-2.0
#include "engine/backend/backend.h"

#include <algorithm>
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
  return DenseLinear{backend.upload(dense->weight), backend.upload(dense->bias)};
}

double Backend::rounding_loss(const RoundingProblem& problem, const Tensor& gram) {
  Tensor error = allocate(DType::F32, problem.weight.shape());
  rounding_error(problem, error);
  std::vector<double> rows(static_cast<std::size_t>(error.dim(0)));
  quadratic_form(error, gram, rows);
  return std::accumulate(rows.begin(), rows.end(), 0.0);
}

void Backend::pick_greedy(const Tensor& logits, DecodeState& state) {
  const auto values = logits.as<float>();
  const auto token = static_cast<std::int32_t>(std::ranges::max_element(values) - values.begin());
  std::int32_t& count = state.count.as<std::int32_t>()[0];
  const auto picked = state.picked.as<std::int32_t>();
  picked[static_cast<std::size_t>(count) % picked.size()] = token;
  count += 1;
  state.position.as<std::int32_t>()[0] += 1;
  state.token.as<std::int32_t>()[0] = token;
}

}  // namespace salient
