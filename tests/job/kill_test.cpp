// SPDX-License-Identifier: Apache-2.0
// kill -9 at random moments of a run in a process of its own; then the same command again.
#include <chrono>
#include <csignal>
#include <fstream>
#include <random>
#include <thread>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/job/tiny_run.h"

using namespace salient::tests;
namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

namespace {

constexpr int kRounds = 20;

constexpr rlim_t kNoLimit = RLIM_INFINITY;

pid_t start(const fs::path& source, const fs::path& target, const fs::path& text,
            rlim_t file_bytes = kNoLimit) {
  const pid_t child = fork();
  if (child != 0) return child;
  const rlimit limit{file_bytes, file_bytes};
  if (file_bytes != kNoLimit) setrlimit(RLIMIT_FSIZE, &limit);
  const int nowhere = open("/dev/null", O_WRONLY);
  dup2(nowhere, STDOUT_FILENO);
  dup2(nowhere, STDERR_FILENO);
  execl(SALIENT_JOB_RUNNER, "job_runner", source.c_str(), target.c_str(), text.c_str(), nullptr);
  _exit(127);
}

int wait_for(pid_t child) {
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  return status;
}

}  // namespace

TEST_CASE("F01: killed at twenty random moments, a run resumes to the same bytes") {
  const TemporaryFolder folder;
  const fs::path source = source_file("resources/toy");
  const fs::path text = folder.path() / "text.txt";
  std::ofstream(text) << made_text(4000);
  const Clock::time_point begin = Clock::now();
  REQUIRE(wait_for(start(source, folder.path() / "whole", text)) == 0);
  const auto whole_run =
      std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - begin);
  const auto expected = files_below(folder.path() / "whole");
  REQUIRE(expected.contains("model.safetensors"));

  std::mt19937 random(11);
  int killed = 0;
  for (int round = 0; round < kRounds; ++round) {
    INFO("round " << round);
    const fs::path target = folder.path() / "out";
    const pid_t child = start(source, target, text);
    const auto limit = static_cast<unsigned>(whole_run.count());
    std::this_thread::sleep_for(std::chrono::microseconds(random() % limit));
    kill(child, SIGKILL);
    const int status = wait_for(child);
    if (WIFSIGNALED(status)) ++killed;
    // Absent or whole, at any moment.
    if (!fs::exists(target)) REQUIRE(wait_for(start(source, target, text)) == 0);
    CHECK(files_below(target) == expected);
    fs::remove_all(target);
    fs::remove_all(folder.path() / ".out.job");
  }
  CHECK(killed >= kRounds / 2);
}

TEST_CASE(
    "F06: a limit on file sizes ends the run with a sentence, and the next one goes through") {
  const TemporaryFolder folder;
  const fs::path source = source_file("resources/toy");
  const fs::path text = folder.path() / "text.txt";
  const fs::path target = folder.path() / "out";
  std::ofstream(text) << made_text(4000);
  const int status = wait_for(start(source, target, text, 400'000));
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 1);
  CHECK_FALSE(fs::exists(target));
  CHECK(wait_for(start(source, target, text)) == 0);
  CHECK(fs::exists(target / "config.json"));
}
