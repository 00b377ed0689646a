// SPDX-License-Identifier: Apache-2.0
#include "ui/bridge/study_planes.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace salient::ui {
namespace {

/// Keeps the gain of two vanishing errors at 1 instead of 0/0; relative to the largest RTN error.
constexpr float kGainFloor = 1e-3F;

}  // namespace

StudyPlanes studyPlanes(BothRoundings both, std::span<const float> magnitude) {
  const ErrorPlanes& planes = both.planes;
  StudyPlanes result;
  result.signedWeight = planes.weight;
  result.rtn = std::move(both.rtn);
  result.awq = std::move(both.awq);
  result.outFeatures = planes.weight.dim(0);
  result.inFeatures = planes.weight.dim(1);
  const std::span<const float> weight = planes.weight.as<float>();
  const std::span<const float> rtn = planes.rtn_error.as<float>();
  const std::span<const float> awq = planes.awq_error.as<float>();
  const std::size_t cells = weight.size();
  const auto columns = static_cast<std::size_t>(result.inFeatures);
  for (std::vector<float>* plane : {&result.weight, &result.weightMagnitude, &result.rtnError,
                                    &result.awqError, &result.gain}) {
    plane->resize(cells);
  }
  result.rtnPeak.assign(columns, 0.0F);
  result.awqPeak.assign(columns, 0.0F);
  for (std::size_t i = 0; i < cells; ++i) {
    const std::size_t column = i % columns;
    const float strength = magnitude[column];
    result.weight[i] = std::abs(weight[i]);
    result.weightMagnitude[i] = std::abs(weight[i]) * strength;
    result.rtnError[i] = std::abs(rtn[i]) * strength;
    result.awqError[i] = std::abs(awq[i]) * strength;
    result.rtnPeak[column] = std::max(result.rtnPeak[column], result.rtnError[i]);
    result.awqPeak[column] = std::max(result.awqPeak[column], result.awqError[i]);
  }
  const float peak = *std::max_element(result.rtnPeak.begin(), result.rtnPeak.end());
  const float floor = std::max(peak * kGainFloor, 1e-12F);
  for (std::size_t i = 0; i < cells; ++i) {
    result.gain[i] = (result.rtnError[i] + floor) / (result.awqError[i] + floor);
  }
  return result;
}

}  // namespace salient::ui
