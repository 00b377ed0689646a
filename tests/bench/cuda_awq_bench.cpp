// SPDX-License-Identifier: Apache-2.0
// cuda_awq_bench CONFIG.json [SAMPLES] [SEQ_LEN] [GROUP] [BLOCKS] [MEMORY_GB]
// [BITS]: AWQ with scales and
// clip of a model with random weights on the GPU, by phase. Making the weights and copying them to
// the GPU (what reading a file would be) is told apart and not part of the total.

#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "engine/error.h"
#include "engine/model/synthetic_checkpoint.h"
#include "engine/quantization/quantization.h"

namespace {

using namespace salient;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

CalibrationWindows random_windows(std::int64_t samples, std::int64_t length, std::int64_t vocab) {
  CalibrationWindows windows;
  std::uint64_t state = 1;
  for (std::int64_t w = 0; w < samples; ++w) {
    std::vector<std::int32_t>& ids = windows.windows.emplace_back();
    for (std::int64_t i = 0; i < length; ++i) {
      state = state * 6364136223846793005U + 1442695040888963407U;
      ids.push_back(static_cast<std::int32_t>((state >> 33U) % static_cast<std::uint64_t>(vocab)));
    }
  }
  windows.token_count = samples * length;
  return windows;
}

std::int64_t argument(int argc, char** argv, int place, std::int64_t otherwise) {
  return argc > place ? std::atoll(argv[place]) : otherwise;
}

void run(int argc, char** argv) {
  const auto source = make_synthetic_checkpoint(argv[1], 0);
  const std::int64_t samples = argument(argc, argv, 2, 128), length = argument(argc, argv, 3, 512);
  const QuantScheme scheme{static_cast<int>(argument(argc, argv, 7, 4)),
                           argument(argc, argv, 4, 128)};
  const std::int64_t layers = source->config().num_layers;
  const std::int64_t blocks = std::min(argument(argc, argv, 5, layers), layers);
  const auto backend = make_cuda_backend(0, argument(argc, argv, 6, 0) * 1'000'000'000);
  const std::int64_t free_before = backend->device().free_memory;
  const DecoderShape shape = make_decoder_shape(source->config());
  CalibrationState state =
      embed_windows(*backend, load_embedding(*source, shape, DType::F16),
                    random_windows(samples, length, source->config().vocab_size));
  BlockOptions options;
  options.settings = [&](const LinearId&) { return LinearSettings{scheme}; };
  double load = 0, calibrate = 0, search = 0, rounding = 0;
  Clock::time_point last_trial;
  BlockSink sink;
  sink.on_trial = [&](const LinearId&, const AlphaTrial&) { last_trial = Clock::now(); };
  std::int64_t least_free = free_before;
  for (std::int64_t i = 0; i < blocks; ++i) {
    auto start = Clock::now();
    const Block block = upload(*backend, load_block(*source, shape, i, DType::F32));
    load += seconds_since(start);
    start = Clock::now();
    const ActivationStats stats = calibrate_block(*backend, shape, block, state, {}, {});
    calibrate += seconds_since(start);
    start = Clock::now();
    quantize_block(*backend, shape, block, i, stats, options, {}, sink);
    search += std::chrono::duration<double>(last_trial - start).count();
    rounding += seconds_since(last_trial);
    least_free = std::min(least_free, backend->device().free_memory);
  }
  const double all = static_cast<double>(layers) / static_cast<double>(blocks);
  std::printf("%s, %s, %lld x %lld tokens, W%d g%lld, %lld of %lld blocks\n",
              backend->device().name.c_str(), source->config().name.c_str(),
              static_cast<long long>(samples), static_cast<long long>(length), scheme.bits,
              static_cast<long long>(scheme.group_size), static_cast<long long>(blocks),
              static_cast<long long>(layers));
  std::printf(
      "forward and Gram %.2f s, search %.2f s, clip, codes and statistics %.2f s: %.1f s for all "
      "blocks; "
      "weights made and copied in %.1f s; GPU memory taken %.2f GB\n",
      calibrate, search, rounding, (calibrate + search + rounding) * all, load,
      static_cast<double>(free_before - least_free) / 1e9);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "cuda_awq_bench CONFIG.json [SAMPLES] [SEQ_LEN] [GROUP] [BLOCKS] [GB]\n");
    return 2;
  }
  try {
    run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
