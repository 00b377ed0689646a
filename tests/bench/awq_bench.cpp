// SPDX-License-Identifier: Apache-2.0
// awq_bench MODEL TEXT [SAMPLES SEQ_LEN]: what AWQ with clip costs, block by block, as a share of
// the float32 matrix-product rate measured in the same run; and what a knob costs on one linear.
// Nothing is written. Operations counted: the forward pass, the Gram matrices as triangles and the
// search as triangles; clip search, rounding and statistics count as nothing, so their time is pure
// loss.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "engine/quantization/quantization.h"

namespace {

using namespace salient;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Best of many products of the model's own commonest shape, in operations a second.
double matrix_rate(Backend& backend, const ModelConfig& config) {
  const std::int64_t tokens = 512;
  Tensor x = Tensor::zeros(DType::F32, {tokens, config.hidden_size});
  Tensor y(DType::F32, {tokens, config.intermediate_size});
  Tensor weight(DType::F32, {config.intermediate_size, config.hidden_size});
  for (Tensor* tensor : {&x, &weight}) {
    auto values = tensor->as<float>();
    for (std::size_t i = 0; i < values.size(); ++i) {
      values[i] = static_cast<float>((i * 2654435761U) % 1000U) / 1000.0F - 0.5F;
    }
  }
  const Linear linear = DenseLinear{weight, {}};
  double best = 1e9;
  for (int repeat = 0; repeat < 200; ++repeat) {
    const auto start = Clock::now();
    backend.linear(linear, x, y);
    best = std::min(best, seconds_since(start));
  }
  return 2.0 * static_cast<double>(tokens * config.hidden_size * config.intermediate_size) / best;
}

double operations_per_block(const DecoderShape& shape, std::int64_t tokens, std::int64_t seq_len) {
  const ModelConfig& config = shape.config;
  double forward = 0;
  double search = 0;
  std::vector<double> sites(kSites.size());
  for (const LinearRow& row : shape.architecture->linears) {
    const Shape size = linear_shape(config, row.role);
    const auto out = static_cast<double>(size[0]);
    const auto in = static_cast<double>(size[1]);
    forward += 2 * out * in * static_cast<double>(tokens);
    search += kAlphaSteps * out * in * in;
    sites[index_of(row.input)] = in;
  }
  double gram = 0;
  for (const double in : sites) gram += in * in * static_cast<double>(tokens);
  const double attention = 2.0 * static_cast<double>(tokens) * static_cast<double>(seq_len) *
                           static_cast<double>(config.num_heads * config.head_dim);
  return forward + attention + gram + search;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

/// A change of bits on the open linear: the 20 losses again, from the cached Gram matrix.
void time_knob(Backend& backend, const DecoderShape& shape, const Block& block,
               const ActivationStats& stats, LinearRole role) {
  const LinearId id{0, role};
  SearchProblem problem;
  LinearSettings settings;
  settings.scheme.group_size = 64;
  const auto& dense = std::get<DenseLinear>(block[role]);
  problem.consumers = {{id, &dense.weight, settings}};
  problem.input = &stats[shape.architecture->row(role).input];
  problem.producer = shape.architecture->group_at(shape.architecture->row(role).input).producer;
  problem.config = &shape.config;
  for (const SearchEffort effort : {SearchEffort::Estimate, SearchEffort::Exact}) {
    std::vector<double> times;
    for (int repeat = 0; repeat < 11; ++repeat) {
      problem.consumers[0].settings.scheme.bits = repeat % 2 == 0 ? 3 : 4;
      const auto start = Clock::now();
      search_scales(backend, problem, effort, {}, {});
      times.push_back(seconds_since(start) * 1e3);
    }
    std::printf("knob to curve, %s, %s: %.0f ms (median of %zu)\n",
                std::string(short_name(role)).c_str(),
                effort == SearchEffort::Exact ? "exact" : "estimate", median(times), times.size());
  }
}

std::int64_t peak_rss_bytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return std::stoll(line.substr(6)) * 1024;
  }
  return 0;
}

void run(const char* model, const char* text_path, const CalibrationOptions& options) {
  const auto backend = make_cpu_backend();
  const auto checkpoint = open_checkpoint(model);
  const DecoderShape shape = make_decoder_shape(*checkpoint);
  const auto tokenizer = load_tokenizer(checkpoint->tokenizer_source());
  std::ifstream file(text_path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const CalibrationWindows windows = make_windows(*tokenizer, text, options);
  CalibrationState state =
      embed_windows(*backend, load_embedding(*checkpoint, shape, DType::F16), windows);
  BlockOptions block_options;
  block_options.settings = [](const LinearId&) {
    LinearSettings settings;
    settings.scheme.group_size = 64;
    return settings;
  };
  const double rate_before = matrix_rate(*backend, shape.config);
  double calibrate = 0;
  double search = 0;
  double load = 0;
  for (std::int64_t i = 0; i < shape.config.num_layers; ++i) {
    auto phase = Clock::now();
    const Block block = load_block(*checkpoint, shape, i, DType::F32);
    load += seconds_since(phase);
    phase = Clock::now();
    const ActivationStats stats = calibrate_block(*backend, shape, block, state, {}, {});
    calibrate += seconds_since(phase);
    phase = Clock::now();
    quantize_block(*backend, shape, block, i, stats, block_options, {}, {});
    search += seconds_since(phase);
    if (i == shape.config.num_layers - 1)
      time_knob(*backend, shape, block, stats, LinearRole::Down);
  }
  const double total = load + calibrate + search;
  const double rate = std::max(rate_before, matrix_rate(*backend, shape.config));
  const double operations = operations_per_block(shape, windows.token_count, options.seq_len) *
                            static_cast<double>(shape.config.num_layers);
  std::printf("%s\nmatrix products in this run: %.0f GFLOP/s\n", backend->device().details.c_str(),
              rate / 1e9);
  std::printf(
      "AWQ with clip, %lld x %lld tokens: %.1f s (read %.1f, forward and Gram %.1f, search %.1f)\n",
      static_cast<long long>(windows.windows.size()), static_cast<long long>(options.seq_len),
      total, load, calibrate, search);
  std::printf("%.2f TFLOP at %.0f GFLOP/s, %.0f %% of the matrix-product rate\n", operations / 1e12,
              operations / total / 1e9, 100 * operations / total / rate);
  std::printf("peak memory %.2f GB\n", static_cast<double>(peak_rss_bytes()) / 1e9);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "awq_bench MODEL TEXT [SAMPLES SEQ_LEN]\n");
    return 2;
  }
  CalibrationOptions options;
  if (argc > 4) {
    options.samples = std::stoll(argv[3]);
    options.seq_len = std::stoll(argv[4]);
  }
  try {
    run(argv[1], argv[2], options);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "awq_bench: %s\n", error.what());
    return 1;
  }
  return 0;
}
