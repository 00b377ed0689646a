// SPDX-License-Identifier: Apache-2.0
#include "recorded_run.h"

#include <algorithm>
#include <cmath>
#include <random>

#include "ui/bridge/study_planes.h"

namespace salient::tests {
namespace {

constexpr std::int64_t kBlocks = 30;
constexpr std::int64_t kHidden = 576;
constexpr std::int64_t kMlp = 1536;
constexpr std::int64_t kKv = 192;

Shape shape_of(LinearRole role) {
  switch (role) {
    case LinearRole::Query:
    case LinearRole::Output:
      return {kHidden, kHidden};
    case LinearRole::Key:
    case LinearRole::Value:
      return {kKv, kHidden};
    case LinearRole::Gate:
    case LinearRole::Up:
      return {kMlp, kHidden};
    case LinearRole::Down:
      return {kHidden, kMlp};
  }
  return {};
}

std::uint32_t seed_of(std::int64_t block, std::size_t what) {
  return static_cast<std::uint32_t>(block * 31 + static_cast<std::int64_t>(what) + 7);
}

Site site_of(LinearRole role) {
  return find_architecture("llama")->row(role).input;
}

/// A valley over α whose depth and place differ by linear, deeper for fewer bits.
AlphaCurve curve_of(const LinearId& id, const QuantScheme& scheme) {
  std::mt19937 random(seed_of(id.block, 40 + index_of(id.role)));
  std::uniform_real_distribution<double> unit(0, 1);
  const double best = 0.3 + 0.4 * unit(random);
  const double gain = (id.role == LinearRole::Value ? 1.1 : 0.5) * (0.3 + unit(random)) +
                      (id.role == LinearRole::Down && unit(random) > 0.85 ? 2.0 : 0.0);
  const double level =
      std::exp2(-2.0 * (scheme.bits - 4)) *
      std::sqrt(static_cast<double>(std::max<std::int64_t>(scheme.group_size, 32)) / 64.0);
  AlphaCurve curve;
  curve.signal = 12.0;
  for (int i = 0; i < kAlphaSteps; ++i) {
    const double alpha = static_cast<double>(i) / kAlphaSteps;
    const double along = alpha < best ? alpha / best : 1 - (alpha - best) / (1.25 - best);
    const double depth = gain * std::sin(along * 1.5708);
    curve.trials.push_back({alpha, 0.06 * level * std::exp(-depth), true});
    if (curve.trials.back().loss < curve.trials[curve.best].loss) {
      curve.best = static_cast<std::size_t>(i);
    }
  }
  return curve;
}

void add_block(std::vector<Event>& events, const Plan& plan, std::int64_t block) {
  events.emplace_back(BlockStarted{block});
  for (std::int64_t window = 1; window <= 16; ++window) {
    events.emplace_back(WindowCalibrated{block, window, 16});
  }
  auto stats = std::make_shared<ActivationStats>();
  for (const Site site : kSites) (*stats)[site] = recorded_site(block, site);
  events.emplace_back(StatsMeasured{block, std::move(stats)});
  for (std::size_t i = 0; i < plan.linears.size(); ++i) {
    const LinearId& id = plan.linears[i];
    if (id.block != block) continue;
    ui::StudyRequest::Known known = recorded_result(id, plan.settings[i], Steps::Skip);
    for (const AlphaTrial& trial : known.report.curve.trials) {
      events.emplace_back(AlphaTried{id, trial});
    }
    events.emplace_back(LinearQuantized{known.report, known.channelScales});
  }
  events.emplace_back(BlockFinished{block, 1.5, 1.5 * static_cast<double>(kBlocks - 1 - block),
                                    std::int64_t{900'000'000}});
}

}  // namespace

SiteStats recorded_site(std::int64_t block, Site site) {
  std::mt19937 random(seed_of(block, 100 + index_of(site)));
  std::lognormal_distribution<float> usual(-1.2F, 0.35F);
  std::lognormal_distribution<float> strong(1.2F, 0.7F);
  const std::int64_t features = site == Site::MlpHidden ? kMlp : kHidden;
  SiteStats stats;
  stats.tokens = 16 * 256;
  stats.magnitude.resize(static_cast<std::size_t>(features));
  for (float& value : stats.magnitude) value = usual(random);
  std::uniform_int_distribution<std::size_t> place(0, stats.magnitude.size() - 1);
  for (std::int64_t i = 0; i < features / 100; ++i) {
    stats.magnitude[place(random)] = 2 + strong(random);
  }
  for (const float value : stats.magnitude) {
    stats.energy.push_back(1.4F * value * value * static_cast<float>(stats.tokens));
  }
  stats.max = stats.magnitude;
  for (float& value : stats.max) value *= 6;
  return stats;
}

Tensor recorded_weight(const LinearId& id) {
  std::mt19937 random(seed_of(id.block, index_of(id.role)));
  std::normal_distribution<float> value(0.0F, 0.06F);
  Tensor weight(DType::F32, shape_of(id.role));
  for (float& w : weight.as<float>()) w = value(random);
  return weight;
}

ui::StudyRequest::Known recorded_result(const LinearId& id, const LinearSettings& settings,
                                        Steps steps) {
  const SiteStats stats = recorded_site(id.block, site_of(id.role));
  ui::StudyRequest::Known known;
  LinearReport& report = known.report;
  report.id = id;
  report.name = find_architecture("llama")->linear_name(id.block, id.role);
  const Shape shape = shape_of(id.role);
  report.out_features = shape[0];
  report.in_features = shape[1];
  report.settings = settings;
  report.curve = curve_of(id, settings.scheme);
  report.alpha = settings.alpha.value_or(report.curve.trials[report.curve.best].alpha);
  report.signal = report.curve.signal;
  report.loss_rtn = report.curve.trials.front().loss;
  for (const AlphaTrial& trial : report.curve.trials) {
    if (std::abs(trial.alpha - report.alpha) < 0.026) report.loss_scaled = trial.loss;
  }
  report.loss = report.loss_scaled * (settings.clip == ClipMode::Search ? 0.8 : 1.0);
  known.channelScales = channel_scales_for(stats.magnitude, report.alpha);
  if (steps == Steps::Measure) {
    report.steps = step_statistics(*make_cpu_backend(1), recorded_weight(id), known.channelScales,
                                   salient_channels(stats.magnitude, 0.01), settings.scheme);
  }
  report.packed_bytes = report.out_features * report.in_features * settings.scheme.bits / 8 +
                        report.out_features * settings.scheme.num_groups(report.in_features) * 3;
  return known;
}

std::shared_ptr<const Plan> recorded_plan(const JobOptions& options) {
  auto plan = std::make_shared<Plan>();
  plan->options = options;
  if (!options.group_size_given) plan->options.scheme.group_size = 64;
  const bool awq = options.scheme.bits == 4;
  plan->options.format = awq ? ExportFormat::Awq : ExportFormat::Run;
  ModelConfig& config = plan->config;
  config.model_type = "llama";
  config.name = "SmolLM2-135M-Instruct";
  config.hidden_size = kHidden;
  config.intermediate_size = kMlp;
  config.num_layers = kBlocks;
  config.num_heads = 9;
  config.num_kv_heads = 3;
  config.head_dim = 64;
  config.vocab_size = 49152;
  config.max_positions = 8192;
  plan->architecture = "Llama";
  plan->source_precision = "dequantized from Q4_1";
  plan->parameters = 134'515'008;
  plan->source_bytes = 98'362'432;
  plan->fp16_bytes = 269'000'000;
  plan->embedding_bytes = 57'000'000;
  plan->quantized_bytes = 106'168'320 * options.scheme.bits / 8 + 5'000'000;
  plan->output_bytes = plan->embedding_bytes + plan->quantized_bytes;
  plan->phases = {{"read", 120'000'000, 1, 2},
                  {"calibrate", 1'210'000'000, 14, 22},
                  {"search", 920'000'000, 24, 42},
                  {"export", 240'000'000, 1, 4}};
  plan->peak_memory_bytes = 1'210'000'000;
  plan->free_memory_bytes = 9'800'000'000;
  plan->disk_bytes = 240'000'000;
  plan->journal_bytes = 118'000'000;
  plan->free_disk_bytes = 41'000'000'000;
  plan->warnings = {
      "“FP16” means dequantized from Q4_1 here. The file already holds 4-bit weights, "
      "so every comparison is with those, not with the original checkpoint."};
  plan->notes = {
      "Group 128 does not divide 576 inputs. Group 64 does, so the export loads in other "
      "programs."};
  for (std::int64_t block = 0; block < kBlocks; ++block) {
    for (const LinearRole role : kLinearRoles) {
      plan->linears.push_back({block, role});
      LinearSettings settings;
      settings.scheme = plan->options.scheme;
      settings.method = options.method;
      settings.clip = options.clip;
      const std::string name = find_architecture("llama")->linear_name(block, role);
      for (const LayerRule& rule : options.layers) {
        std::string plain;
        for (const char c : rule.pattern) {
          if (std::string("^$\\").find(c) == std::string::npos) plain += c;
        }
        if (plain != name) continue;
        if (rule.bits) settings.scheme.bits = *rule.bits;
        settings.alpha = rule.alpha;
        settings.keep_fp16 = rule.keep_fp16;
      }
      plan->settings.push_back(settings);
    }
  }
  return plan;
}

std::vector<Event> recorded_events(const Plan& plan) {
  std::vector<Event> events{RunStarted{kBlocks, 0}};
  for (std::int64_t block = 0; block < kBlocks; ++block) add_block(events, plan, block);
  events.emplace_back(ExportProgress{"writing", 0.5});
  events.emplace_back(ExportProgress{"verifying", 1.0});
  RunFinished finished;
  finished.seconds = 46;
  finished.peak_rss_bytes = 1'200'000'000;
  events.emplace_back(finished);
  return events;
}

}  // namespace salient::tests
