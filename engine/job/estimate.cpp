// SPDX-License-Identifier: Apache-2.0
#include "engine/job/estimate.h"

#include <algorithm>
#include <array>
#include <numeric>

#include <sys/statvfs.h>

#include "engine/checkpoint/foreign_text.h"
#include "engine/error.h"
#include "engine/export/model_layout.h"
#include "engine/job/layer_rules.h"
#include "engine/report/numbers.h"

namespace salient {
namespace {

constexpr std::int64_t kFloat = 4;
constexpr std::int64_t kHalf = 2;
/// Program, libraries, tokenizer and buffers, measured on the command line.
constexpr std::int64_t kBaseBytes = 60'000'000;
/// Operations per second and core that the search and the forward pass reach in practice.
struct Rate {
  std::string_view instructions;
  double low, high;
};
constexpr std::array kRates = {Rate{"AVX-512", 40e9, 120e9}, Rate{"AVX2", 20e9, 60e9},
                               Rate{"cuda:", 10e12, 150e12}, Rate{"", 1e9, 6e9}};

struct Amounts {
  std::int64_t block_weights = 0;   ///< numbers in the linears of one block
  std::int64_t largest_linear = 0;  ///< numbers
  std::int64_t gram = 0;            ///< numbers in the Gram matrices of one block
  std::int64_t largest_gram = 0;
  std::int64_t embedding = 0;  ///< numbers
  std::int64_t tokens = 0;
  double forward = 0, statistics = 0, search = 0;  ///< operations
};

Amounts amounts_of(const DecoderShape& shape, const Plan& plan) {
  const ModelConfig& config = shape.config;
  Amounts amounts;
  amounts.tokens = plan.options.calibration.samples * plan.options.calibration.seq_len;
  amounts.embedding = config.vocab_size * config.hidden_size;
  std::array<std::int64_t, kSites.size()> features{};
  double search = 0;
  for (const LinearRow& row : shape.architecture->linears) {
    const Shape linear = linear_shape(config, row.role);
    const std::int64_t count = linear[0] * linear[1];
    features[index_of(row.input)] = linear[1];
    amounts.block_weights += count;
    amounts.largest_linear = std::max(amounts.largest_linear, count);
    search += static_cast<double>(count) * static_cast<double>(linear[1]) * (kAlphaSteps + 2);
  }
  for (const std::int64_t width : features) {
    amounts.gram += width * width;
    amounts.largest_gram = std::max(amounts.largest_gram, width * width);
  }
  const auto blocks = static_cast<double>(config.num_layers);
  const auto tokens = static_cast<double>(amounts.tokens);
  amounts.forward = 2 * tokens * blocks * static_cast<double>(amounts.block_weights);
  amounts.statistics = tokens * blocks * static_cast<double>(amounts.gram);
  amounts.search = plan.options.method == Method::Awq ? search * blocks : 0;
  return amounts;
}

PhaseEstimate phase(std::string name, std::int64_t bytes, double operations, const Rate& rate,
                    int threads) {
  const double cores = std::max(1, threads);
  return {std::move(name), kBaseBytes + bytes, operations / (rate.high * cores),
          operations / (rate.low * cores)};
}

void add_phases(const Backend& backend, const Amounts& amounts, const ModelConfig& config,
                Plan& plan) {
  const DeviceInfo device = backend.device();
  const auto* rate = std::ranges::find_if(kRates, [&](const Rate& row) {
    return device.details.find(row.instructions) != std::string::npos;
  });
  const std::int64_t hidden = amounts.tokens * config.hidden_size * kFloat;
  const std::int64_t weights = amounts.block_weights * kFloat;
  const std::int64_t gram = amounts.gram * kFloat;
  const std::int64_t window = plan.options.calibration.seq_len *
                              (6 * config.hidden_size + 3 * config.intermediate_size) * kFloat;
  const std::int64_t search = weights + gram + amounts.largest_gram * kFloat +
                              3 * amounts.largest_linear * kFloat + amounts.block_weights;
  const std::int64_t table = amounts.embedding * (kFloat + kHalf);
  const int threads = device.threads;
  plan.phases = {
      phase("read", table + hidden, 0, *rate, threads),
      phase("calibrate", hidden + weights + gram + window, amounts.forward + amounts.statistics,
            *rate, threads),
      phase("search", hidden + search, amounts.search, *rate, threads),
      phase("export", table + 2 * weights, 0, *rate, threads),
  };
  for (const PhaseEstimate& part : plan.phases) {
    plan.peak_memory_bytes = std::max(plan.peak_memory_bytes, part.memory_bytes);
  }
  plan.free_memory_bytes = device.free_memory;
  if (device.total_memory > 0 && plan.peak_memory_bytes > device.total_memory) {
    throw Error(ErrorKind::Resources,
                "the run needs about " + format_bytes(static_cast<double>(plan.peak_memory_bytes)) +
                    " of memory, the machine has " +
                    format_bytes(static_cast<double>(device.total_memory)) +
                    "; ask for fewer or shorter calibration windows");
  }
  if (plan.free_memory_bytes > 0 && plan.peak_memory_bytes > plan.free_memory_bytes) {
    plan.warnings.push_back(
        "The run needs about " + format_bytes(static_cast<double>(plan.peak_memory_bytes)) +
        " of memory, " + format_bytes(static_cast<double>(plan.free_memory_bytes)) + " are free.");
  }
}

std::int64_t packed_bytes(const DecoderShape& shape, const std::vector<LinearId>& linears,
                          const std::vector<LinearSettings>& settings) {
  std::int64_t bytes = 0;
  for (std::size_t i = 0; i < linears.size(); ++i) {
    const Shape linear = linear_shape(shape.config, linears[i].role);
    QuantizedMatrix matrix;
    matrix.scheme = settings[i].scheme;
    matrix.out_features = linear[0];
    matrix.in_features = linear[1];
    bytes += settings[i].keep_fp16 ? linear[0] * linear[1] * kHalf : matrix.packed_bytes();
  }
  return bytes;
}

std::int64_t table_bytes(const DecoderShape& shape) {
  const std::int64_t table = shape.config.vocab_size * shape.config.hidden_size * kHalf;
  return shape.config.tied_head ? table : 2 * table;
}

std::int64_t journal_bytes(const DecoderShape& shape, const Plan& plan, const Amounts& amounts) {
  std::int64_t bytes = 2 * amounts.tokens * shape.config.hidden_size * kFloat;
  for (std::size_t i = 0; i < plan.linears.size(); ++i) {
    const Shape linear = linear_shape(shape.config, plan.linears[i].role);
    const QuantScheme& scheme = plan.settings[i].scheme;
    const std::int64_t groups = linear[0] * scheme.num_groups(linear[1]);
    const std::int64_t codes = (linear[0] * linear[1] * scheme.bits + 7) / 8;
    bytes += plan.settings[i].keep_fp16 ? linear[0] * linear[1] * kFloat
                                        : codes + groups * (kHalf + 1 + kHalf);
    // Scales, magnitudes, and the report with its curve.
    bytes += 3 * linear[1] * kFloat + 4096;
  }
  return bytes;
}

}  // namespace

SizeEstimate estimate_size(const Checkpoint& checkpoint, const QuantScheme& scheme) {
  const DecoderShape shape = make_decoder_shape(checkpoint.config());
  const std::vector<LinearId> linears = linears_of(shape);
  LinearSettings common;
  common.scheme = scheme;
  const std::vector<LinearSettings> settings(linears.size(), common);
  SizeEstimate size;
  size.format = why_not(ExportFormat::Awq, shape.config, linears, settings).empty()
                    ? ExportFormat::Awq
                    : ExportFormat::Run;
  size.output_bytes =
      static_cast<std::int64_t>(export_bytes(size.format, checkpoint, linears, settings));
  size.quantized_bytes = packed_bytes(shape, linears, settings);
  size.embedding_bytes = table_bytes(shape);
  std::int64_t weights = 0;
  for (const LinearId& id : linears) weights += element_count(linear_shape(shape.config, id.role));
  size.bits_per_weight =
      8 * static_cast<double>(size.quantized_bytes) / static_cast<double>(weights);
  return size;
}

void add_estimates(const Backend& backend, const Checkpoint& checkpoint, const DecoderShape& shape,
                   Plan& plan) {
  const Amounts amounts = amounts_of(shape, plan);
  plan.parameters = checkpoint.parameter_count();
  for (const SourceFile& file : plan.files) plan.source_bytes += file.size;
  plan.fp16_bytes = static_cast<std::int64_t>(
      export_bytes(ExportFormat::Fp16, checkpoint, plan.linears, plan.settings));
  plan.output_bytes = static_cast<std::int64_t>(
      export_bytes(plan.options.format.value(), checkpoint, plan.linears, plan.settings));
  plan.embedding_bytes = table_bytes(shape);
  plan.quantized_bytes = packed_bytes(shape, plan.linears, plan.settings);
  plan.journal_bytes = journal_bytes(shape, plan, amounts);
  // The record in salient/ is less than what the journal holds beside codes.
  plan.disk_bytes = plan.output_bytes + plan.journal_bytes + plan.journal_bytes / 8;
  add_phases(backend, amounts, shape.config, plan);
}

void check_disk(Plan& plan) {
  const std::filesystem::path parent = std::filesystem::absolute(plan.options.target).parent_path();
  struct statvfs status {};
  if (::statvfs(parent.c_str(), &status) != 0) {
    throw Error(ErrorKind::BadInput,
                escaped(parent.string(), 4096) + ": is no folder to write to; make it first");
  }
  plan.free_disk_bytes = static_cast<std::int64_t>(status.f_bavail * status.f_frsize);
  if (plan.resumes || plan.disk_bytes <= plan.free_disk_bytes) return;
  throw Error(ErrorKind::Resources,
              escaped(parent.string(), 4096) + ": the run needs " +
                  format_bytes(static_cast<double>(plan.disk_bytes)) + " of disk, " +
                  format_bytes(static_cast<double>(plan.free_disk_bytes)) + " are free (" +
                  format_bytes(static_cast<double>(plan.disk_bytes - plan.free_disk_bytes)) +
                  " missing)");
}

}  // namespace salient
