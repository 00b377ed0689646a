// SPDX-License-Identifier: Apache-2.0
#include "engine/job/run_log.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <ctime>

#include <fcntl.h>
#include <unistd.h>

#include "engine/checkpoint/file_source.h"
#include "engine/checkpoint/foreign_text.h"
#include "engine/report/numbers.h"

namespace salient {
namespace {

constexpr std::size_t kLineBytes = 1024;

std::string now() {
  const std::time_t time = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm parts{};
  ::gmtime_r(&time, &parts);
  std::array<char, 32> text{};
  const std::size_t length = std::strftime(text.data(), text.size(), "%F %T UTC", &parts);
  return {text.data(), length};
}

std::string words(const RunStarted& run) {
  if (run.first_block == 0) return "started, " + std::to_string(run.num_blocks) + " blocks";
  return "went on after block " + std::to_string(run.first_block) + " of " +
         std::to_string(run.num_blocks);
}
std::string words(const BlockFinished& block) {
  return "block " + std::to_string(block.block + 1) + " finished in " +
         format_seconds(block.seconds);
}
std::string words(const RunPaused& /*paused*/) {
  return "paused";
}
std::string words(const RunResumed& /*resumed*/) {
  return "resumed";
}
std::string words(const Warned& warning) {
  return "warning: " + warning.sentence;
}
std::string words(const RunFinished& end) {
  if (end.outcome == Outcome::Done) return "done";
  return (end.outcome == Outcome::Cancelled ? "cancelled: " : "failed: ") + end.sentence;
}
template <class Fact>
std::string words(const Fact& /*no change of state*/) {
  return {};
}

}  // namespace

RunLog::RunLog(const std::filesystem::path& job_folder)
    : descriptor_(::open((job_folder / kRunLog).c_str(),
                         O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0644)) {}

RunLog::~RunLog() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void RunLog::add(const Event& event) noexcept {
  try {
    std::string text = std::visit([](const auto& fact) { return words(fact); }, event);
    const auto* progress = std::get_if<ExportProgress>(&event);
    if (progress != nullptr && progress->step != export_step_) {
      text = export_step_ = progress->step;
      text += " the result";
    }
    if (text.empty() || descriptor_ < 0) return;
    // In one write: lines of a run that is killed are whole or absent.
    const std::string line = now() + ", " + escaped(text, kLineBytes) + "\n";
    static_cast<void>(::write(descriptor_, line.data(), line.size()) > 0);
  } catch (const std::exception&) {
    return;
  }
}

std::string last_log_line(const std::filesystem::path& job_folder) {
  try {
    const FileSource file(job_folder / kRunLog, Links::Refuse);
    const std::uint64_t length = std::min<std::uint64_t>(file.size(), 2 * kLineBytes);
    std::string text(static_cast<std::size_t>(length), '\0');
    file.read(file.size() - length, std::as_writable_bytes(std::span(text)));
    while (text.ends_with('\n')) text.pop_back();
    return escaped(text.substr(text.rfind('\n') + 1), kLineBytes);
  } catch (const std::exception&) {
    return {};
  }
}

}  // namespace salient
