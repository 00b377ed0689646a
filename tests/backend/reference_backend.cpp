// SPDX-License-Identifier: Apache-2.0
#include "tests/backend/reference_backend.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <stdexcept>

#include "tests/backend/reference_rounding.h"

namespace salient::tests {
namespace {

/// A linear as float32 weight and bias, whatever holds it. The oracle's own packing is plain
/// float32.
struct PlainLinear {
  Tensor weight;  ///< [out_features, in_features] F32
  Tensor bias;    ///< [out_features] F32, or empty
};

PlainLinear plain(const Linear& linear) {
  if (const auto* dense = std::get_if<DenseLinear>(&linear)) {
    return {dense->weight.to(DType::F32), dense->bias};
  }
  const auto& packed = std::get<PackedLinear>(linear);
  Tensor weight(DType::F32, {packed.out_features, packed.in_features});
  std::memcpy(weight.data(), packed.packed.data(), weight.bytes());
  return {weight, packed.bias};
}

void expect(bool fits, const char* what) {
  if (!fits) throw std::logic_error(what);
}

std::size_t at(std::int64_t row, std::int64_t columns, std::int64_t column) {
  return static_cast<std::size_t>(row * columns + column);
}

class ReferenceBackend final : public Backend {
 public:
  DeviceInfo device() const override { return {"reference", "float64 loops", 1, 0, 0}; }
  double measure_read_bandwidth(std::int64_t /*bytes*/) override { return 1e9; }
  double measure_copy_bandwidth(std::int64_t /*bytes*/) override { return 1e9; }
  void set_activation_precision(ActivationPrecision /*precision*/) override {}

  PackedLinear pack(const QuantizedMatrix& matrix, Tensor bias) override {
    const Tensor weight = dequantize(matrix);
    Tensor packed(DType::U8, {static_cast<std::int64_t>(weight.bytes())});
    std::memcpy(packed.data(), weight.data(), weight.bytes());
    return {matrix.scheme, matrix.out_features, matrix.in_features, packed, std::move(bias)};
  }

  void embed(const Tensor& table, const Tensor& ids, Tensor& x) override {
    embed_plain(table.to(DType::F32), ids.as<std::int32_t>(), x);
  }
  void embed_packed(const PackedLinear& table, const Tensor& ids, Tensor& x) override {
    embed_plain(plain(table).weight, ids.as<std::int32_t>(), x);
  }

  void norm_linears(const Norm& norm, const Tensor& x, std::span<const LinearTarget> targets,
                    Tensor* normed) override {
    const Tensor h = normalize(norm, x);
    for (const LinearTarget& target : targets) linear(target.linear, h, target.output);
    if (normed != nullptr) std::memcpy(normed->data(), h.data(), h.bytes());
  }

  void attention(const AttentionShape& shape, Tensor& q, Tensor& k, const Tensor& v,
                 const CachePosition& position, KvLayer& cache, Tensor& out) override;

  void linear_residual(const Linear& linear_, const Tensor& input, Tensor& x) override {
    Tensor y(DType::F32, x.shape());
    linear(linear_, input, y);
    for (std::size_t i = 0; i < y.as<float>().size(); ++i) x.as<float>()[i] += y.as<float>()[i];
  }

  void norm_gate_up(const Norm& norm, const Tensor& x, const Linear& gate, const Linear& up,
                    Activation /*activation*/, Tensor& hidden, Tensor* normed) override {
    Tensor g(DType::F32, hidden.shape());
    const std::array<LinearTarget, 2> targets = {LinearTarget{gate, g}, LinearTarget{up, hidden}};
    norm_linears(norm, x, targets, normed);
    for (std::size_t i = 0; i < g.as<float>().size(); ++i) {
      const auto z = static_cast<double>(g.as<float>()[i]);
      hidden.as<float>()[i] =
          static_cast<float>(z / (1 + std::exp(-z)) * static_cast<double>(hidden.as<float>()[i]));
    }
  }

  void linear(const Linear& linear, const Tensor& input, Tensor& output) override {
    const PlainLinear p = plain(linear);
    const std::int64_t out = p.weight.dim(0), in = p.weight.dim(1);
    expect(input.dim(1) == in && output.dim(1) == out && output.dim(0) == input.dim(0),
           "linear: shapes");
    for (std::int64_t t = 0; t < input.dim(0); ++t) {
      for (std::int64_t o = 0; o < out; ++o) {
        double sum = p.bias.empty() ? 0.0 : static_cast<double>(p.bias.as<float>()[at(0, 0, o)]);
        for (std::int64_t j = 0; j < in; ++j) {
          sum += static_cast<double>(p.weight.as<float>()[at(o, in, j)]) *
                 static_cast<double>(input.as<float>()[at(t, in, j)]);
        }
        output.as<float>()[at(t, out, o)] = static_cast<float>(sum);
      }
    }
  }

  void accumulate_gram(const Tensor& x, Tensor& gram) override {
    const std::int64_t n = x.dim(1);
    for (std::int64_t i = 0; i < n; ++i) {
      for (std::int64_t j = 0; j <= i; ++j) {
        double sum = 0;
        for (std::int64_t t = 0; t < x.dim(0); ++t) {
          sum += static_cast<double>(x.as<float>()[at(t, n, i)]) *
                 static_cast<double>(x.as<float>()[at(t, n, j)]);
        }
        gram.as<float>()[at(i, n, j)] += static_cast<float>(sum);
      }
    }
  }

  void accumulate_magnitude(const Tensor& x, Tensor& sums, Tensor& maxima) override {
    const auto sum = sums.as<double>();
    const auto max = maxima.as<float>();
    const std::int64_t n = x.dim(1);
    for (std::int64_t t = 0; t < x.dim(0); ++t) {
      for (std::int64_t i = 0; i < n; ++i) {
        const float magnitude = std::abs(x.as<float>()[at(t, n, i)]);
        sum[at(0, 0, i)] += static_cast<double>(magnitude);
        max[at(0, 0, i)] = std::max(max[at(0, 0, i)], magnitude);
      }
    }
  }

  void rounding_error(const RoundingProblem& problem, Tensor& error) override;
  void quadratic_form(const Tensor& error, const Tensor& gram,
                      std::span<double> row_losses) override;
  void clip_search(const Tensor& weight, const Tensor& gram, const QuantScheme& scheme,
                   Tensor& clip) override;
  QuantizedMatrix quantize(const RoundingProblem& problem) override;

 private:
  static void embed_plain(const Tensor& table, std::span<const std::int32_t> ids, Tensor& x) {
    for (std::size_t t = 0; t < ids.size(); ++t) {
      const Tensor row = table.rows(ids[t], ids[t] + 1);
      std::memcpy(x.data() + t * row.bytes(), row.data(), row.bytes());
    }
  }

  static Tensor normalize(const Norm& norm, const Tensor& x) {
    Tensor h(DType::F32, x.shape());
    const std::int64_t n = x.dim(1);
    expect(norm.weight.size() == n, "norm: shapes");
    for (std::int64_t t = 0; t < x.dim(0); ++t) {
      double squares = 0;
      for (std::int64_t i = 0; i < n; ++i) {
        squares += std::pow(static_cast<double>(x.as<float>()[at(t, n, i)]), 2);
      }
      const double inverse =
          1 / std::sqrt(squares / static_cast<double>(n) + static_cast<double>(norm.eps));
      for (std::int64_t i = 0; i < n; ++i) {
        h.as<float>()[at(t, n, i)] =
            static_cast<float>(static_cast<double>(x.as<float>()[at(t, n, i)]) * inverse *
                               static_cast<double>(norm.weight.as<float>()[at(0, 0, i)]));
      }
    }
    return h;
  }
};

/// Rotates pairs (i, i + head_dim / 2) of one head by position times frequency.
void rotate(std::span<float> head, std::span<const float> inverse_frequencies,
            std::int64_t position) {
  const std::size_t half = head.size() / 2;
  for (std::size_t i = 0; i < half; ++i) {
    const double angle =
        static_cast<double>(position) * static_cast<double>(inverse_frequencies[i]);
    const auto a = static_cast<double>(head[i]), b = static_cast<double>(head[i + half]);
    head[i] = static_cast<float>(a * std::cos(angle) - b * std::sin(angle));
    head[i + half] = static_cast<float>(b * std::cos(angle) + a * std::sin(angle));
  }
}

/// Rotates q and k and appends k and v to the cache.
void rotate_and_append(const AttentionShape& shape, Tensor& q, Tensor& k, const Tensor& v,
                       std::int64_t position, KvLayer& cache) {
  const std::int64_t dim = shape.head_dim, capacity = cache.keys.dim(1);
  const auto width = static_cast<std::size_t>(dim);
  for (std::int64_t t = 0; t < q.dim(0); ++t) {
    for (std::int64_t h = 0; h < shape.num_heads; ++h) {
      rotate(q.as<float>().subspan(at(t, shape.num_heads * dim, h * dim), width),
             shape.inverse_frequencies, position + t);
    }
    for (std::int64_t h = 0; h < shape.num_kv_heads; ++h) {
      const std::size_t from = at(t, shape.num_kv_heads * dim, h * dim);
      const std::size_t to = at(h * capacity + position + t, dim, 0);
      const auto key = k.as<float>().subspan(from, width);
      const auto value = v.as<float>().subspan(from, width);
      rotate(key, shape.inverse_frequencies, position + t);
      std::copy(key.begin(), key.end(), cache.keys.as<float>().subspan(to, width).begin());
      std::copy(value.begin(), value.end(), cache.values.as<float>().subspan(to, width).begin());
    }
  }
}

/// One query head over `keys` and `values` [seen, head_dim].
void attend(std::span<const float> query, std::span<const float> keys,
            std::span<const float> values, std::span<float> out) {
  const std::size_t dim = query.size(), seen = keys.size() / dim;
  std::vector<double> weights(seen, 0.0);
  for (std::size_t s = 0; s < seen; ++s) {
    for (std::size_t i = 0; i < dim; ++i) {
      weights[s] += static_cast<double>(query[i]) * static_cast<double>(keys[s * dim + i]);
    }
    weights[s] /= std::sqrt(static_cast<double>(dim));
  }
  const double highest = *std::max_element(weights.begin(), weights.end());
  double total = 0;
  for (double& weight : weights) total += weight = std::exp(weight - highest);
  for (std::size_t i = 0; i < dim; ++i) {
    double sum = 0;
    for (std::size_t s = 0; s < seen; ++s) {
      sum += weights[s] * static_cast<double>(values[s * dim + i]);
    }
    out[i] = static_cast<float>(sum / total);
  }
}

void ReferenceBackend::attention(const AttentionShape& shape, Tensor& q, Tensor& k, const Tensor& v,
                                 const CachePosition& first, KvLayer& cache, Tensor& out) {
  const std::int64_t position = first.first.as<std::int32_t>()[0];
  const std::int64_t dim = shape.head_dim, capacity = cache.keys.dim(1);
  expect(position + q.dim(0) <= capacity, "attention: the cache is full");
  rotate_and_append(shape, q, k, v, position, cache);
  const std::int64_t sharing = shape.num_heads / shape.num_kv_heads;
  for (std::int64_t t = 0; t < q.dim(0); ++t) {
    const auto seen = static_cast<std::size_t>((position + t + 1) * dim);
    for (std::int64_t h = 0; h < shape.num_heads; ++h) {
      const std::size_t query = at(t, shape.num_heads * dim, h * dim);
      const std::size_t cached = at(h / sharing * capacity, dim, 0);
      attend(q.as<float>().subspan(query, std::size_t(dim)),
             cache.keys.as<float>().subspan(cached, seen),
             cache.values.as<float>().subspan(cached, seen),
             out.as<float>().subspan(query, std::size_t(dim)));
    }
  }
}

void ReferenceBackend::rounding_error(const RoundingProblem& problem, Tensor& error) {
  const std::int64_t in = problem.weight.dim(1);
  const std::vector<double> values = scaled_and_clipped(problem);
  for (std::int64_t o = 0; o < problem.weight.dim(0); ++o) {
    for (std::int64_t g = 0; g < problem.scheme.num_groups(in); ++g) {
      const Columns columns = columns_of(problem.scheme, in, g);
      const RoundedGroup rounded =
          round_group(std::span(values).subspan(at(o, in, columns.begin),
                                                std::size_t(columns.end - columns.begin)),
                      problem.scheme);
      for (std::int64_t k = columns.begin; k < columns.end; ++k) {
        const double scale = problem.channel_scales.empty()
                                 ? 1.0
                                 : static_cast<double>(problem.channel_scales[at(0, 0, k)]);
        error.as<float>()[at(o, in, k)] =
            static_cast<float>(rounded.values[at(0, 0, k - columns.begin)] / scale -
                               static_cast<double>(problem.weight.as<float>()[at(o, in, k)]));
      }
    }
  }
}

void ReferenceBackend::quadratic_form(const Tensor& error, const Tensor& gram,
                                      std::span<double> row_losses) {
  const std::int64_t n = error.dim(1);
  expect(gram.dim(0) == n && gram.dim(1) == n, "quadratic_form: shapes");
  for (std::int64_t o = 0; o < error.dim(0); ++o) {
    const auto row = error.as<float>().subspan(at(o, n, 0), std::size_t(n));
    row_losses[at(0, 0, o)] = quadratic(std::vector<double>(row.begin(), row.end()), gram, {0, n});
  }
}

void ReferenceBackend::clip_search(const Tensor& weight, const Tensor& gram,
                                   const QuantScheme& scheme, Tensor& clip) {
  constexpr int kCandidates = 10;
  const std::int64_t in = weight.dim(1), groups = scheme.num_groups(in);
  for (std::int64_t o = 0; o < weight.dim(0); ++o) {
    for (std::int64_t g = 0; g < groups; ++g) {
      const Columns columns = columns_of(scheme, in, g);
      const auto row = weight.as<float>().subspan(at(o, in, columns.begin),
                                                  std::size_t(columns.end - columns.begin));
      double widest = 0;
      for (const float w : row) widest = std::max(widest, std::abs(static_cast<double>(w)));
      double best = std::numeric_limits<double>::infinity();
      for (int i = 0; i < kCandidates; ++i) {
        const auto limit = static_cast<float>(widest * (1 - i / 20.0));
        std::vector<double> clamped;
        for (const float w : row) clamped.push_back(double(std::clamp(w, -limit, limit)));
        std::vector<double> error = round_group(clamped, scheme).values;
        for (std::size_t k = 0; k < error.size(); ++k) error[k] -= static_cast<double>(row[k]);
        const double loss = quadratic(error, gram, columns);
        if (loss >= best) continue;
        best = loss;
        clip.as<float>()[at(o, groups, g)] = limit;
      }
    }
  }
}

QuantizedMatrix ReferenceBackend::quantize(const RoundingProblem& problem) {
  QuantizedMatrix matrix;
  matrix.scheme = problem.scheme;
  matrix.out_features = problem.weight.dim(0);
  matrix.in_features = problem.weight.dim(1);
  const std::vector<double> values = scaled_and_clipped(problem);
  for (std::int64_t o = 0; o < matrix.out_features; ++o) {
    for (std::int64_t g = 0; g < matrix.num_groups(); ++g) {
      const Columns columns = columns_of(problem.scheme, matrix.in_features, g);
      const RoundedGroup rounded =
          round_group(std::span(values).subspan(at(o, matrix.in_features, columns.begin),
                                                std::size_t(columns.end - columns.begin)),
                      problem.scheme);
      matrix.steps.push_back(rounded.step_bits);
      matrix.zero_points.push_back(static_cast<std::uint8_t>(rounded.zero_point));
      for (const int code : rounded.codes) {
        matrix.codes.push_back(static_cast<std::uint8_t>(code));
      }
    }
  }
  return matrix;
}

}  // namespace

std::unique_ptr<Backend> make_reference_backend() {
  return std::make_unique<ReferenceBackend>();
}

}  // namespace salient::tests
