// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <fstream>
#include <set>
#include <thread>

#include <doctest/doctest.h>
#include <sys/stat.h>

#include "engine/export/job_folder.h"
#include "engine/job/run_record.h"
#include "engine/runtime/loaded_model.h"
#include "tests/job/tiny_run.h"

using namespace salient;
using namespace salient::tests;

namespace {

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::size_t count(const std::vector<Event>& events, const std::string& name) {
  return static_cast<std::size_t>(
      std::ranges::count_if(events, [&](const Event& event) { return name_of(event) == name; }));
}

/// The kinds of events in order, each run of the same kind once.
std::vector<std::string> phases(const std::vector<Event>& events) {
  std::vector<std::string> names;
  for (const Event& event : events) {
    const std::string name = name_of(event);
    if (names.empty() || names.back() != name) names.push_back(name);
  }
  return names;
}

std::map<std::string, std::string> undisturbed() {
  static const std::map<std::string, std::string> files = [] {
    TinyRun tiny;
    REQUIRE(tiny.run().outcome == Outcome::Done);
    return files_below(tiny.target());
  }();
  return files;
}

/// record.json names the source's identity through nothing that differs between two folders, so
/// whole trees compare.
void check_same_files(const TinyRun& tiny) {
  const auto files = files_below(tiny.target());
  const auto expected = undisturbed();
  REQUIRE(files.size() == expected.size());
  for (const auto& [name, bytes] : expected) {
    INFO(name);
    REQUIRE(files.contains(name));
    CHECK(files.at(name) == bytes);
  }
  CHECK_FALSE(std::filesystem::exists(tiny.job_folder()));
}

}  // namespace

TEST_CASE("a run reports its facts in a fixed order and leaves only its result") {
  TinyRun tiny;
  const RunFinished end = tiny.run();
  INFO(end.sentence);
  REQUIRE(end.outcome == Outcome::Done);
  CHECK(end.peak_rss_bytes > 0);
  const auto& events = tiny.events;
  CHECK(name_of(events.front()) == "RunStarted");
  CHECK(name_of(events.back()) == "RunFinished");
  CHECK(count(events, "RunFinished") == 1);
  CHECK(count(events, "BlockStarted") == 2);
  CHECK(count(events, "StatsMeasured") == 2);
  CHECK(count(events, "LinearQuantized") == 14);
  CHECK(count(events, "BlockFinished") == 2);
  CHECK(count(events, "WindowCalibrated") == 8);
  CHECK(count(events, "AlphaTried") >= 2 * 4 * 20);

  std::vector<std::string> order = phases(events);
  std::erase_if(order, [](const auto& name) {
    return name == "AlphaTried" || name == "LinearQuantized" || name == "Warned";
  });
  CHECK(order == std::vector<std::string>{"RunStarted", "BlockStarted", "WindowCalibrated",
                                          "StatsMeasured", "BlockFinished", "BlockStarted",
                                          "WindowCalibrated", "StatsMeasured", "BlockFinished",
                                          "ExportProgress", "RunFinished"});
  std::set<std::string> beside;
  for (const auto& entry : std::filesystem::directory_iterator(tiny.folder.path())) {
    beside.insert(entry.path().filename().string());
  }
  CHECK(beside == std::set<std::string>{"source", "out"});
}

TEST_CASE("two runs give the same bytes, also with more threads") {
  TinyRun tiny;
  tiny.backend = make_cpu_backend(2);
  REQUIRE(tiny.run().outcome == Outcome::Done);
  check_same_files(tiny);
}

TEST_CASE("the export is loaded and answers like the engine's own blocks") {
  TinyRun tiny;
  REQUIRE(tiny.run().outcome == Outcome::Done);
  const auto model = load_model(*tiny.backend, tiny.target(), {});
  CHECK(model->precision.starts_with("4-bit"));
  CHECK(std::holds_alternative<PackedLinear>(model->decoder.blocks[1][LinearRole::Down]));
}

TEST_CASE("F25: cancelled at any stage, nothing is published and the same command goes on") {
  for (const char* stage : {"RunStarted", "WindowCalibrated", "StatsMeasured", "AlphaTried",
                            "LinearQuantized", "BlockFinished", "ExportProgress"}) {
    INFO(stage);
    TinyRun tiny;
    const RunFinished end = tiny.run([&](const Event& event) {
      if (name_of(event) == stage) tiny.control->cancel();
    });
    CHECK(end.outcome == Outcome::Cancelled);
    CHECK(end.error_kind == ErrorKind::Cancelled);
    CHECK(count(tiny.events, "RunFinished") == 1);
    CHECK_FALSE(tiny.published());
    tiny.control = std::make_unique<RunControl>();
    REQUIRE(tiny.run().outcome == Outcome::Done);
    check_same_files(tiny);
  }
}

TEST_CASE("cancelling between verifying and publishing leaves no target") {
  TinyRun tiny;
  const RunFinished end = tiny.run([&](const Event& event) {
    const auto* progress = std::get_if<ExportProgress>(&event);
    if (progress != nullptr && progress->step == "verifying" && progress->share == 1.0) {
      tiny.control->cancel();
    }
  });
  CHECK(end.outcome == Outcome::Cancelled);
  CHECK_FALSE(tiny.published());
}

TEST_CASE("a resumed run tells of the finished blocks and recomputes none of them") {
  TinyRun tiny;
  tiny.run([&](const Event& event) {
    if (name_of(event) == "BlockFinished") tiny.control->cancel();
  });
  tiny.control = std::make_unique<RunControl>();
  const Plan plan = tiny.plan();
  CHECK(plan.resumes);
  CHECK(plan.finished_blocks == 1);
  REQUIRE(tiny.run().outcome == Outcome::Done);
  const auto started = std::get<RunStarted>(tiny.events.front());
  CHECK(started.first_block == 1);
  CHECK(count(tiny.events, "LinearQuantized") == 14);
  CHECK(count(tiny.events, "WindowCalibrated") == 4);
  check_same_files(tiny);
}

TEST_CASE("pausing holds the run, serves requests and goes on") {
  TinyRun tiny;
  tiny.control->pause();
  bool served = false;
  const RunFinished end = tiny.run([&](const Event& event) {
    if (name_of(event) != "RunPaused") return;
    // A request that comes while paused is served before the run goes on.
    tiny.control->post([&] {
      served = true;
      CHECK(tiny.control->paused());
      tiny.control->resume();
    });
  });
  CHECK(served);
  CHECK(end.outcome == Outcome::Done);
  CHECK(count(tiny.events, "RunPaused") == 1);
  CHECK(count(tiny.events, "RunResumed") == 1);
  check_same_files(tiny);
}

TEST_CASE("a paused run is woken by cancelling from another thread") {
  TinyRun tiny;
  tiny.control->pause();
  std::thread other;
  const RunFinished end = tiny.run([&](const Event& event) {
    if (name_of(event) != "RunPaused") return;
    other = std::thread([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      tiny.control->cancel();
      tiny.control->cancel();
    });
  });
  other.join();
  CHECK(end.outcome == Outcome::Cancelled);
}

TEST_CASE("another plan on an unfinished target is refused with what differs") {
  TinyRun tiny;
  tiny.run([&](const Event& event) {
    if (name_of(event) == "BlockFinished") tiny.control->cancel();
  });
  tiny.control = std::make_unique<RunControl>();
  tiny.options.scheme.bits = 3;
  const std::string sentence = tiny.plan_error();
  CHECK(contains(sentence, "settings bits is 4 there and 3 here"));
  CHECK(contains(sentence, "--overwrite to start over"));
  tiny.options.overwrite = true;
  const Plan plan = tiny.plan();
  CHECK_FALSE(plan.resumes);
  REQUIRE(tiny.run().outcome == Outcome::Done);
  CHECK(std::get<RunStarted>(tiny.events.front()).first_block == 0);

  TinyRun dropped;
  dropped.run([&](const Event& event) {
    if (name_of(event) == "BlockFinished") dropped.control->cancel();
  });
  discard_journal(dropped.target());
  CHECK_FALSE(std::filesystem::exists(dropped.job_folder()));
}

TEST_CASE("what a kill between publishing and clean-up leaves is removed by the next command") {
  for (const bool by_plan : {true, false}) {
    TinyRun tiny;
    tiny.run([&](const Event& event) {
      if (name_of(event) == "BlockFinished") tiny.control->cancel();
    });
    tiny.control = std::make_unique<RunControl>();
    const auto journal = tiny.folder.path() / "journal";
    std::filesystem::copy(tiny.job_folder(), journal, std::filesystem::copy_options::recursive);
    REQUIRE(tiny.run().outcome == Outcome::Done);
    struct stat status {};
    REQUIRE(::stat(tiny.target().c_str(), &status) == 0);
    const std::string device = std::to_string(status.st_dev) + " ";
    std::filesystem::rename(journal, tiny.job_folder());
    std::ofstream(tiny.job_folder() / "publishing") << device << status.st_ino + 1 << "\n";
    static_cast<void>(open_run_record(tiny.target()));
    CHECK(std::filesystem::exists(tiny.job_folder()));
    std::ofstream(tiny.job_folder() / "publishing") << device << status.st_ino << "\n";
    if (by_plan) {
      CHECK_THROWS_AS(static_cast<void>(tiny.plan()), Error);
    } else {
      static_cast<void>(open_run_record(tiny.target()));
    }
    CHECK_FALSE(std::filesystem::exists(tiny.job_folder()));
    CHECK(std::filesystem::exists(tiny.target() / "config.json"));
  }
}

TEST_CASE("a run that fails before its first block is finished leaves nothing behind") {
  TinyRun tiny;
  const auto tokenizer = tiny.source() / "tokenizer.json";
  std::filesystem::resize_file(tokenizer, std::filesystem::file_size(tokenizer) / 2);
  const RunFinished end = tiny.run();
  CHECK(end.outcome == Outcome::Failed);
  CHECK(end.error_kind == ErrorKind::BadInput);
  CHECK_FALSE(std::filesystem::exists(tiny.job_folder()));
  CHECK_FALSE(tiny.published());
}

TEST_CASE("F10: a second writer is refused while the first one holds the target") {
  TinyRun tiny;
  const Plan plan = tiny.plan();
  const JobFolder first(system_files(), tiny.target());
  const RunFinished end =
      run_job(*tiny.backend, plan, *tiny.control, [](const Event& /*event*/) {});
  CHECK(end.outcome == Outcome::Failed);
  CHECK(end.error_kind == ErrorKind::BadInput);
  CHECK(contains(end.sentence, "is being written by process"));
}

TEST_CASE("F09: a target that appears during the run is left alone") {
  TinyRun tiny;
  const RunFinished end = tiny.run([&](const Event& event) {
    if (name_of(event) != "ExportProgress" || tiny.published()) return;
    std::filesystem::create_directory(tiny.target());
    std::ofstream(tiny.target() / "mine") << "kept";
  });
  CHECK(end.outcome == Outcome::Failed);
  CHECK(contains(end.sentence, "exists already"));
  CHECK(text_of(tiny.target() / "mine") == "kept");
}

TEST_CASE("overwriting replaces the old model only once the new one is whole") {
  TinyRun tiny;
  REQUIRE(tiny.run().outcome == Outcome::Done);
  CHECK(contains(
      [&] {
        try {
          static_cast<void>(tiny.plan());
        } catch (const Error& error) {
          return std::string(error.what());
        }
        return std::string();
      }(),
      "exists already"));
  std::ofstream(tiny.target() / "old") << "x";
  tiny.options.overwrite = true;
  tiny.run([&](const Event& event) {
    if (name_of(event) == "ExportProgress") tiny.control->cancel();
  });
  CHECK(std::filesystem::exists(tiny.target() / "old"));
  tiny.control = std::make_unique<RunControl>();
  REQUIRE(tiny.run().outcome == Outcome::Done);
  check_same_files(tiny);
}

TEST_CASE("F12, F13: a source that changes during the run is never mixed in") {
  for (const bool shorter : {true, false}) {
    TinyRun tiny;
    const auto weights = tiny.source() / "model.safetensors";
    const RunFinished end = tiny.run([&](const Event& event) {
      const auto* finished = std::get_if<BlockFinished>(&event);
      if (finished == nullptr || finished->block != 0) return;
      if (shorter) {
        std::filesystem::resize_file(weights, std::filesystem::file_size(weights) / 2);
      } else {
        std::fstream file(weights, std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(-8, std::ios::end);
        file.write("12345678", 8);
      }
    });
    CHECK(end.outcome == Outcome::Failed);
    CHECK(contains(end.sentence, "changed while in use"));
    CHECK_FALSE(tiny.published());
  }
}

TEST_CASE("F14: a source that is gone is said so") {
  TinyRun tiny;
  const Plan plan = tiny.plan();
  std::filesystem::remove_all(tiny.source());
  const RunFinished end =
      run_job(*tiny.backend, plan, *tiny.control, [](const Event& /*event*/) {});
  CHECK(end.outcome == Outcome::Failed);
  CHECK(contains(end.sentence, "source"));
}

TEST_CASE("F31: a whole run in folders with odd names") {
  for (const std::string name :
       {"with space", "-dash", "new\nline", "é", "🦙", "%s", "'", "\xFF\xFE"}) {
    TinyRun tiny;
    const auto odd = tiny.folder.path() / name;
    std::filesystem::create_directory(odd);
    std::filesystem::rename(tiny.source(), odd / "source");
    tiny.options.source = odd / "source";
    tiny.options.target = odd / "out";
    const Plan plan = make_plan(*tiny.backend, *open_checkpoint(tiny.options.source), tiny.options);
    const RunFinished end =
        run_job(*tiny.backend, plan, *tiny.control, [](const Event& /*event*/) {});
    INFO(end.sentence);
    CHECK(end.outcome == Outcome::Done);
  }
}

TEST_CASE("every format and method goes through, resumed or not") {
  struct Case {
    ExportFormat format;
    Method method;
    QuantScheme scheme;
    LossSite site;
  };
  using enum ExportFormat;
  for (const Case& part :
       {Case{Awq, Method::Rtn, {.bits = 4, .group_size = 32}, LossSite::LinearOutput},
        Case{Run, Method::Awq, {.bits = 3, .group_size = 128}, LossSite::LinearOutput},
        Case{Run, Method::Awq, {.bits = 8, .group_size = 0}, LossSite::LinearOutput},
        Case{Fp16, Method::Awq, {.bits = 4, .group_size = 64}, LossSite::LinearOutput},
        Case{Awq, Method::Awq, {4, 64, Symmetry::Symmetric}, LossSite::BlockOutput}}) {
    const auto configure = [&](TinyRun& tiny) {
      tiny.options.format = part.format;
      tiny.options.method = part.method;
      tiny.options.scheme = part.scheme;
      tiny.options.loss_site = part.site;
    };
    const TinyCheckpoint checkpoint =
        make_tiny_checkpoint({.tied_head = true, .attention_bias = true, .mlp_bias = true});
    TinyRun whole(checkpoint);
    configure(whole);
    const RunFinished end = whole.run();
    INFO(end.sentence);
    REQUIRE(end.outcome == Outcome::Done);
    TinyRun resumed(checkpoint);
    configure(resumed);
    resumed.run([&](const Event& event) {
      if (name_of(event) == "BlockFinished") resumed.control->cancel();
    });
    resumed.control = std::make_unique<RunControl>();
    REQUIRE(resumed.run().outcome == Outcome::Done);
    CHECK(files_below(whole.target()) == files_below(resumed.target()));
  }
}
