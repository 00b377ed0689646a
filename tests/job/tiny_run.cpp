// SPDX-License-Identifier: Apache-2.0
#include "tests/job/tiny_run.h"

#include <array>
#include <fstream>
#include <random>

#include <doctest/doctest.h>

namespace salient::tests {

namespace fs = std::filesystem;

std::string made_text(std::size_t bytes) {
  static constexpr std::array kWords = {"the",   "river", "runs", "past",  "nine",  "old",
                                        "mills", "and",   "each", "wheel", "turns", "slowly."};
  std::mt19937 random(7);
  std::string text;
  while (text.size() < bytes) {
    text += kWords[random() % kWords.size()];
    text += random() % 16 == 0 ? '\n' : ' ';
  }
  return text;
}

std::string text_of(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

std::map<std::string, std::string> files_below(const fs::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    files[fs::relative(entry.path(), folder).string()] = text_of(entry.path());
  }
  return files;
}

TinyRun::TinyRun(const TinyCheckpoint& checkpoint) {
  write_folder(checkpoint, source());
  options.source = source();
  options.target = target();
  options.default_calibration_text = made_text(2000);
  options.scheme = {.bits = 4, .group_size = 32};
  options.group_size_given = true;
  options.calibration = {.samples = 4, .seq_len = 32, .seed = 0};
}

Plan TinyRun::plan() const {
  return make_plan(*backend, *open_checkpoint(source()), options);
}

RunFinished TinyRun::run(const std::function<void(const Event&)>& watch) {
  events.clear();
  return run_job(*backend, plan(), *control, [&](const Event& event) {
    events.push_back(event);
    if (watch) watch(event);
  });
}

std::string TinyRun::plan_error(ErrorKind kind) const {
  try {
    static_cast<void>(plan());
  } catch (const Error& error) {
    CHECK(error.kind() == kind);
    CHECK(std::string(error.what()).find('\n') == std::string::npos);
    CHECK_FALSE(published());
    return error.what();
  }
  return "";
}

std::string name_of(const Event& event) {
  static constexpr std::array kNames = {"RunStarted",    "WindowCalibrated", "BlockStarted",
                                        "StatsMeasured", "AlphaTried",       "LinearQuantized",
                                        "BlockFinished", "ExportProgress",   "RunPaused",
                                        "RunResumed",    "Warned",           "RunFinished"};
  static_assert(kNames.size() == std::variant_size_v<Event>);
  return kNames.at(event.index());
}

}  // namespace salient::tests
