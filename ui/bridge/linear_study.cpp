// SPDX-License-Identifier: Apache-2.0
#include "ui/bridge/linear_study.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <numeric>
#include <utility>

namespace salient::ui {
namespace {

constexpr std::array kFixedScales = {1.25, 1.5, 2.0, 3.0, 4.0};

const ScaleGroupRow* groupRowOf(const Architecture& architecture, LinearRole role) {
  for (const ScaleGroupRow& row : architecture.scale_groups) {
    if (std::find(row.consumers.begin(), row.consumers.end(), role) != row.consumers.end()) {
      return &row;
    }
  }
  return nullptr;
}

const Tensor& weightOf(const Block& block, LinearRole role) {
  return std::get<DenseLinear>(block[role]).weight;
}

const SiteStats& inputOf(const StudyMaterial& material, LinearRole role) {
  return material.stats[material.shape.architecture->row(role).input];
}

double totalLoss(Backend& backend, const Tensor& error, const SiteStats& input) {
  std::vector<double> rows(static_cast<std::size_t>(error.dim(0)));
  backend.quadratic_form(error, input.gram, rows);
  return std::accumulate(rows.begin(), rows.end(), 0.0) / static_cast<double>(input.tokens);
}

LinearReport blankReport(const StudyMaterial& material, const StudyRequest& request) {
  const Tensor& weight = weightOf(material.block, request.linear.role);
  LinearReport report;
  report.id = request.linear;
  report.name = material.shape.architecture->linear_name(request.linear.block, request.linear.role);
  report.out_features = weight.dim(0);
  report.in_features = weight.dim(1);
  report.settings = request.settings;
  return report;
}

Tensor searchedClip(Backend& backend, const Tensor& weight, const SiteStats& input,
                    std::span<const float> scales, const QuantScheme& scheme) {
  return search_clip(backend, backend.fold(weight, scales, {}),
                     backend.fold_gram(input.gram, scales), scheme)
      .clip;
}

RoundedWeights roundedWeights(QuantizedMatrix matrix, std::span<const float> channelScales) {
  RoundedWeights rounded;
  Tensor halves(DType::F16, {matrix.out_features, matrix.num_groups()});
  std::memcpy(halves.data(), matrix.steps.data(), matrix.steps.size() * sizeof(std::uint16_t));
  const Tensor steps = halves.to(DType::F32);
  const std::span<const float> values = steps.as<float>();
  rounded.steps.assign(values.begin(), values.end());
  rounded.channelScales.assign(channelScales.begin(), channelScales.end());
  rounded.matrix = std::move(matrix);
  return rounded;
}

}  // namespace

int RoundedWeights::code(std::int64_t row, std::int64_t column) const {
  return matrix.codes.at(static_cast<std::size_t>(row * matrix.in_features + column));
}

double RoundedWeights::value(std::int64_t row, std::int64_t column) const {
  const std::int64_t group = column / matrix.scheme.group_of(matrix.in_features);
  const auto at = static_cast<std::size_t>(row * matrix.num_groups() + group);
  const double scale =
      channelScales.empty()
          ? 1.0
          : static_cast<double>(channelScales.at(static_cast<std::size_t>(column)));
  return (code(row, column) - matrix.zero_points.at(at)) * static_cast<double>(steps.at(at)) /
         scale;
}

BothRoundings roundBothWays(Backend& backend, const Tensor& weight,
                            std::span<const float> channelScales, const Tensor* clip,
                            const QuantScheme& scheme) {
  BothRoundings both;
  both.planes = error_planes(backend, weight, channelScales, clip, scheme);
  both.rtn = roundedWeights(backend.quantize({weight, {}, nullptr, scheme}), {});
  both.awq = roundedWeights(backend.quantize({weight, channelScales, clip, scheme}), channelScales);
  return both;
}

std::span<const LinearRole> scaleGroupOf(const Architecture& architecture, LinearRole role) {
  const ScaleGroupRow* row = groupRowOf(architecture, role);
  return row == nullptr ? std::span<const LinearRole>() : row->consumers;
}

ScaledLinear searchLinear(Backend& backend, const StudyMaterial& material,
                          const StudyRequest& request, SearchEffort effort, std::stop_token stop) {
  ScaledLinear scaled{blankReport(material, request), {}};
  const ScaleGroupRow* group = groupRowOf(*material.shape.architecture, request.linear.role);
  if (group == nullptr || request.settings.method == Method::Rtn || request.settings.keep_fp16) {
    scaled.channelScales.assign(static_cast<std::size_t>(scaled.report.in_features), 1.0F);
    return scaled;
  }
  const std::span<const LinearRole> consumers = group->consumers;
  const auto placeOf = [consumers](LinearRole role) {
    return static_cast<std::size_t>(std::find(consumers.begin(), consumers.end(), role) -
                                    consumers.begin());
  };
  const SearchProblem problem = make_search_problem(
      backend, material.shape, material.block, request.linear.block, material.stats, *group,
      [&](const LinearId& id) {
        const std::size_t place = placeOf(id.role);
        return place < request.groupSettings.size() ? request.groupSettings[place]
                                                    : request.settings;
      });
  const std::size_t own = placeOf(request.linear.role);
  ScaleChoice choice = search_scales(backend, problem, effort, std::move(stop), {});
  LinearReport& report = scaled.report;
  report.alpha = choice.alpha;
  report.curve = own < choice.by_linear.size() ? choice.by_linear[own] : choice.curve;
  report.signal = report.curve.signal;
  if (!report.curve.trials.empty()) report.loss_rtn = report.curve.trials.front().loss;
  for (const AlphaTrial& trial : report.curve.trials) {
    if (trial.finite && trial.alpha == choice.alpha) report.loss_scaled = trial.loss;
  }
  report.loss = report.loss_scaled;
  scaled.channelScales = std::move(choice.channel_scales);
  return scaled;
}

BothRoundings measurePlanes(Backend& backend, const StudyMaterial& material,
                            const StudyRequest& request, ScaledLinear& scaled) {
  const LinearRole role = request.linear.role;
  const Tensor& weight = weightOf(material.block, role);
  const SiteStats& input = inputOf(material, role);
  const QuantScheme& scheme = request.settings.scheme;
  Tensor clip;
  const bool clips = request.settings.clip == ClipMode::Search &&
                     request.settings.method == Method::Awq &&
                     material.shape.architecture->row(role).clip == ClipRule::Search;
  if (clips) clip = searchedClip(backend, weight, input, scaled.channelScales, scheme);
  BothRoundings both =
      roundBothWays(backend, weight, scaled.channelScales, clips ? &clip : nullptr, scheme);
  const ErrorPlanes& planes = both.planes;
  LinearReport& report = scaled.report;
  report.loss_rtn = totalLoss(backend, backend.upload(planes.rtn_error), input);
  report.loss = totalLoss(backend, backend.upload(planes.awq_error), input);
  const std::vector<std::int64_t> salient = salient_channels(input.magnitude, request.salientShare);
  report.steps = step_statistics(backend, weight, scaled.channelScales, salient, scheme);
  return both;
}

std::vector<FixedScaleRow> measureFixedScales(Backend& backend, const StudyMaterial& material,
                                              const StudyRequest& request) {
  const SiteStats& input = inputOf(material, request.linear.role);
  return fixed_scale_table(backend, weightOf(material.block, request.linear.role), input,
                           salient_channels(input.magnitude, request.salientShare),
                           request.settings.scheme, kFixedScales);
}

}  // namespace salient::ui
