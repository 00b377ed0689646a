// SPDX-License-Identifier: Apache-2.0
#include "engine/quantization/gram_loss.h"
#include "engine/quantization/quantization.h"

namespace salient {

std::vector<FixedScaleRow> fixed_scale_table(Backend& backend, const Tensor& weight,
                                             const SiteStats& input,
                                             std::span<const std::int64_t> salient,
                                             const QuantScheme& scheme,
                                             std::span<const double> factors) {
  GramLoss loss(backend, weight, input, scheme, 0);
  std::vector<float> scales(static_cast<std::size_t>(weight.dim(1)), 1.0F);
  const double rtn = loss.of_scales(scales);
  std::vector<FixedScaleRow> rows;
  for (const double factor : factors) {
    for (const std::int64_t j : salient) {
      scales[static_cast<std::size_t>(j)] = static_cast<float>(factor);
    }
    FixedScaleRow row;
    row.factor = factor;
    row.stats = step_statistics(backend, weight, scales, salient, scheme);
    row.loss_over_rtn = rtn > 0 ? loss.of_scales(scales) / rtn : 1.0;
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace salient
