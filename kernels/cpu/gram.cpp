// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/gram.h"

#include <algorithm>

#include "kernels/cpu/kernel_table.h"

namespace salient::kernels::cpu {

namespace {

constexpr std::int64_t kRun = 256;

/// Pairs of panels (row >= column) in the order (0,0) (1,0) (1,1) (2,0) …
struct PanelPair {
  std::int64_t row = 0;
  std::int64_t column = 0;

  static PanelPair at(std::int64_t index) {
    PanelPair pair;
    while ((pair.row + 1) * (pair.row + 2) / 2 <= index) ++pair.row;
    pair.column = index - pair.row * (pair.row + 1) / 2;
    return pair;
  }
  void next() {
    if (++column <= row) return;
    ++row;
    column = 0;
  }
};

void accumulate_run(const Cpu& cpu, const float* x, std::int64_t tokens, std::int64_t n,
                    float* gram) {
  const std::int64_t width = cpu.table.panel;
  const std::int64_t panels = (n + width - 1) / width;
  const int parts = cpu.pool.size();
  float* packed =
      cpu.pool.shared_scratch().floats(static_cast<std::size_t>(panels * width * tokens));
  cpu.pool.run([&](int part) {
    const Share share = share_of(panels, part, parts);
    for (std::int64_t p = share.begin; p < share.end; ++p) {
      cpu.table.gram_pack(x, tokens, n, p * width, packed + p * width * tokens);
    }
  });
  cpu.pool.run([&](int part) {
    const Share share = share_of(panels * (panels + 1) / 2, part, parts);
    PanelPair pair = PanelPair::at(share.begin);
    for (std::int64_t i = share.begin; i < share.end; ++i, pair.next()) {
      cpu.table.gram_tile(packed, tokens, n, pair.row, pair.column, gram);
    }
  });
}

}  // namespace

void accumulate_gram(const Cpu& cpu, const float* x, std::int64_t tokens, std::int64_t n,
                     float* gram) {
  for (std::int64_t t = 0; t < tokens; t += kRun) {
    accumulate_run(cpu, x + t * n, std::min(kRun, tokens - t), n, gram);
  }
}

}  // namespace salient::kernels::cpu
