// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the engine thread tells the window: values, each with the id of the job that it answers, so
// that a late answer to a question nobody asks any more can be dropped. Facts are kept in order;
// samples (progress) may be replaced by newer ones before the window reads them.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "engine/evaluation/evaluation.h"
#include "engine/job/job.h"
#include "engine/runtime/chat_session.h"

namespace salient::ui {

using JobId = std::uint64_t;
inline constexpr JobId kNoJob = 0;

/// The pre-flight answer: the plan as asked, and one plan per alternative (the preset cards), in
/// the order asked. An alternative that cannot be planned is empty.
struct ModelOpened {
  JobId job = kNoJob;
  std::shared_ptr<const Plan> plan;
  std::vector<std::shared_ptr<const Plan>> alternatives;
  DeviceInfo device;
};

/// A finished OUT was dropped: what its record tells, as the events of the run that made it.
struct RunReopened {
  JobId job = kNoJob;
  std::shared_ptr<const Plan> plan;
  std::vector<Event> events;
  std::optional<Evaluation> rtn, awq;  ///< where they were measured
  DeviceInfo device;
  std::string sourceName;  ///< the file it was made from; the plan's source is empty when not found
};

/// Plans for changed knobs, nothing re-read from disk.
struct ModelReplanned {
  JobId job = kNoJob;
  std::shared_ptr<const Plan> plan;
};

struct RunReported {
  JobId job = kNoJob;
  Event event;
};

/// One linear searched again. `exact` false: an estimate from a share of the rows.
struct LinearSearched {
  JobId job = kNoJob;
  LinearReport report;
  std::vector<float> channelScales;  ///< [in_features]
  bool exact = true;
  double seconds = 0;
};

/// One rounding of a linear, to be read weight by weight.
struct RoundedWeights {
  QuantizedMatrix matrix;
  std::vector<float> steps;          ///< [out_features, num_groups]
  std::vector<float> channelScales;  ///< [in_features]; empty: 1

  int code(std::int64_t row, std::int64_t column) const;
  /// What the weight is worth afterwards, s taken out again.
  double value(std::int64_t row, std::int64_t column) const;
};

/// The pictures of one linear, each [out_features, in_features] row-major and not negative.
struct StudyPlanes {
  std::int64_t outFeatures = 0, inFeatures = 0;
  std::vector<float> weight;            ///< |W|
  std::vector<float> weightMagnitude;   ///< |W| · magnitude
  std::vector<float> rtnError;          ///< |Q(W) − W| · magnitude
  std::vector<float> awqError;          ///< |Q(W·s)/s − W| · magnitude
  std::vector<float> gain;              ///< error of RTN over error of AWQ, pooled for no zero
  std::vector<float> rtnPeak, awqPeak;  ///< [in_features] largest error of each input channel
  Tensor signedWeight;                  ///< [outFeatures, inFeatures] F32, the handle of W
  RoundedWeights rtn, awq;
};
struct PlanesMeasured {
  JobId job = kNoJob;
  LinearId linear;
  std::shared_ptr<const StudyPlanes> planes;
};

struct FixedScalesMeasured {
  JobId job = kNoJob;
  LinearId linear;
  std::vector<FixedScaleRow> rows;
};

/// The Gram matrix of this linear's input is not in memory (evicted, or a reopened run).
struct LinearNotMeasured {
  JobId job = kNoJob;
  LinearId linear;
};

/// The inputs of one block measured again from model and text. A sample: how far that is, over the
/// windows of this block and of those before it.
struct BlockMeasuring {
  JobId job = kNoJob;
  std::int64_t done = 0, total = 0;
};
struct BlockMeasured {
  JobId job = kNoJob;
  std::int64_t block = 0;
  std::shared_ptr<const ActivationStats> stats;
};

/// One side of the chat as loaded. `limitBytesPerSecond` is the read bandwidth measured now.
struct ChatSideLoaded {
  std::string name;
  std::string precision;
  std::int64_t memoryBytes = 0;
  double limitBytesPerSecond = 0;
};
struct ChatLoaded {
  JobId job = kNoJob;
  std::optional<ChatSideLoaded> left, right;
  std::string note;  ///< why a side is missing, one sentence
};
struct ChatTokenArrived {
  JobId job = kNoJob;
  ChatToken token;
};
struct ChatTurnEnded {
  JobId job = kNoJob;
  ChatTurnDone turn;
};
struct ChatAnswered {
  JobId job = kNoJob;
};

enum class Compared { Rtn, Awq };
struct EvaluationProgressed {  ///< a sample, last wins
  JobId job = kNoJob;
  Compared what = Compared::Awq;
  std::int64_t done = 0, total = 0;
};
struct EvaluationMeasured {
  JobId job = kNoJob;
  Compared what = Compared::Awq;
  Evaluation evaluation;
};

struct Exported {
  JobId job = kNoJob;
  std::filesystem::path target;
};

enum class Verdict { Yes, Conditional, No };
/// One model of the Hugging Face cache, read as far as its headers.
struct CachedModelFound {
  JobId job = kNoJob;
  std::filesystem::path path;
  std::string name;
  std::string type;  ///< "BF16"
  std::uint64_t parameters = 0;
  std::int64_t bytes = 0;
  Verdict verdict = Verdict::No;
  double secondsLow = 0, secondsHigh = 0;  ///< when it can be quantized
  std::string sentence;                    ///< why not, or under which condition
};
/// A device that the engine can work on.
struct DeviceChoice {
  std::string request;  ///< "cpu", "cuda:0": what --device takes
  std::string name;     ///< "NVIDIA H200"
  std::int64_t freeMemory = 0;
};
struct DevicesFound {
  JobId job = kNoJob;
  std::vector<DeviceChoice> devices;  ///< the CPU first
  std::string sentence;               ///< why there is no GPU among them; empty when there is
};
/// Everything works on this device now. Also told without having been asked for, when a GPU is
/// lost and the CPU goes on. Statistics and chat models of the device before are gone.
struct DeviceChosen {
  JobId job = kNoJob;
  std::string request;
  DeviceInfo device;
};
struct CacheScanned {
  JobId job = kNoJob;
  DeviceInfo device;
};

/// A job ended without its answer. One sentence, ready to be shown.
struct JobFailed {
  JobId job = kNoJob;
  ErrorKind kind = ErrorKind::Failure;
  std::string sentence;
};

using Message = std::variant<ModelOpened, RunReopened, ModelReplanned, RunReported, LinearSearched,
                             PlanesMeasured, FixedScalesMeasured, LinearNotMeasured, BlockMeasuring,
                             BlockMeasured, ChatLoaded, ChatTokenArrived, ChatTurnEnded,
                             ChatAnswered, EvaluationProgressed, EvaluationMeasured, Exported,
                             CachedModelFound, CacheScanned, DevicesFound, DeviceChosen, JobFailed>;

}  // namespace salient::ui
