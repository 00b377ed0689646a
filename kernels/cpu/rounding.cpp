// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/rounding.h"

#include "kernels/cpu/kernel_table.h"

namespace salient::kernels::cpu {

void rounding_error(const Cpu& cpu, RoundingInput input, float* error) {
  if (input.channel_scales != nullptr) {
    float* inverse = cpu.pool.shared_scratch().floats(static_cast<std::size_t>(input.in_features));
    for (std::int64_t i = 0; i < input.in_features; ++i)
      inverse[i] = 1.0F / input.channel_scales[i];
    input.inverse_scales = inverse;
  }
  cpu.pool.run([&](int part) {
    const Share rows = share_of(input.out_features, part, cpu.pool.size());
    cpu.table.rounding_error(input, rows.begin, rows.end, error);
  });
}

void round_codes(const Cpu& cpu, const RoundingInput& input, const RoundingOutput& output) {
  cpu.pool.run([&](int part) {
    const Share rows = share_of(input.out_features, part, cpu.pool.size());
    cpu.table.round_codes(input, rows.begin, rows.end, output);
  });
}

}  // namespace salient::kernels::cpu
