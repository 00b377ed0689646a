// SPDX-License-Identifier: Apache-2.0
// What a run says about itself: the time that is left, and the log that outlives it.
#include <algorithm>
#include <fstream>

#include <doctest/doctest.h>

#include "engine/job/run_log.h"
#include "tests/job/tiny_run.h"

using namespace salient;
using namespace salient::tests;

namespace {

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::vector<BlockFinished> finished_blocks(const std::vector<Event>& events) {
  std::vector<BlockFinished> blocks;
  for (const Event& event : events) {
    if (const auto* block = std::get_if<BlockFinished>(&event)) blocks.push_back(*block);
  }
  return blocks;
}

/// A run whose clock stands still but for what `advance` returns at each event, in seconds.
std::vector<BlockFinished> timed_blocks(TinyRun& tiny,
                                        const std::function<double(const Event&)>& advance) {
  double now = 1000;
  tiny.events.clear();
  const auto sink = [&](const Event& event) {
    now += advance(event);
    tiny.events.push_back(event);
  };
  const RunFinished end =
      run_job(*tiny.backend, tiny.plan(), *tiny.control, sink, [&] { return now; });
  REQUIRE(end.outcome == Outcome::Done);
  return finished_blocks(tiny.events);
}

/// Ten seconds for each linear of block 0, 30 for those of block 1, 5 for the others.
double pace(const Event& event) {
  const auto* linear = std::get_if<LinearQuantized>(&event);
  if (linear == nullptr) return 0;
  const std::int64_t block = linear->report.id.block;
  return block == 0 ? 10 : block == 1 ? 30 : 5;
}

std::vector<std::string> lines_of(const std::filesystem::path& file) {
  std::ifstream stream(file);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

}  // namespace

TEST_CASE("the seconds left are the mean of the blocks measured so far times those to come") {
  TinyRun tiny(make_tiny_checkpoint({.num_layers = 4}));
  const auto blocks = timed_blocks(tiny, pace);
  REQUIRE(blocks.size() == 4);
  CHECK(blocks[0].seconds == doctest::Approx(70));
  CHECK(blocks[0].seconds_left == doctest::Approx(3 * 70));
  CHECK(blocks[1].seconds == doctest::Approx(210));
  CHECK(blocks[1].seconds_left == doctest::Approx(2 * 140));
  CHECK(blocks[2].seconds == doctest::Approx(35));
  CHECK(blocks[2].seconds_left == doctest::Approx((70 + 210 + 35) / 3.0));
  CHECK(blocks[3].seconds_left == 0);
}

TEST_CASE("blocks of an earlier attempt do not count as measured") {
  TinyRun tiny(make_tiny_checkpoint({.num_layers = 4}));
  tiny.run([&](const Event& event) {
    if (name_of(event) == "BlockFinished") tiny.control->cancel();
  });
  tiny.control = std::make_unique<RunControl>();
  const auto blocks = timed_blocks(tiny, pace);
  REQUIRE(blocks.size() == 4);
  CHECK(blocks[0].seconds_left == 0);
  CHECK(blocks[1].seconds_left == doctest::Approx(2 * 210));
}

TEST_CASE("a pause makes no block look slow") {
  TinyRun tiny(make_tiny_checkpoint({.num_layers = 4}));
  const auto blocks = timed_blocks(tiny, [&](const Event& event) {
    const auto* linear = std::get_if<LinearQuantized>(&event);
    if (linear != nullptr && linear->report.id == LinearId{0, LinearRole::Query}) {
      tiny.control->pause();
    }
    if (name_of(event) != "RunPaused") return pace(event);
    tiny.control->resume();
    return 3600.0;
  });
  REQUIRE(blocks.size() == 4);
  CHECK(blocks[0].seconds == doctest::Approx(70));
  CHECK(blocks[0].seconds_left == doctest::Approx(210));
}

TEST_CASE("K8: state, last step and reason of a run that ended are in its log") {
  TinyRun tiny;
  tiny.control->pause();
  tiny.run([&](const Event& event) {
    if (name_of(event) == "RunPaused") tiny.control->resume();
    if (name_of(event) == "BlockFinished") tiny.control->cancel();
  });
  const auto lines = lines_of(tiny.job_folder() / "log");
  REQUIRE(lines.size() == 5);
  CHECK(contains(lines[0], " UTC, paused"));
  CHECK(contains(lines[1], "resumed"));
  CHECK(contains(lines[2], "started, 2 blocks"));
  CHECK(contains(lines[3], "block 1 finished in "));
  CHECK(contains(lines[4], "cancelled: "));
  CHECK(last_log_line(tiny.job_folder()) == lines[4]);

  tiny.control = std::make_unique<RunControl>();
  const auto notes = tiny.plan().notes;
  CHECK(std::ranges::any_of(notes, [&](const std::string& note) {
    return contains(note, "1 of 2 blocks are finished already") && contains(note, lines[4]);
  }));
  const RunFinished end = tiny.run([&](const Event& event) {
    if (name_of(event) != "ExportProgress") return;
    // The disk fills up, or so the run is told.
    throw Error(ErrorKind::Resources, "disk full: nothing left");
  });
  CHECK(end.outcome == Outcome::Failed);
  CHECK(contains(last_log_line(tiny.job_folder()), "failed: disk full: nothing left"));

  REQUIRE(tiny.run().outcome == Outcome::Done);
  CHECK_FALSE(std::filesystem::exists(tiny.job_folder()));
}

TEST_CASE("a log that was tampered with is shown as text and decides nothing") {
  TinyRun tiny;
  tiny.run([&](const Event& event) {
    if (name_of(event) == "BlockFinished") tiny.control->cancel();
  });
  write_bytes(tiny.job_folder() / "log", std::string(100'000, '\x1b') + "\nlast \x1b[31m\n\n");
  CHECK(last_log_line(tiny.job_folder()) == "last \\x1B[31m");
  std::filesystem::remove(tiny.job_folder() / "log");
  std::filesystem::create_symlink("/etc/hostname", tiny.job_folder() / "log");
  CHECK(last_log_line(tiny.job_folder()).empty());
  tiny.control = std::make_unique<RunControl>();
  CHECK(tiny.run().outcome == Outcome::Done);
}
