// SPDX-License-Identifier: Apache-2.0
// Every linear variant that supports a problem, against float64 on the host.

#include "kernels/cuda/packed_linear.h"

#include <cmath>
#include <cstring>
#include <memory>
#include <random>
#include <string>

#include <doctest/doctest.h>

#include "kernels/half.h"
#include "tests/kernels/device_array.h"

using namespace salient::kernels;
using namespace salient::kernels::cuda;
using salient::tests::DeviceArray;

namespace {

/// A case is a problem in numbers: bits 16 is dense.
struct LinearCase {
  int bits;
  std::int64_t group_size;
  std::int64_t in_features;
  std::vector<std::int64_t> out_features;
  std::int64_t tokens;
  bool norm = false;
  bool bias = false;
  Epilogue epilogue = Epilogue::Store;

  std::string name() const {
    std::string outs;
    for (const std::int64_t out : out_features) outs += " " + std::to_string(out);
    return "W" + std::to_string(bits) + " g" + std::to_string(group_size) + " in " +
           std::to_string(in_features) + " out" + outs + ", " + std::to_string(tokens) + " tokens" +
           (norm ? ", norm" : "") + (bias ? ", bias" : "") + ", epilogue " +
           std::to_string(static_cast<int>(epilogue));
  }
};

struct HostMatrix {
  TiledShape shape;
  std::vector<std::uint8_t> codes;
  std::vector<std::uint16_t> steps;
  std::vector<std::uint8_t> zero_points;
  std::vector<std::uint16_t> dense;
  std::vector<float> bias;

  double weight(std::int64_t row, std::int64_t k) const {
    const auto at = static_cast<std::size_t>(row * shape.in_features + k);
    if (shape.bits == 16) return salient::f16_to_f32(dense[at]);
    const auto group = static_cast<std::size_t>(row * shape.groups() + shape.group_of(k));
    return (static_cast<double>(codes[at]) - zero_points[group]) *
           static_cast<double>(salient::f16_to_f32(steps[group]));
  }
};

using Random = std::mt19937;

std::vector<float> normals(Random& random, std::int64_t count, float deviation) {
  std::normal_distribution<float> normal(0.0F, deviation);
  std::vector<float> values(static_cast<std::size_t>(count));
  for (float& value : values) value = normal(random);
  return values;
}

HostMatrix random_matrix(Random& random, const TiledShape& shape, bool bias) {
  HostMatrix matrix = {shape, {}, {}, {}, {}, {}};
  const std::int64_t count = shape.out_features * shape.in_features;
  if (bias) matrix.bias = normals(random, shape.out_features, 0.5F);
  if (shape.bits == 16) {
    for (const float value : normals(random, count, 0.05F)) {
      matrix.dense.push_back(salient::f32_to_f16(value));
    }
    return matrix;
  }
  std::uniform_int_distribution<int> code(0, (1 << shape.bits) - 1);
  std::uniform_real_distribution<float> step(0.001F, 0.02F);
  for (std::int64_t i = 0; i < count; ++i) {
    matrix.codes.push_back(static_cast<std::uint8_t>(code(random)));
  }
  for (std::int64_t i = 0; i < shape.out_features * shape.groups(); ++i) {
    matrix.steps.push_back(salient::f32_to_f16(step(random)));
    matrix.zero_points.push_back(static_cast<std::uint8_t>(code(random)));
  }
  return matrix;
}

/// On the device, as the kernels take it.
struct DeviceMatrix {
  std::unique_ptr<DeviceArray<std::uint8_t>> tiles;
  std::unique_ptr<DeviceArray<std::uint16_t>> dense;
  std::unique_ptr<DeviceArray<float>> bias;
  std::unique_ptr<DeviceArray<float>> output;

  DeviceMatrix(const HostMatrix& host, std::int64_t tokens, cudaStream_t stream) {
    const TiledShape& shape = host.shape;
    if (!host.bias.empty()) bias = std::make_unique<DeviceArray<float>>(host.bias);
    output =
        std::make_unique<DeviceArray<float>>(static_cast<std::size_t>(tokens * shape.out_features));
    if (shape.bits == 16) {
      dense = std::make_unique<DeviceArray<std::uint16_t>>(host.dense);
      return;
    }
    const DeviceArray<std::uint8_t> codes(host.codes);
    const DeviceArray<std::uint16_t> steps(host.steps);
    const DeviceArray<std::uint8_t> zero_points(host.zero_points);
    tiles = std::make_unique<DeviceArray<std::uint8_t>>(static_cast<std::size_t>(shape.bytes()));
    pack_tiles(shape, codes.data(), steps.data(), zero_points.data(), tiles->data(), stream);
    check(cudaStreamSynchronize(stream), "packing");
  }
  LinearTarget target(const TiledShape& shape) const {
    const void* weights = nullptr;
    if (tiles) weights = tiles->data();
    if (dense) weights = dense->data();
    return {shape, weights, bias ? bias->data() : nullptr, output->data()};
  }
};

/// A value and how far rounding x (and weights) to half may move it.
struct Expected {
  double value;
  double tolerance;
};

class Reference {
 public:
  Reference(const LinearCase& linear, std::vector<float> x, const std::vector<float>& norm_weight,
            double epsilon)
      : linear_(linear), x_(x.begin(), x.end()) {
    if (!linear.norm) return;
    for (std::int64_t token = 0; token < linear.tokens; ++token) {
      double* row = x_.data() + token * linear.in_features;
      double squares = 0;
      for (std::int64_t k = 0; k < linear.in_features; ++k) squares += row[k] * row[k];
      const double scale =
          1 / std::sqrt(squares / static_cast<double>(linear.in_features) + epsilon);
      for (std::int64_t k = 0; k < linear.in_features; ++k) {
        row[k] *= scale * static_cast<double>(norm_weight[static_cast<std::size_t>(k)]);
      }
    }
  }
  Expected dot(const HostMatrix& matrix, std::int64_t token, std::int64_t row) const {
    const double* x = x_.data() + token * linear_.in_features;
    double sum = 0;
    double squares = 0;
    for (std::int64_t k = 0; k < linear_.in_features; ++k) {
      const double product = x[k] * matrix.weight(row, k);
      sum += product;
      squares += product * product;
    }
    if (!matrix.bias.empty())
      sum += static_cast<double>(matrix.bias[static_cast<std::size_t>(row)]);
    return {sum, 3e-3 * std::sqrt(squares) + 1e-5};
  }

 private:
  const LinearCase& linear_;
  std::vector<double> x_;
};

Expected silu_gate(const Expected& gate, const Expected& up) {
  const double silu = gate.value / (1 + std::exp(-gate.value));
  return {silu * up.value, std::abs(up.value) * 1.2 * gate.tolerance +
                               std::abs(silu) * up.tolerance + gate.tolerance * up.tolerance};
}

/// The problem of a case on the device, its numbers, and what must come out.
class Problem {
 public:
  explicit Problem(const LinearCase& linear) : linear_(linear), random_(7) {
    check(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "stream");
    x_ = normals(random_, linear.tokens * linear.in_features, 1.0F);
    x_[static_cast<std::size_t>(linear.in_features / 2)] = 300.0F;
    norm_weight_ = normals(random_, linear.in_features, 0.4F);
    device_x_ = std::make_unique<DeviceArray<float>>(x_);
    device_norm_ = std::make_unique<DeviceArray<float>>(norm_weight_);
    problem_.x = device_x_->data();
    problem_.tokens = linear.tokens;
    problem_.in_features = linear.in_features;
    if (linear.norm) problem_.norm_weight = device_norm_->data();
    problem_.norm_epsilon = 1e-5F;
    problem_.epilogue = linear.epilogue;
    problem_.device = device_limits(0);
    add_targets();
  }
  ~Problem() { cudaStreamDestroy(stream_); }
  Problem(const Problem&) = delete;
  Problem& operator=(const Problem&) = delete;

  void run_all_variants() {
    int ran = 0;
    for (const LinearVariant& variant : linear_variants()) {
      if (!variant.supports(problem_)) continue;
      CAPTURE(std::string(variant.name));
      const auto first = outputs_of(variant);
      compare(first);
      CHECK(first == outputs_of(variant));
      ++ran;
    }
    CHECK(ran >= 1);
  }
  std::string first_variant() const {
    for (const LinearVariant& variant : linear_variants()) {
      if (variant.supports(problem_)) return variant.name;
    }
    return "none";
  }

 private:
  void add_targets() {
    problem_.target_count = static_cast<int>(linear_.out_features.size());
    std::int64_t outputs = 0;
    for (std::size_t i = 0; i < linear_.out_features.size(); ++i) {
      const TiledShape shape = {linear_.bits, linear_.out_features[i], linear_.in_features,
                                linear_.group_size};
      host_.push_back(random_matrix(random_, shape, linear_.bias));
      device_.push_back(std::make_unique<DeviceMatrix>(host_.back(), linear_.tokens, stream_));
      problem_.targets[i] = device_.back()->target(shape);
      outputs += shape.out_features;
    }
    residual_ = normals(random_, linear_.tokens * linear_.out_features[0], 1.0F);
    const std::size_t bytes = linear_workspace_bytes(linear_.tokens, linear_.in_features, outputs);
    workspace_ = std::make_unique<DeviceArray<std::uint8_t>>(bytes + 1);
    problem_.workspace = workspace_->data();
    problem_.workspace_bytes = bytes;
  }

  /// Matrices that are written: bits, so that NaN of unwritten elements compares too.
  std::vector<std::vector<float>> outputs_of(const LinearVariant& variant) {
    for (const auto& matrix : device_) {
      check(cudaMemset(matrix->output->data(), 0xFF, matrix->output->size() * sizeof(float)),
            "poison");
    }
    if (linear_.epilogue == Epilogue::AddResidual) {
      check(cudaMemcpy(device_[0]->output->data(), residual_.data(),
                       residual_.size() * sizeof(float), cudaMemcpyHostToDevice),
            "residual");
    }
    check(cudaDeviceSynchronize(), "poison");
    variant.launch(problem_, stream_);
    check(cudaStreamSynchronize(stream_), "variant");
    std::vector<std::vector<float>> outputs;
    const std::size_t written = linear_.epilogue == Epilogue::SiluGate ? 1 : device_.size();
    for (std::size_t i = 0; i < written; ++i) outputs.push_back(device_[i]->output->host());
    return outputs;
  }

  void compare(const std::vector<std::vector<float>>& outputs) {
    const Reference reference(linear_, x_, norm_weight_, 1e-5);
    double worst = 0;
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      const std::int64_t rows = linear_.out_features[i];
      for (std::int64_t token = 0; token < linear_.tokens; ++token) {
        for (std::int64_t row = 0; row < rows; ++row) {
          const auto at = static_cast<std::size_t>(token * rows + row);
          const Expected expected = expect(reference, i, token, row);
          const double error = std::abs(static_cast<double>(outputs[i][at]) - expected.value);
          worst = std::isnan(error) ? 1e9 : std::max(worst, error / expected.tolerance);
        }
      }
    }
    CHECK(worst <= 1.0);
  }

  Expected expect(const Reference& reference, std::size_t matrix, std::int64_t token,
                  std::int64_t row) const {
    Expected expected = reference.dot(host_[matrix], token, row);
    if (linear_.epilogue == Epilogue::SiluGate) {
      return silu_gate(expected, reference.dot(host_[1], token, row));
    }
    if (linear_.epilogue == Epilogue::AddResidual) {
      const auto at = static_cast<std::size_t>(token * linear_.out_features[matrix] + row);
      expected.value += static_cast<double>(residual_[at]);
    }
    return expected;
  }

  LinearCase linear_;
  Random random_;
  cudaStream_t stream_ = nullptr;
  std::vector<float> x_;
  std::vector<float> norm_weight_;
  std::vector<float> residual_;
  std::vector<HostMatrix> host_;
  std::vector<std::unique_ptr<DeviceMatrix>> device_;
  std::unique_ptr<DeviceArray<float>> device_x_;
  std::unique_ptr<DeviceArray<float>> device_norm_;
  std::unique_ptr<DeviceArray<std::uint8_t>> workspace_;
  LinearProblem problem_;
};

void run_case(const LinearCase& linear) {
  const std::string name = linear.name();
  CAPTURE(name);
  Problem(linear).run_all_variants();
}

}  // namespace

TEST_CASE("packed linears match float64 for every width and group, at one token") {
  if (!salient::tests::has_cuda_device()) return;
  for (const int bits : {2, 3, 4, 8}) {
    for (const std::int64_t group : {32, 64, 96, 128, 512, 100000}) {
      run_case({bits, group, 520, {77}, 1, false, true, Epilogue::Store});
    }
    run_case({bits, 64, 1100, {33, 20, 47}, 1, true, false, Epilogue::Store});
    run_case({bits, 128, 4224, {2203}, 1, true, true, Epilogue::AddResidual});
    run_case({bits, 32, 97, {11, 11}, 2, true, true, Epilogue::SiluGate});
    run_case({bits, 32, 100, {41, 41}, 1, true, true, Epilogue::SiluGate});
  }
}

TEST_CASE("packed linears match float64 for every number of tokens and every epilogue") {
  if (!salient::tests::has_cuda_device()) return;
  for (const std::int64_t tokens : {2, 3, 7, 8, 9, 16, 17, 33, 64, 65, 128}) {
    for (const int bits : {2, 3, 4, 8}) {
      run_case({bits, 64, 456, {35, 18, 21}, tokens, true, true, Epilogue::Store});
      run_case({bits, 32, 1036, {67}, tokens, false, false, Epilogue::AddResidual});
      run_case({bits, 128, 640, {53, 53}, tokens, true, true, Epilogue::SiluGate});
      run_case({bits, 64, 388, {290}, tokens, false, true, Epilogue::Store});
    }
  }
}

TEST_CASE("a linear whose activations outgrow shared memory is split along in_features") {
  if (!salient::tests::has_cuda_device()) return;
  run_case({4, 128, 11008, {40}, 16, false, true, Epilogue::AddResidual});
  run_case({4, 128, 11008, {19, 19}, 12, true, true, Epilogue::SiluGate});
  run_case({4, 64, 11008, {70}, 40, false, false, Epilogue::AddResidual});
  run_case({16, 1, 11008, {23, 24}, 9, true, false, Epilogue::Store});
}

TEST_CASE("dense linears match float64 for aligned and unaligned rows") {
  if (!salient::tests::has_cuda_device()) return;
  for (const std::int64_t tokens : {1, 2, 5, 16}) {
    for (const std::int64_t in : {64, 577, 600, 1032}) {
      run_case({16, 1, in, {35, 18, 21}, tokens, true, true, Epilogue::Store});
      run_case({16, 1, in, {300}, tokens, false, false, Epilogue::AddResidual});
      run_case({16, 1, in, {43, 43}, tokens, true, false, Epilogue::SiluGate});
    }
  }
}

TEST_CASE("more outputs than one pass of a block are written too") {
  if (!salient::tests::has_cuda_device()) return;
  run_case({4, 64, 64, {90001}, 1, true, true, Epilogue::Store});
  run_case({16, 1, 64, {70003}, 1, false, true, Epilogue::Store});
  run_case({4, 64, 64, {9001, 9001}, 6, true, true, Epilogue::SiluGate});
}

TEST_CASE("small token counts are streamed, large aligned ones are not left to the plain variant") {
  if (!salient::tests::has_cuda_device()) return;
  CHECK(Problem({4, 128, 512, {64}, 1}).first_variant() == "stream");
  CHECK(Problem({16, 1, 512, {64}, 1}).first_variant() == "stream");
  CHECK(Problem({4, 128, 512, {64}, 16}).first_variant() == "stream");
  CHECK(Problem({4, 128, 512, {64}, 17}).first_variant() == "batch");
  CHECK(Problem({3, 32, 512, {64}, 128}).first_variant() == "batch");
}

TEST_CASE("dequantized weights are the rounded products of code and step") {
  if (!salient::tests::has_cuda_device()) return;
  Random random(11);
  for (const int bits : {2, 3, 4, 8}) {
    for (const std::int64_t group : {32, 64, 128, 700}) {
      const TiledShape shape = {bits, 37, 333, group};
      const HostMatrix host = random_matrix(random, shape, false);
      cudaStream_t stream = nullptr;
      check(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "stream");
      const DeviceMatrix device(host, 1, stream);
      DeviceArray<std::uint16_t> weight(static_cast<std::size_t>(37 * 333));
      dequantize_tiles(shape, device.tiles->data(), weight.data(), stream);
      check(cudaStreamSynchronize(stream), "dequantizing");
      cudaStreamDestroy(stream);
      const auto actual = weight.host();
      std::size_t wrong = 0;
      for (std::size_t i = 0; i < actual.size(); ++i) {
        const auto at = static_cast<std::int64_t>(i);
        const auto expected = static_cast<float>(host.weight(at / 333, at % 333));
        if (actual[i] != salient::f32_to_f16(expected)) ++wrong;
      }
      CHECK(wrong == 0);
    }
  }
}
