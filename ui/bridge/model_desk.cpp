// SPDX-License-Identifier: Apache-2.0
#include "ui/bridge/model_desk.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "engine/job/calibration_text.h"
#include "engine/tokenizer/tokenizer.h"
#include "ui/bridge/linear_study.h"
#include "ui/bridge/study_planes.h"

namespace salient::ui {
namespace {

using Clock = std::chrono::steady_clock;

double secondsSince(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

void throwIfStopped(const std::stop_token& stop) {
  if (stop.stop_requested()) throw Error(ErrorKind::Cancelled, "A newer question came first.");
}

}  // namespace

ModelDesk::ModelDesk(Backend& backend, std::int64_t statsBytes, std::int64_t hostStatsBytes)
    : backend_(backend), stats_(statsBytes, &backend, hostStatsBytes) {}

void ModelDesk::open(const std::filesystem::path& path) {
  std::unique_ptr<Checkpoint> checkpoint = open_checkpoint(path);
  if (path != path_) {
    stats_.clear();
    record_.reset();
  }
  checkpoint_ = std::move(checkpoint);
  path_ = path;
  shape_ = {};
  blockIndex_ = -1;
}

void ModelDesk::close() {
  stats_.clear();
  record_.reset();
  checkpoint_.reset();
  path_.clear();
  shape_ = {};
  blockIndex_ = -1;
}

void ModelDesk::moveTo(ModelDesk& other) {
  if (!path_.empty()) other.open(path_);
  other.record_ = std::move(record_);
}

Plan ModelDesk::plan(const JobOptions& options) const {
  if (!checkpoint_) throw Error(ErrorKind::Failure, "No model is open.");
  return make_plan(backend_, *checkpoint_, options);
}

void ModelDesk::keepStats(std::int64_t block, std::shared_ptr<const ActivationStats> stats) {
  // A resumed run tells of its finished blocks without their Gram matrices.
  const bool whole = std::none_of(stats->sites.begin(), stats->sites.end(),
                                  [](const SiteStats& site) { return site.gram.empty(); });
  if (whole) stats_.put(block, std::move(stats));
}

const DecoderShape& ModelDesk::shape() {
  if (shape_.architecture == nullptr) shape_ = make_decoder_shape(*checkpoint_);
  return shape_;
}

const Block& ModelDesk::blockAt(std::int64_t block) {
  if (blockIndex_ == block) return block_;
  blockIndex_ = -1;
  block_ = {};
  block_ = upload(backend_, load_block(*checkpoint_, shape(), block, DType::F32));
  blockIndex_ = block;
  return block_;
}

void ModelDesk::showRecorded(JobId job, const StudyRequest& request,
                             const std::function<void(Message)>& post) {
  if (!checkpoint_ || !record_ || !request.known) return;
  const LinearRole role = request.linear.role;
  const BlockStatistics statistics = read_block_statistics(*record_, request.linear.block);
  const Tensor& weight = std::get<DenseLinear>(blockAt(request.linear.block)[role]).weight;
  const auto clip = statistics.clip.find(role);
  const bool clips = clip != statistics.clip.end() && !clip->second.empty();
  BothRoundings both = roundBothWays(backend_, weight, request.known->channelScales,
                                     clips ? &clip->second : nullptr, request.settings.scheme);
  const Site site = shape_.architecture->row(role).input;
  post(PlanesMeasured{job, request.linear,
                      std::make_shared<const StudyPlanes>(studyPlanes(
                          std::move(both), statistics.sites[index_of(site)].magnitude))});
}

void ModelDesk::study(JobId job, const StudyRequest& request, const std::stop_token& stop,
                      const std::function<void(Message)>& post) {
  // The map has a column for every role that any family has.
  if (checkpoint_ && !shape().architecture->has(request.linear.role)) {
    return post(LinearNotMeasured{job, request.linear});
  }
  const std::shared_ptr<const ActivationStats> stats = stats_.get(request.linear.block);
  if (!checkpoint_ || !stats) {
    showRecorded(job, request, post);
    post(LinearNotMeasured{job, request.linear});
    return;
  }
  const Block& block = blockAt(request.linear.block);
  const StudyMaterial material{shape_, block, *stats};
  ScaledLinear scaled;
  const Clock::time_point begin = Clock::now();
  if (request.known) {
    scaled = {request.known->report, request.known->channelScales};
  } else {
    scaled = searchLinear(backend_, material, request, SearchEffort::Estimate, stop);
    post(LinearSearched{job, scaled.report, scaled.channelScales, false, secondsSince(begin)});
    throwIfStopped(stop);
    scaled = searchLinear(backend_, material, request, SearchEffort::Exact, stop);
    post(LinearSearched{job, scaled.report, scaled.channelScales, true, secondsSince(begin)});
  }
  throwIfStopped(stop);
  BothRoundings both = measurePlanes(backend_, material, request, scaled);
  if (!request.known) {
    post(LinearSearched{job, scaled.report, scaled.channelScales, true, secondsSince(begin)});
  }
  const Site site = shape_.architecture->row(request.linear.role).input;
  post(PlanesMeasured{
      job, request.linear,
      std::make_shared<const StudyPlanes>(studyPlanes(std::move(both), (*stats)[site].magnitude))});
  throwIfStopped(stop);
  post(FixedScalesMeasured{job, request.linear, measureFixedScales(backend_, material, request)});
}

void ModelDesk::measure(JobId job, const MeasureRequest& request, const std::stop_token& stop,
                        const std::function<void(Message)>& post,
                        const std::function<void()>& between) {
  if (!checkpoint_) throw Error(ErrorKind::Failure, "No model is open.");
  throwIfStopped(stop);
  const std::filesystem::path path = path_;
  // A checkpoint of its own: `between` may put another one on the desk.
  const std::unique_ptr<Checkpoint> checkpoint = open_checkpoint(path);
  const DecoderShape shape = make_decoder_shape(*checkpoint);
  const std::unique_ptr<Tokenizer> tokenizer = load_tokenizer(checkpoint->tokenizer_source());
  const CalibrationWindows windows = make_windows(
      *tokenizer, read_calibration_text(request.options).text, request.options.calibration);
  CalibrationState state =
      embed_windows(backend_, shape, load_embedding(*checkpoint, shape, DType::F32),
                    load_surroundings(backend_, *checkpoint, shape, DType::F32), windows);
  const auto perBlock = static_cast<std::int64_t>(windows.windows.size());
  for (std::int64_t block = 0; block <= request.block; ++block) {
    const auto told = [&](std::int64_t done, std::int64_t) {
      post(BlockMeasuring{job, block * perBlock + done, (request.block + 1) * perBlock});
      between();
      if (path != path_) throw Error(ErrorKind::Cancelled, "Another model was opened.");
    };
    const Block loaded = upload(backend_, load_block(*checkpoint, shape, block, DType::F32));
    auto stats = std::make_shared<const ActivationStats>(
        calibrate_block(backend_, shape, loaded, state, stop, told));
    keepStats(block, stats);
    if (block == request.block) post(BlockMeasured{job, block, std::move(stats)});
  }
}

}  // namespace salient::ui
