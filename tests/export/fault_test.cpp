// SPDX-License-Identifier: Apache-2.0
// The n-loop of SQLite: fail the n-th file call of an export, for n = 1, 2, … until it gets
// through.
#include <set>

#include <doctest/doctest.h>

#include "engine/error.h"
#include "tests/export/faulty_files.h"
#include "tests/export/forgetting_files.h"
#include "tests/export/made_blocks.h"

using namespace salient;
using namespace salient::tests;

namespace {

void nothing(const std::string& /*step*/, double /*share*/) {}

/// Whether the export got through.
bool export_with(FileSystem& files, const MadeExport& made) {
  try {
    JobFolder job(files, made.target());
    stage_export(made.request, job.fresh_staging(), {}, nothing);
    job.publish(ExistingTarget::Refuse);
    job.remove();
    return true;
  } catch (const Error& error) {
    CHECK(std::string(error.what()).find('\n') == std::string::npos);
    return false;
  }
}

/// Absent or whole, never in between.
void check_target_is_sound(const MadeExport& made) {
  if (!std::filesystem::exists(made.target())) return;
  const auto written = open_checkpoint(made.target());
  CHECK(written->read_codes("model.layers.1.mlp.down_proj.weight").has_value());
  CHECK(std::filesystem::exists(made.target() / "README.md"));
}

}  // namespace

TEST_CASE("whichever file call fails, the target is absent or whole and the next try succeeds") {
  const MadeExport made({}, {.bits = 4, .group_size = 32}, ExportFormat::Awq);
  for (const auto lasting : {FaultyFiles::Lasting::Once, FaultyFiles::Lasting::FromThenOn}) {
    for (const int error : {ENOSPC, EIO}) {
      int call = 1;
      for (;; ++call) {
        FaultyFiles files(call, error, lasting);
        const bool done = export_with(files, made);
        check_target_is_sound(made);
        std::filesystem::remove_all(made.target());
        if (!files.reached()) {
          CHECK(done);
          break;
        }
      }
      CHECK(call > 20);
      CHECK(export_with(system_files(), made));
      std::filesystem::remove_all(made.target());
    }
  }
}

TEST_CASE("a full disk is named as such, a quota and a file size limit as themselves") {
  const MadeExport made({}, {.bits = 4, .group_size = 32}, ExportFormat::Awq);
  const auto sentence_for = [&](int error) -> std::string {
    FaultyFiles files(4, error, FaultyFiles::Lasting::FromThenOn);
    try {
      JobFolder job(files, made.target());
      stage_export(made.request, job.fresh_staging(), {}, nothing);
    } catch (const Error& caught) {
      CHECK((caught.kind() == ErrorKind::Resources) == (error != EIO));
      return caught.what();
    }
    return "";
  };
  CHECK(sentence_for(ENOSPC).starts_with("disk full: "));
  CHECK(sentence_for(EDQUOT).starts_with("disk quota used up: "));
  CHECK(sentence_for(EFBIG).find("limit for files") != std::string::npos);
  CHECK(sentence_for(EIO).find("failed: Input/output error") != std::string::npos);
}

TEST_CASE("F40: wherever the power goes, the target is absent or whole and nothing is half") {
  const MadeExport made({}, {.bits = 4, .group_size = 32}, ExportFormat::Awq);
  int published = 0;
  for (int call = 1;; call += 2) {
    ForgettingFiles files(call);
    const bool done = export_with(files, made);
    const bool finished = !files.dead();
    files.lose_power();
    check_target_is_sound(made);
    if (done) CHECK(std::filesystem::exists(made.target()));
    if (std::filesystem::exists(made.target())) {
      ++published;
    } else {
      CHECK(export_with(system_files(), made));
    }
    std::filesystem::remove_all(made.target());
    std::filesystem::remove_all(job_folder_path(made.target()));
    if (finished) break;
  }
  CHECK(published > 0);
}
