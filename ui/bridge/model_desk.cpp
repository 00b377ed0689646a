// SPDX-License-Identifier: Apache-2.0
#include "ui/bridge/model_desk.h"

#include <algorithm>
#include <chrono>
#include <utility>

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

ModelDesk::ModelDesk(Backend& backend, std::int64_t statsBudgetBytes)
    : backend_(backend), stats_(statsBudgetBytes) {}

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

const Block& ModelDesk::blockAt(std::int64_t block) {
  if (shape_.architecture == nullptr) shape_ = make_decoder_shape(*checkpoint_);
  if (blockIndex_ == block) return block_;
  blockIndex_ = -1;
  block_ = {};
  block_ = load_block(*checkpoint_, shape_, block, DType::F32);
  blockIndex_ = block;
  return block_;
}

bool ModelDesk::showRecorded(JobId job, const StudyRequest& request,
                             const std::function<void(Message)>& post) {
  if (!checkpoint_ || !record_ || !request.known) return false;
  const LinearRole role = request.linear.role;
  const BlockStatistics statistics = read_block_statistics(*record_, request.linear.block);
  const Tensor& weight = std::get<DenseLinear>(blockAt(request.linear.block)[role]).weight;
  const auto clip = statistics.clip.find(role);
  const bool clips = clip != statistics.clip.end() && !clip->second.empty();
  const ErrorPlanes planes = error_planes(backend_, weight, request.known->channelScales,
                                          clips ? &clip->second : nullptr, request.settings.scheme);
  const Site site = shape_.architecture->row(role).input;
  post(PlanesMeasured{job, request.linear,
                      std::make_shared<const StudyPlanes>(
                          studyPlanes(planes, statistics.sites[index_of(site)].magnitude))});
  post(FixedScalesMeasured{job, request.linear, {}});
  return true;
}

void ModelDesk::study(JobId job, const StudyRequest& request, const std::stop_token& stop,
                      const std::function<void(Message)>& post) {
  const std::shared_ptr<const ActivationStats> stats = stats_.get(request.linear.block);
  if (!checkpoint_ || !stats) {
    if (!showRecorded(job, request, post)) post(LinearNotMeasured{job, request.linear});
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
  const ErrorPlanes planes = measurePlanes(backend_, material, request, scaled);
  if (!request.known) {
    post(LinearSearched{job, scaled.report, scaled.channelScales, true, secondsSince(begin)});
  }
  const Site site = shape_.architecture->row(request.linear.role).input;
  post(PlanesMeasured{
      job, request.linear,
      std::make_shared<const StudyPlanes>(studyPlanes(planes, (*stats)[site].magnitude))});
  throwIfStopped(stop);
  post(FixedScalesMeasured{job, request.linear, measureFixedScales(backend_, material, request)});
}

}  // namespace salient::ui
