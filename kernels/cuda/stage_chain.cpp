// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/stage_chain.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "kernels/cuda/chain_plan.h"
#include "kernels/cuda/linear_stages.h"

namespace salient::kernels::cuda {

namespace {

constexpr std::size_t kBarrierBytes = 256;
/// Query heads of a key head read its rows from L2, each for itself: worth it up to here.
constexpr std::int64_t kGroupedBound = 4096;
/// Chunks that keep memory busy through a barrier; fewer are not worth it.
constexpr int kLeastSlots = 3;
constexpr int kMostSlots = 16;
/// What the driver keeps of a multiprocessor's shared memory for a block.
constexpr int kLine = 128;

std::size_t lines(std::size_t bytes) {
  return (bytes + kLine - 1) / kLine * kLine;
}
int lines(int bytes) {
  return (bytes + kLine - 1) / kLine * kLine;
}

const LinearProblem* linear_of(const ChainStage& stage) {
  return std::get_if<LinearProblem>(&stage);
}
const AttentionProblem* attention_of(const ChainStage& stage) {
  return std::get_if<AttentionProblem>(&stage);
}

std::size_t items_bytes(std::span<const ChainStage> stages) {
  return lines(stages.size() * sizeof(ChainItem));
}
std::size_t runs_bytes(std::span<const ChainStage> stages, int blocks) {
  return stages.size() * static_cast<std::size_t>(blocks) * sizeof(ChainRuns);
}
int blocks_of(std::span<const ChainStage> stages) {
  return linear_of(stages[0])->device.multiprocessors;
}
/// What the host writes: stages, runs, the barrier.
std::size_t image_bytes(std::span<const ChainStage> stages) {
  return items_bytes(stages) + lines(runs_bytes(stages, blocks_of(stages))) + kBarrierBytes;
}
/// Of the largest attention: sums, then tops.
std::size_t sums_bytes(std::span<const ChainStage> stages) {
  std::size_t most = 0;
  for (const ChainStage& stage : stages) {
    const AttentionProblem* attention = attention_of(stage);
    if (attention == nullptr) continue;
    const std::int64_t features = attention->shape.num_heads * attention->shape.head_dim;
    most = std::max(most, static_cast<std::size_t>(features) * sizeof(float));
  }
  return lines(most * ChainAttention::kMostParts);
}

bool alike(const LinearProblem& a, const LinearProblem& b) {
  const TiledShape& one = a.targets[0].shape;
  const TiledShape& other = b.targets[0].shape;
  return one.bits == other.bits && one.span() == other.span();
}

StreamPlan linear_plan(const LinearProblem& problem, int blocks) {
  StreamPlan plan = stream_plan_of(problem);
  const int units = plan.items / plan.unit_items;
  plan.block_items = units / blocks * plan.unit_items;
  plan.longer_blocks = units % blocks;
  plan.pass_items = (units + blocks - 1) / blocks * plan.unit_items;
  return plan;
}

/// What `block` reads: for gate and up the same row blocks of both, else a range over all targets.
ChainRuns runs_of(const StreamPlan& plan, int block, int tile_bytes) {
  ChainRuns runs = {};
  const int longer = std::min(block, plan.longer_blocks);
  const int first = block * plan.block_items + longer * plan.unit_items;
  const int count = plan.block_items + (block < plan.longer_blocks ? plan.unit_items : 0);
  int filled = 0;
  for (int i = 0; i < plan.matrix_count; ++i) {
    const StreamMatrix& matrix = plan.matrices[i];
    int begin = first / 2;
    int end = (first + count) / 2;
    if (plan.epilogue != Epilogue::SiluGate) {
      const int behind = i + 1 < plan.matrix_count ? plan.matrices[i + 1].first_item : plan.items;
      begin = std::max(first, matrix.first_item) - matrix.first_item;
      end = std::min(first + count, behind) - matrix.first_item;
    }
    if (end <= begin) continue;
    const std::int64_t at = static_cast<std::int64_t>(begin) * plan.tiles * tile_bytes;
    runs.run[filled++] = {matrix.weights + at, static_cast<std::int64_t>(end - begin) * plan.tiles};
  }
  return runs;
}

bool linear_fits(const LinearProblem& problem, const LinearProblem& first) {
  // One pass: a thread for every output of a block.
  constexpr int kMostItems = StreamPlan::kThreads / TiledShape::kRows;
  return problem.tokens == 1 && problem.device.capability >= 90 &&
         problem.targets[0].shape.bits < 16 && alike(problem, first) &&
         linear_plan(problem, problem.device.multiprocessors).pass_items <= kMostItems &&
         targets_are_alike(problem) && weights_are_aligned(problem) && activations_fit(problem);
}

bool attention_fits(const AttentionProblem& problem, const AttentionProblem& first, int blocks) {
  const AttentionShape& shape = problem.shape;
  return problem.tokens == 1 && (shape.head_dim == 64 || shape.head_dim == 128) &&
         shape.head_dim == first.shape.head_dim && problem.position == first.position &&
         problem.inverse_frequencies == first.inverse_frequencies && shape.num_heads <= blocks &&
         (shape.num_heads == shape.num_kv_heads || problem.cached_bound <= kGroupedBound);
}

/// Whether the stage after an attention reads its output.
bool is_read_by(const AttentionProblem& attention, const ChainStage& next) {
  const LinearProblem* linear = linear_of(next);
  return linear != nullptr && linear->x == attention.out && linear->norm_weight == nullptr;
}

/// Whether stage `i` can follow those before it; `stages` starts with a linear.
bool goes_on(std::span<const ChainStage> stages, std::size_t i, const AttentionProblem* first) {
  const LinearProblem& linear = *linear_of(stages[0]);
  if (const LinearProblem* problem = linear_of(stages[i])) return linear_fits(*problem, linear);
  const AttentionProblem& problem = *attention_of(stages[i]);
  return attention_fits(problem, first == nullptr ? problem : *first,
                        linear.device.multiprocessors) &&
         i + 1 < stages.size() && is_read_by(problem, stages[i + 1]);
}

/// `parts` is memory for the sums of all parts, and behind them their tops.
ChainAttention attention_plan(const AttentionProblem& problem, int blocks, std::byte* parts,
                              std::size_t sums) {
  const AttentionShape& shape = problem.shape;
  ChainAttention plan = {};
  plan.q = problem.q;
  plan.k = problem.k;
  plan.v = problem.v;
  plan.keys = problem.keys;
  plan.values = problem.values;
  plan.sums = reinterpret_cast<float*>(parts);
  plan.tops = reinterpret_cast<float2*>(parts + sums);
  plan.capacity = problem.capacity;
  plan.heads = static_cast<int>(shape.num_heads);
  plan.group = static_cast<int>(shape.num_heads / shape.num_kv_heads);
  plan.most_parts = std::min(blocks / plan.heads, ChainAttention::kMostParts);
  return plan;
}

/// Shared memory behind the rings.
void lay_out(StageChain& chain, std::span<const ChainItem> items) {
  int columns = 0;
  int passed = 0;
  for (const ChainItem& item : items) {
    if (item.kind != ChainItem::Kind::Linear) continue;
    columns = std::max(columns, item.linear.columns);
    passed = std::max(passed, item.linear.pass_items);
  }
  const int warp_rows = StreamPlan::kWarps * TiledShape::kRows * 4;
  const int heads = StreamPlan::kWarps * (chain.head_dim + 2) * 4;
  const int chunk = StreamPlan::kWarps * stream_tile_bytes(chain.bits, chain.spans);
  chain.barriers_at = lines(chain.slots * chunk);
  chain.x_at = lines(chain.barriers_at + chain.slots * 16);
  chain.sums_at = lines(chain.x_at + columns * 2);
  chain.partial_at = lines(chain.sums_at + columns / TiledShape::kColumns * chain.spans * 4);
  chain.turns_at = lines(chain.partial_at + std::max(passed * warp_rows, heads));
  chain.window_at = lines(chain.turns_at + chain.head_dim / 2 * 8);
  chain.shared_bytes = chain.window_at + kChainWindow * static_cast<int>(sizeof(ChainItem));
}

/// Stages, runs of every block, a barrier of zeros.
void write_image(StageChain& chain, std::span<const ChainStage> stages,
                 std::span<const ChainItem> items) {
  const int tile_bytes = stream_tile_bytes(chain.bits, chain.spans);
  std::vector<ChainRuns> runs;
  for (int block = 0; block < chain.blocks; ++block) {
    for (const ChainItem& item : items) {
      const bool linear = item.kind == ChainItem::Kind::Linear;
      runs.push_back(linear ? runs_of(item.linear, block, tile_bytes) : ChainRuns{});
    }
  }
  chain.image.resize(image_bytes(stages));
  std::memcpy(chain.image.data(), items.data(), items.size_bytes());
  std::memcpy(chain.image.data() + items_bytes(stages), runs.data(),
              runs.size() * sizeof(ChainRuns));
}

}  // namespace

std::size_t chain_bytes(std::span<const ChainStage> stages) {
  const std::size_t sums = sums_bytes(stages);
  // A head has at least 64 dims, a top is two floats.
  return image_bytes(stages) + sums + lines(sums / 32);
}

std::size_t chain_length(std::span<const ChainStage> stages) {
  if (stages.empty() || linear_of(stages[0]) == nullptr) return 0;
  const AttentionProblem* first = nullptr;
  std::size_t length = 0;
  while (length < stages.size() && goes_on(stages, length, first)) {
    if (first == nullptr) first = attention_of(stages[length]);
    ++length;
  }
  // What cannot be in a chain may be the reader of the attention before it.
  if (length > 0 && attention_of(stages[length - 1]) != nullptr) --length;
  if (length == 0) return 0;
  const StageChain chain = plan_chain(stages.first(length), nullptr);
  return chain.shared_bytes <= linear_of(stages[0])->device.shared_bytes ? length : 0;
}

StageChain plan_chain(std::span<const ChainStage> stages, void* memory) {
  const DeviceLimits& device = linear_of(stages[0])->device;
  StageChain chain = {};
  chain.blocks = blocks_of(stages);
  chain.bits = linear_of(stages[0])->targets[0].shape.bits;
  chain.spans = linear_of(stages[0])->targets[0].shape.spans();
  chain.stages = static_cast<int>(stages.size());
  auto* parts = static_cast<std::byte*>(memory) + image_bytes(stages);
  std::vector<ChainItem> items(stages.size());
  for (std::size_t i = 0; i < stages.size(); ++i) {
    if (const LinearProblem* problem = linear_of(stages[i])) {
      items[i].kind = ChainItem::Kind::Linear;
      items[i].linear = linear_plan(*problem, chain.blocks);
      if (i == 0 || items[i - 1].kind == ChainItem::Kind::Linear) continue;
      items[i].reads_parts = 1;
      items[i].attention = items[i - 1].attention;
      continue;
    }
    const AttentionProblem& problem = *attention_of(stages[i]);
    items[i].kind = ChainItem::Kind::Attention;
    items[i].attention = attention_plan(problem, chain.blocks, parts, sums_bytes(stages));
    chain.head_dim = static_cast<int>(problem.shape.head_dim);
    chain.position = problem.position;
    chain.inverse_frequencies = problem.inverse_frequencies;
  }
  chain.slots = kMostSlots + 1;
  do {
    --chain.slots;
    lay_out(chain, items);
  } while (chain.shared_bytes > device.shared_bytes && chain.slots > kLeastSlots);
  write_image(chain, stages, items);
  return chain;
}

void run_chain(const StageChain& chain, void* memory, cudaStream_t stream) {
  auto* bytes = static_cast<std::byte*>(memory);
  const std::size_t items = lines(static_cast<std::size_t>(chain.stages) * sizeof(ChainItem));
  ChainLaunch launch = {};
  launch.plan.items = reinterpret_cast<const ChainItem*>(bytes);
  launch.plan.runs = reinterpret_cast<const ChainRuns*>(bytes + items);
  launch.plan.barrier = reinterpret_cast<unsigned*>(bytes + chain.image.size() - kBarrierBytes);
  launch.plan.count = chain.stages;
  launch.plan.head_dim = chain.head_dim;
  launch.plan.position = chain.position;
  launch.plan.inverse_frequencies = chain.inverse_frequencies;
  launch.plan.slots = chain.slots;
  launch.plan.barriers_at = chain.barriers_at;
  launch.plan.x_at = chain.x_at;
  launch.plan.sums_at = chain.sums_at;
  launch.plan.partial_at = chain.partial_at;
  launch.plan.turns_at = chain.turns_at;
  launch.plan.window_at = chain.window_at;
  launch.plan.stamps = chain.stamps;
  launch.blocks = chain.blocks;
  launch.shared_bytes = chain.shared_bytes;
  launch.spans = chain.spans;
  switch (chain.bits) {
    case 2:
      return launch_chain_w2(launch, stream);
    case 3:
      return launch_chain_w3(launch, stream);
    case 4:
      return launch_chain_w4(launch, stream);
    default:
      return launch_chain_w8(launch, stream);
  }
}

}  // namespace salient::kernels::cuda
