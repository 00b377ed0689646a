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

SiteStats site_stats(std::int64_t block, Site site) {
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
  stats.max = stats.magnitude;
  for (float& value : stats.max) value *= 6;
  return stats;
}

Site site_of(LinearRole role) {
  return find_architecture("llama")->row(role).input;
}

Tensor weight_of(const LinearId& id) {
  std::mt19937 random(seed_of(id.block, index_of(id.role)));
  std::normal_distribution<float> value(0.0F, 0.06F);
  Tensor weight(DType::F32, shape_of(id.role));
  for (float& w : weight.as<float>()) w = value(random);
  return weight;
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

enum class Steps { Measure, Skip };

ui::StudyRequest::Known result_of(const LinearId& id, const LinearSettings& settings, Steps steps) {
  const SiteStats stats = site_stats(id.block, site_of(id.role));
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
    report.steps = step_statistics(weight_of(id), known.channelScales,
                                   salient_channels(stats.magnitude, 0.01), settings.scheme);
  }
  report.packed_bytes = report.out_features * report.in_features * settings.scheme.bits / 8 +
                        report.out_features * settings.scheme.num_groups(report.in_features) * 3;
  return known;
}

void add_block(std::vector<Event>& events, const Plan& plan, std::int64_t block) {
  events.emplace_back(BlockStarted{block});
  for (std::int64_t window = 1; window <= 16; ++window) {
    events.emplace_back(WindowCalibrated{block, window, 16});
  }
  auto stats = std::make_shared<ActivationStats>();
  for (const Site site : kSites) (*stats)[site] = site_stats(block, site);
  events.emplace_back(StatsMeasured{block, std::move(stats)});
  for (std::size_t i = 0; i < plan.linears.size(); ++i) {
    const LinearId& id = plan.linears[i];
    if (id.block != block) continue;
    ui::StudyRequest::Known known = result_of(id, plan.settings[i], Steps::Skip);
    for (const AlphaTrial& trial : known.report.curve.trials) {
      events.emplace_back(AlphaTried{id, trial});
    }
    events.emplace_back(LinearQuantized{known.report, known.channelScales});
  }
  events.emplace_back(BlockFinished{block, 1.5, 1.5 * static_cast<double>(kBlocks - 1 - block),
                                    std::int64_t{900'000'000}});
}

Evaluation evaluation_of(ui::Compared what) {
  Evaluation evaluation;
  evaluation.window = 512;
  evaluation.windows = 12;
  evaluation.text_name = "WikiText-2";
  evaluation.a = {34.0, 0.4, 12 * 511};
  const bool rtn = what == ui::Compared::Rtn;
  evaluation.b = Perplexity{rtn ? 45.6 : 41.4, 0.5, 12 * 511};
  evaluation.kl_mean = rtn ? 0.342 : 0.166;
  evaluation.kl_stderr = 0.003;
  evaluation.top1_agreement = rtn ? 0.656 : 0.763;
  return evaluation;
}

const std::vector<std::string>& words() {
  static const std::vector<std::string> kWords = {
      "One",        " of",     " the",        " most",        " fascinating", " creatures",
      " on",        " the",    " planet",     " is",          " the",         " octopus",
      ".",          " They",   " are",        " a",           " cephal",      "opod",
      ",",          " a",      " group",      " of",          " animals",     " that",
      " belong",    " to",     " the",        " phylum",      " Cephalopoda", ".",
      " Octopuses", " are",    " incredibly", " intelligent", " and",         " resourceful",
      ",",          " with",   " a",          " complex",     " social",      " structure",
      " and",       " a",      " unique",     " ability",     " to",          " manipulate",
      " their",     " bodies", ".",           " They",        " are",         " also",
      " known",     " for",    " their",      " remarkable",  " camouflage",  " abilities",
      "."};
  return kWords;
}

ChatToken chat_token(Side side, std::size_t place, ChatMode mode) {
  std::mt19937 random(static_cast<std::uint32_t>(place * 2 + 11));
  std::exponential_distribution<double> kl(8.0);
  ChatToken token;
  token.side = side;
  token.index = static_cast<std::int64_t>(place);
  token.id = static_cast<std::int32_t>(place);
  token.text = words()[place];
  token.own_pick = token.id;
  token.own_pick_text = token.text;
  const bool parts = place == 16 || place == 23 || place == 35 || place == 44 || place == 58;
  const double value = kl(random) + (parts ? 0.3 : 0);
  token.top = {{1, "cephal", 0.177},
               {2, " marine", 0.135},
               {3, " group", 0.066},
               {4, " highly", 0.052},
               {5, " fascinating", 0.033}};
  if (side == Side::Left) return token;
  token.top = {{2, " marine", 0.205},
               {1, "cephal", 0.097},
               {3, " group", 0.055},
               {6, " member", 0.051},
               {7, " unique", 0.041}};
  const bool together = mode == ChatMode::LockStep || place <= 16;
  if (together) token.kl = value;
  if (!parts) return token;
  token.own_pick = 1000 + token.id;
  token.own_pick_text = place == 16 ? " marine" : " other";
  if (mode == ChatMode::LockStep) return token;
  token.id = token.own_pick;
  token.text = token.own_pick_text;
  return token;
}

}  // namespace

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

RecordedEngine::RecordedEngine(std::shared_ptr<ui::Inbox> inbox)
    : inbox_(std::move(inbox)), backend_(make_cpu_backend(1)) {}

RecordedEngine::~RecordedEngine() = default;

ui::JobId RecordedEngine::open(const std::filesystem::path& path, const JobOptions& options,
                               const std::vector<JobOptions>& alternatives) {
  const ui::JobId job = ++lastJob_;
  if (failOpen) {
    inbox_->post(ui::JobFailed{job, ErrorKind::BadInput, path.string() + " has no config.json."});
    return job;
  }
  ui::ModelOpened opened;
  opened.job = job;
  opened.plan = recorded_plan(options);
  for (const JobOptions& alternative : alternatives) {
    opened.alternatives.push_back(recorded_plan(alternative));
  }
  opened.device = {"CPU", "AVX-512, 2 threads", 2, 16'000'000'000, 9'800'000'000};
  inbox_->post(std::move(opened));
  return job;
}

ui::JobId RecordedEngine::scanCache(const std::filesystem::path& root) {
  const ui::JobId job = ++lastJob_;
  const auto add = [&](const char* name, std::uint64_t parameters, const char* type,
                       std::int64_t bytes, ui::Verdict verdict, double low, double high,
                       const char* sentence) {
    inbox_->post(ui::CachedModelFound{job, root / name, name, type, parameters, bytes, verdict, low,
                                      high, sentence});
  };
  add("Qwen2.5-0.5B-Instruct", 494'000'000, "BF16", 990'000'000, ui::Verdict::Yes, 120, 230, "");
  add("TinyLlama-1.1B-Chat-v1.0", 1'100'000'000, "BF16", 2'200'000'000, ui::Verdict::Yes, 300, 470,
      "");
  add("Llama-3.2-1B-Instruct", 1'240'000'000, "BF16", 2'470'000'000, ui::Verdict::Yes, 300, 530,
      "");
  add("Mistral-7B-Instruct-v0.3", 7'250'000'000, "BF16", 14'500'000'000, ui::Verdict::Conditional,
      0, 0, "but the FP16 model does not fit beside it in the chat");
  add("gpt2", 124'000'000, "F32", 550'000'000, ui::Verdict::No, 0, 0, "Not yet: learned positions");
  add("Phi-3-mini-4k-instruct", 3'820'000'000, "BF16", 7'640'000'000, ui::Verdict::No, 0, 0,
      "Download incomplete: 1 of 2 files");
  inbox_->post(ui::CacheScanned{job});
  return job;
}

ui::JobId RecordedEngine::replan(const JobOptions& options) {
  const ui::JobId job = ++lastJob_;
  inbox_->post(ui::ModelReplanned{job, recorded_plan(options)});
  return job;
}

ui::JobId RecordedEngine::quantize(const Plan& plan) {
  runJob_ = ++lastJob_;
  events_ = recorded_events(plan);
  next_ = 0;
  return runJob_;
}

void RecordedEngine::postUntil(const std::function<bool(const Event&)>& last) {
  while (next_ < events_.size()) {
    const Event& event = events_[next_++];
    inbox_->post(ui::RunReported{runJob_, event});
    if (last(event)) return;
  }
}

void RecordedEngine::advance(std::int64_t block) {
  postUntil([block](const Event& event) {
    const auto* finished = std::get_if<BlockFinished>(&event);
    return finished != nullptr && finished->block >= block;
  });
}

void RecordedEngine::advanceInto(std::size_t events) {
  postUntil([&events](const Event&) { return events-- <= 1; });
}

void RecordedEngine::finish() {
  postUntil([](const Event&) { return false; });
}

void RecordedEngine::pause() {
  inbox_->post(ui::RunReported{runJob_, RunPaused{}});
}

void RecordedEngine::resume() {
  inbox_->post(ui::RunReported{runJob_, RunResumed{}});
}

void RecordedEngine::cancel() {
  if (next_ >= events_.size()) return;
  next_ = events_.size();
  RunFinished finished;
  finished.outcome = Outcome::Cancelled;
  finished.error_kind = ErrorKind::Cancelled;
  finished.sentence = "Cancelled; finished blocks are kept.";
  inbox_->post(ui::RunReported{runJob_, finished});
}

ui::JobId RecordedEngine::study(const ui::StudyRequest& request) {
  const ui::JobId job = ++lastJob_;
  ++studies;
  const ui::StudyRequest::Known known = result_of(request.linear, request.settings, Steps::Measure);
  if (!request.known) {
    inbox_->post(ui::LinearSearched{job, known.report, known.channelScales, false, 0.05});
  }
  inbox_->post(ui::LinearSearched{job, known.report, known.channelScales, true, 0.2});
  const Tensor weight = weight_of(request.linear);
  const SiteStats stats = site_stats(request.linear.block, site_of(request.linear.role));
  const ErrorPlanes planes =
      error_planes(*backend_, weight, known.channelScales, nullptr, request.settings.scheme);
  inbox_->post(ui::PlanesMeasured{
      job, request.linear,
      std::make_shared<const ui::StudyPlanes>(ui::studyPlanes(planes, stats.magnitude))});
  std::vector<FixedScaleRow> rows;
  const std::vector<std::int64_t> salient = salient_channels(stats.magnitude, request.salientShare);
  for (const double factor : {1.25, 1.5, 2.0, 3.0, 4.0}) {
    std::vector<float> scales(stats.magnitude.size(), 1.0F);
    for (const std::int64_t channel : salient) {
      scales[static_cast<std::size_t>(channel)] = static_cast<float>(factor);
    }
    rows.push_back(
        {factor, step_statistics(weight, scales, salient, request.settings.scheme), 1.0 / factor});
  }
  inbox_->post(ui::FixedScalesMeasured{job, request.linear, std::move(rows)});
  return job;
}

ui::JobId RecordedEngine::loadChat(const std::filesystem::path& left,
                                   const std::filesystem::path& right) {
  const ui::JobId job = ++lastJob_;
  ui::ChatLoaded loaded;
  loaded.job = job;
  if (!left.empty()) loaded.left = {"SmolLM2", "dequantized from Q4_1", 269'000'000, 20e9};
  if (!right.empty()) loaded.right = {"SmolLM2", "AWQ 4-bit g64", 114'000'000, 20e9};
  inbox_->post(loaded);
  return job;
}

ui::JobId RecordedEngine::send(const ui::ChatRequest& request) {
  const ui::JobId job = ++lastJob_;
  for (std::size_t place = 0; place < words().size(); ++place) {
    for (const Side side : {Side::Left, Side::Right}) {
      inbox_->post(ui::ChatTokenArrived{job, chat_token(side, place, request.options.mode)});
    }
  }
  for (const Side side : {Side::Left, Side::Right}) {
    ChatTurnDone done;
    done.side = side;
    const bool left = side == Side::Left;
    done.throughput.new_tokens = static_cast<std::int64_t>(words().size());
    done.throughput.decode_seconds = static_cast<double>(words().size()) / (left ? 52.1 : 121.0);
    done.throughput.bytes_per_token = left ? 269'000'000 : 114'000'000;
    done.first_token_seconds = left ? 0.024 : 0.015;
    inbox_->post(ui::ChatTurnEnded{job, done});
  }
  inbox_->post(ui::ChatAnswered{job});
  return job;
}

ui::JobId RecordedEngine::evaluate(const ui::EvaluationRequest& /*request*/) {
  const ui::JobId job = ++lastJob_;
  for (const ui::Compared what : {ui::Compared::Awq, ui::Compared::Rtn}) {
    inbox_->post(ui::EvaluationProgressed{job, what, 12, 12});
    inbox_->post(ui::EvaluationMeasured{job, what, evaluation_of(what)});
  }
  return job;
}

ui::JobId RecordedEngine::exportRun(const std::filesystem::path& /*run*/, ExportFormat /*format*/,
                                    const std::filesystem::path& target,
                                    const std::filesystem::path& /*source*/) {
  const ui::JobId job = ++lastJob_;
  ++exports;
  inbox_->post(ui::Exported{job, target});
  return job;
}

}  // namespace salient::tests
