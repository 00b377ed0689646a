// SPDX-License-Identifier: Apache-2.0
// A run in a process of its own, for the tests that kill it:
//   job_runner SOURCE TARGET TEXT [SAMPLES SEQ_LEN]
// Exit status 0: published; 1: not, with the sentence on stderr.
#include <charconv>
#include <csignal>
#include <cstdio>
#include <string>

#include "engine/error.h"
#include "engine/job/job.h"

namespace {

std::int64_t number(const char* text) {
  const std::string digits = text;
  std::int64_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4 && argc != 6) return 2;
  std::signal(SIGXFSZ, SIG_IGN);
  try {
    const auto backend = salient::make_cpu_backend(argc == 6 ? 0 : 1);
    salient::JobOptions options;
    options.source = argv[1];
    options.target = argv[2];
    options.calibration_text = argv[3];
    options.scheme = {.bits = 4, .group_size = argc == 6 ? 128 : 32};
    options.calibration = {.samples = 6, .seq_len = 32, .seed = 0};
    if (argc == 6) options.calibration = {number(argv[4]), number(argv[5]), 0};
    const auto source = salient::open_checkpoint(options.source);
    const salient::Plan plan = salient::make_plan(*backend, *source, options);
    std::printf("resumes at %ld\n", static_cast<long>(plan.finished_blocks));
    for (const std::string& note : plan.notes) std::printf("note: %s\n", note.c_str());
    for (const std::string& note : plan.warnings) std::printf("warning: %s\n", note.c_str());
    std::printf("peak memory planned %.2f GB, disk %.2f GB\n",
                static_cast<double>(plan.peak_memory_bytes) / 1e9,
                static_cast<double>(plan.disk_bytes) / 1e9);
    for (const auto& phase : plan.phases) {
      std::printf("%s: %.2f GB, %.0f to %.0f s\n", phase.phase.c_str(),
                  static_cast<double>(phase.memory_bytes) / 1e9, phase.seconds_low,
                  phase.seconds_high);
    }
    std::fflush(stdout);
    salient::RunControl control;
    const auto show = [](const salient::Event& event) {
      if (const auto* block = std::get_if<salient::BlockFinished>(&event)) {
        std::printf("block %ld, %.2f s, %.0f s left, %.2f GB\n", static_cast<long>(block->block),
                    block->seconds, block->seconds_left,
                    static_cast<double>(block->peak_rss_bytes) / 1e9);
        std::fflush(stdout);
      }
    };
    const salient::RunFinished end = salient::run_job(*backend, plan, control, show);
    if (end.outcome != salient::Outcome::Done) std::fprintf(stderr, "%s\n", end.sentence.c_str());
    std::printf("%.2f s\n", end.seconds);
    return end.outcome == salient::Outcome::Done ? 0 : 1;
  } catch (const salient::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
