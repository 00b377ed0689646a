// SPDX-License-Identifier: Apache-2.0
#include "engine/job/journal.h"

#include <fstream>
#include <functional>

#include <doctest/doctest.h>

#include "engine/export/sealed_file.h"
#include "tests/export/faulty_files.h"
#include "tests/export/forgetting_files.h"
#include "tests/fuzz/memory_source.h"
#include "tests/job/tiny_run.h"

using namespace salient;
using namespace salient::tests;
namespace fs = std::filesystem;

namespace {

/// A job folder with two finished blocks, made by a run that was stopped before its export.
struct Finished {
  Finished() {
    tiny.run([&](const Event& event) {
      if (name_of(event) == "ExportProgress") tiny.control->cancel();
    });
    shape = make_decoder_shape(*open_checkpoint(tiny.source()));
  }
  fs::path step(int number) const {
    return tiny.job_folder() / "steps" /
           ("000" + std::to_string(number) + "-layer0" + std::to_string(number - 1) + ".st");
  }
  TinyRun tiny;
  DecoderShape shape;
};

void write_text(const fs::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
}

}  // namespace

TEST_CASE("K4: a step file with any flipped bit is redone and never used") {
  Finished made;
  const std::string whole = text_of(made.step(2));
  REQUIRE(whole.size() > 4096);
  std::string damaged = whole;
  int accepted = 0;
  for (std::size_t at = 0; at < whole.size(); at += 64) {
    damaged[at] = static_cast<char>(damaged[at] ^ static_cast<char>(1 << (at / 64 % 8)));
    const fs::path copy = made.tiny.folder.path() / "copy.st";
    write_text(copy, damaged);
    try {
      static_cast<void>(read_sealed(copy));
      ++accepted;
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::BadInput);
    }
    damaged[at] = whole[at];
  }
  CHECK(accepted == 0);
}

TEST_CASE("a run over a damaged journal redoes what is damaged and gives the same bytes") {
  TinyRun undisturbed;
  REQUIRE(undisturbed.run().outcome == Outcome::Done);
  const auto expected = files_below(undisturbed.target());
  struct Damage {
    const char* what;
    std::function<void(const Finished&)> apply;
    std::int64_t kept_blocks;
  };
  const auto flip = [](const fs::path& path, std::size_t at) {
    std::string text = text_of(path);
    text[at] = static_cast<char>(text[at] ^ 1);
    write_text(path, text);
  };
  const std::vector<Damage> damages = {
      {"nothing", [](const Finished&) {}, 2},
      {"second step flipped", [&](const Finished& m) { flip(m.step(2), 3000); }, 1},
      {"first step flipped", [&](const Finished& m) { flip(m.step(1), 3000); }, 0},
      {"first step missing", [](const Finished& m) { fs::remove(m.step(1)); }, 0},
      {"second step cut", [](const Finished& m) { fs::resize_file(m.step(2), 5000); }, 1},
      {"second step empty", [](const Finished& m) { fs::resize_file(m.step(2), 0); }, 1},
      {"first step copied over the second",
       [](const Finished& m) {
         fs::copy_file(m.step(1), m.step(2), fs::copy_options::overwrite_existing);
       },
       1},
      {"half-written step",
       [](const Finished& m) { write_text(m.step(2).string() + ".tmp", "half"); }, 2},
      {"activations flipped",
       [&](const Finished& m) {
         fs::remove(m.step(2));
         flip(m.tiny.job_folder() / "acts.1", 3000);
       },
       1},
      {"activations missing",
       [](const Finished& m) {
         fs::remove(m.step(2));
         fs::remove(m.tiny.job_folder() / "acts.1");
       },
       1},
      {"a folder where a step should be",
       [](const Finished& m) {
         fs::remove(m.step(2));
         fs::create_directory(m.step(2));
         fs::remove(m.step(2));
       },
       1},
      {"a link where a step should be",
       [](const Finished& m) {
         fs::rename(m.step(2), m.tiny.folder.path() / "elsewhere.st");
         fs::create_symlink(m.tiny.folder.path() / "elsewhere.st", m.step(2));
       },
       1},
  };
  for (const Damage& damage : damages) {
    INFO(damage.what);
    Finished made;
    damage.apply(made);
    made.tiny.control = std::make_unique<RunControl>();
    const RunFinished end = made.tiny.run();
    INFO(end.sentence);
    REQUIRE(end.outcome == Outcome::Done);
    CHECK(std::get<RunStarted>(made.tiny.events.front()).first_block == damage.kept_blocks);
    CHECK(files_below(made.tiny.target()) == expected);
  }
}

TEST_CASE("F39: a plan of another version, or a damaged one, is refused and left as it is") {
  Finished made;
  made.tiny.control = std::make_unique<RunControl>();
  const fs::path path = made.tiny.job_folder() / "plan.json";
  const std::string whole = text_of(path);
  for (const auto& [from, to] :
       {std::pair<std::string, std::string>{"\"format\": 1", "\"format\": 2"},
        {"\"bits\": 4", "\"bits\": 3"},
        {"{", "["}}) {
    std::string text = whole;
    text.replace(text.find(from), from.size(), to);
    write_text(path, text);
    const std::string sentence = made.tiny.plan_error();
    CHECK(sentence.find("--overwrite to start over") != std::string::npos);
    CHECK(text_of(path) == text);
    CHECK(fs::exists(made.step(2)));
  }
  write_text(path, whole);
  CHECK(made.tiny.plan().resumes);
}

namespace {

/// Both steps of `made`, through a journal of their own on `files`; throws what the disk makes it
/// throw.
void copy_steps(FileSystem& files, const fs::path& target, const DecoderShape& shape,
                const std::vector<BlockRecord>& records) {
  CalibrationState state;
  state.hidden.push_back(Tensor::zeros(DType::F32, {3, shape.config.hidden_size}));
  const JobFolder job(files, target);
  Journal journal(job, shape, "job", "start");
  for (const BlockRecord& record : records) {
    journal.put_activations(record.block.block + 1, state);
    journal.put(record);
  }
}

std::vector<BlockRecord> records_of(const Finished& made) {
  std::vector<BlockRecord> records;
  for (std::int64_t block = 0; block < 2; ++block) {
    const SealedFile file = read_sealed(made.step(static_cast<int>(block) + 1));
    records.push_back(read_step(made.shape, block, file.meta, file.tensors, "step"));
  }
  return records;
}

/// What is recovered is a whole prefix; returns its length, and leaves nothing behind.
std::int64_t check_recovery(const fs::path& target, const DecoderShape& shape,
                            const std::vector<BlockRecord>& records) {
  JobFolder job(system_files(), target);
  Journal journal(job, shape, "job", "start");
  const std::int64_t finished = journal.recover();
  CHECK(finished <= 2);
  for (std::int64_t block = 0; block < finished; ++block) {
    CHECK(journal.read(block).block.linears[0].codes->codes ==
          records[static_cast<std::size_t>(block)].block.linears[0].codes->codes);
  }
  CHECK(journal.recover() == finished);
  remove_journal_files(job.folder());
  job.remove();
  CHECK_FALSE(fs::exists(job_folder_path(target)));
  return finished;
}

}  // namespace

TEST_CASE("whichever file call of the journal fails, what is recovered is a whole prefix") {
  const Finished made;
  const std::vector<BlockRecord> records = records_of(made);
  const fs::path target = made.tiny.folder.path() / "copy";
  // A step has as many calls as tensors; every third one stands for its neighbours.
  for (int call = 1;; call += 3) {
    FaultyFiles files(call, ENOSPC, FaultyFiles::Lasting::Once);
    try {
      copy_steps(files, target, made.shape, records);
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::Resources);
    }
    const std::int64_t finished = check_recovery(target, made.shape, records);
    if (files.reached()) continue;
    CHECK(finished == 2);
    break;
  }
}

TEST_CASE("F40: wherever the power goes, the steps that were put survive and no half one is used") {
  const Finished made;
  const std::vector<BlockRecord> records = records_of(made);
  const fs::path target = made.tiny.folder.path() / "copy";
  for (int call = 1;; call += 3) {
    ForgettingFiles files(call);
    bool done = false;
    try {
      copy_steps(files, target, made.shape, records);
      done = true;
    } catch (const Error& error) {
      CHECK_FALSE(std::string(error.what()).empty());
    }
    files.lose_power();
    const std::int64_t finished = check_recovery(target, made.shape, records);
    if (!done) continue;
    CHECK(finished == 2);
    break;
  }
}

TEST_CASE("the journal's fuzz target holds over a real journal, its cuts and its changes") {
  const Finished made;
  std::uint32_t state = 1;
  for (const fs::path& path : {made.step(2), made.step(1), made.tiny.job_folder() / "acts.1",
                               made.tiny.job_folder() / "plan.json"}) {
    std::string text = text_of(path);
    std::vector<std::uint8_t> bytes(text.begin(), text.end());
    LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
    for (int round = 0; round < 400; ++round) {
      state = state * 1664525U + 1013904223U;
      // Header and report stand in known places; changes anywhere else are numbers.
      const std::size_t reach =
          round % 4 == 0 ? bytes.size() : std::min<std::size_t>(bytes.size(), 6000);
      const std::size_t at = (state >> 8U) % reach;
      if (round % 8 == 0) LLVMFuzzerTestOneInput(bytes.data(), at);
      const std::uint8_t kept = bytes[at];
      bytes[at] = static_cast<std::uint8_t>(kept ^ (1U << (state >> 29U)));
      LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
      bytes[at] = kept;
    }
  }
  CHECK(state != 1);
}
