// SPDX-License-Identifier: Apache-2.0
#include "recorded_engine.h"

#include <random>
#include <utility>

#include "recorded_run.h"
#include "ui/bridge/study_planes.h"

namespace salient::tests {
namespace {

const DeviceInfo kDevice = {"CPU", "AVX-512, 2 threads", 2, 16'000'000'000, 9'800'000'000};

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
  token.text = words()[place % words().size()];
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

RecordedEngine::RecordedEngine(std::shared_ptr<ui::Inbox> inbox)
    : inbox_(std::move(inbox)), backend_(make_cpu_backend(1)) {}

RecordedEngine::~RecordedEngine() = default;

ui::JobId RecordedEngine::open(const std::filesystem::path& path, const JobOptions& options,
                               const std::vector<JobOptions>& alternatives,
                               const std::vector<std::filesystem::path>& /*knownModels*/) {
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
  opened.device = kDevice;
  inbox_->post(std::move(opened));
  return job;
}

ui::JobId RecordedEngine::listDevices() {
  ui::DevicesFound found{++lastJob_, {{"cpu", "CPU", 9'800'000'000}}, ""};
  if (gpus) {
    found.devices.push_back({"cuda:0", "NVIDIA H200", 120'000'000'000});
    found.devices.push_back({"cuda:1", "NVIDIA L4", 20'000'000'000});
  } else {
    found.sentence = "no NVIDIA driver is loaded, so there is no CUDA device";
  }
  inbox_->post(std::move(found));
  return lastJob_;
}

ui::JobId RecordedEngine::chooseDevice(const std::string& request) {
  chosenDevice = request;
  DeviceInfo device;
  device.name = request == "cpu" ? "CPU" : "NVIDIA L4";
  device.details = request;
  device.free_memory = 20'000'000'000;
  inbox_->post(ui::DeviceChosen{++lastJob_, request, device});
  return lastJob_;
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
  inbox_->post(ui::CacheScanned{job, kDevice});
  return job;
}

ui::JobId RecordedEngine::replan(const JobOptions& options) {
  const ui::JobId job = ++lastJob_;
  auto plan = std::make_shared<Plan>(*recorded_plan(options));
  plan->resumes = resumes;
  inbox_->post(ui::ModelReplanned{job, std::move(plan)});
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
  const ui::StudyRequest::Known known =
      recorded_result(request.linear, request.settings, Steps::Measure);
  if (!request.known) {
    inbox_->post(ui::LinearSearched{job, known.report, known.channelScales, false, 0.05});
  }
  inbox_->post(ui::LinearSearched{job, known.report, known.channelScales, true, 0.2});
  const Tensor weight = recorded_weight(request.linear);
  const SiteStats stats = recorded_site(request.linear.block,
                                        find_architecture("llama")->row(request.linear.role).input);
  ui::BothRoundings both =
      ui::roundBothWays(*backend_, weight, known.channelScales, nullptr, request.settings.scheme);
  inbox_->post(ui::PlanesMeasured{
      job, request.linear,
      std::make_shared<const ui::StudyPlanes>(ui::studyPlanes(std::move(both), stats.magnitude))});
  std::vector<FixedScaleRow> rows;
  const std::vector<std::int64_t> salient = salient_channels(stats.magnitude, request.salientShare);
  for (const double factor : {1.25, 1.5, 2.0, 3.0, 4.0}) {
    std::vector<float> scales(stats.magnitude.size(), 1.0F);
    for (const std::int64_t channel : salient) {
      scales[static_cast<std::size_t>(channel)] = static_cast<float>(factor);
    }
    rows.push_back(
        {factor,
         step_statistics(*make_cpu_backend(1), weight, scales, salient, request.settings.scheme),
         1.0 / factor});
  }
  inbox_->post(ui::FixedScalesMeasured{job, request.linear, std::move(rows)});
  return job;
}

ui::JobId RecordedEngine::measure(const ui::MeasureRequest& request) {
  const ui::JobId job = ++lastJob_;
  auto stats = std::make_shared<ActivationStats>();
  for (const Site site : kSites) (*stats)[site] = recorded_site(request.block, site);
  inbox_->post(ui::BlockMeasuring{job, 64, 64});
  inbox_->post(ui::BlockMeasured{job, request.block, std::move(stats)});
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
  lastPrompt = request.prompt;
  chatJob_ = job;
  chatMode_ = request.options.mode;
  streamed_ = 0;
  if (holdChat) return job;
  stream(failChat ? 1 : answerTokens > 0 ? answerTokens : words().size());
  if (failChat) {
    inbox_->post(ui::JobFailed{job, ErrorKind::Resources, "The conversation is full."});
    return job;
  }
  finishAnswer();
  return job;
}

void RecordedEngine::stream(std::size_t tokens) {
  for (const std::size_t end = streamed_ + tokens; streamed_ < end; ++streamed_) {
    for (const Side side : {Side::Left, Side::Right}) {
      inbox_->post(ui::ChatTokenArrived{chatJob_, chat_token(side, streamed_, chatMode_)});
    }
  }
}

void RecordedEngine::finishAnswer() {
  for (const Side side : {Side::Left, Side::Right}) {
    ChatTurnDone done;
    done.side = side;
    const bool left = side == Side::Left;
    done.throughput.new_tokens = static_cast<std::int64_t>(streamed_);
    done.throughput.decode_seconds = static_cast<double>(streamed_) / (left ? 52.1 : 121.0);
    done.throughput.bytes_per_token = left ? 269'000'000 : 114'000'000;
    done.first_token_seconds = left ? 0.024 : 0.015;
    inbox_->post(ui::ChatTurnEnded{chatJob_, done});
  }
  inbox_->post(ui::ChatAnswered{chatJob_});
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
