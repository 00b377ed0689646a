// SPDX-License-Identifier: Apache-2.0
#include "ui/bridge/cached_model.h"

#include "engine/checkpoint/checkpoint.h"

namespace salient::ui {

CachedModelFound inspectCached(const Backend& backend, const CachedModel& model) {
  CachedModelFound found;
  found.path = model.snapshot;
  found.name = model.name.substr(model.name.rfind('/') + 1);
  found.bytes = static_cast<std::int64_t>(model.bytes);
  try {
    const std::unique_ptr<Checkpoint> checkpoint = open_checkpoint(model.snapshot);
    found.parameters = checkpoint->parameter_count();
    found.type = checkpoint->precision();
    JobOptions options;
    options.source = model.snapshot;
    options.target = std::filesystem::temp_directory_path() / (found.name + "-salient-plan");
    const Plan plan = make_plan(backend, *checkpoint, options);
    for (const PhaseEstimate& phase : plan.phases) {
      found.secondsLow += phase.seconds_low;
      found.secondsHigh += phase.seconds_high;
    }
    found.verdict = Verdict::Yes;
    if (plan.peak_memory_bytes > plan.free_memory_bytes) {
      found.verdict = Verdict::Conditional;
      found.sentence = "with more free memory than there is now";
    } else if (plan.fp16_bytes > plan.free_memory_bytes) {
      found.verdict = Verdict::Conditional;
      found.sentence = "but the FP16 model does not fit beside it in the chat";
    }
  } catch (const Error& error) {
    found.sentence = error.what();
  }
  return found;
}

}  // namespace salient::ui
