// SPDX-License-Identifier: Apache-2.0
#include "engine/export/job_folder.h"

#include <fstream>

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/error.h"
#include "tests/shared_data.h"

using namespace salient;
using salient::tests::TemporaryFolder;
namespace fs = std::filesystem;

namespace {

template <class Call>
std::string error_of(Call call) {
  try {
    call();
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::BadInput);
    return error.what();
  }
  return "";
}

void write(const fs::path& path, const std::string& text) {
  std::ofstream(path) << text;
}

std::string text_of(const fs::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

TEST_CASE("a target that exists in any form is refused") {
  const TemporaryFolder folder;
  const fs::path file = folder.path() / "file";
  write(file, "x");
  fs::create_directory(folder.path() / "empty");
  fs::create_directory(folder.path() / "full");
  write(folder.path() / "full" / "thing", "x");
  fs::create_symlink("nowhere", folder.path() / "dangling");
  for (const char* name : {"file", "empty", "full", "dangling"}) {
    const fs::path target = folder.path() / name;
    CHECK(error_of([&] { check_target(target, ExistingTarget::Refuse); }).find("exists already") !=
          std::string::npos);
  }
  CHECK(error_of([&] { check_target(folder.path() / "new", ExistingTarget::Refuse); }).empty());
}

TEST_CASE("only a model folder may be replaced") {
  const TemporaryFolder folder;
  fs::create_directory(folder.path() / "home");
  write(folder.path() / "home" / "letter.txt", "dear");
  const auto replace = [&](const char* name) {
    return error_of([&] { check_target(folder.path() / name, ExistingTarget::Replace); });
  };
  CHECK(replace("home").find("is no model folder") != std::string::npos);
  write(folder.path() / "home" / "config.json", "{}");
  CHECK(replace("home").empty());
  fs::create_directory_symlink("home", folder.path() / "link");
  CHECK(replace("link").find("is no model folder") != std::string::npos);
}

TEST_CASE("publishing is refused when the target appeared meanwhile") {
  const TemporaryFolder folder;
  const fs::path target = folder.path() / "out";
  JobFolder job(system_files(), target);
  put_file(job.fresh_staging(), "config.json", "new");
  fs::create_directory(target);
  write(target / "mine", "kept");
  CHECK(error_of([&] { job.publish(ExistingTarget::Refuse); }).find("exists already") !=
        std::string::npos);
  CHECK(text_of(target / "mine") == "kept");
}

TEST_CASE("a job knows its published target, also one that replaced another") {
  const TemporaryFolder folder;
  const fs::path target = folder.path() / "out";
  for (const ExistingTarget existing : {ExistingTarget::Refuse, ExistingTarget::Replace}) {
    JobFolder job(system_files(), target);
    put_file(job.fresh_staging(), "config.json", "{}");
    CHECK_FALSE(was_published(target));
    job.publish(existing);
    CHECK(was_published(target));
    static_cast<void>(job.fresh_staging());
    CHECK_FALSE(was_published(target));
    job.remove();
    CHECK_FALSE(fs::exists(job_folder_path(target)));
  }
}

TEST_CASE("replacing swaps the folders and then removes the old one") {
  const TemporaryFolder folder;
  const fs::path target = folder.path() / "out";
  fs::create_directory(target);
  write(target / "config.json", "old");
  JobFolder job(system_files(), target);
  put_file(job.fresh_staging(), "config.json", "new");
  job.publish(ExistingTarget::Replace);
  CHECK(text_of(target / "config.json") == "new");
  job.remove();
  CHECK_FALSE(fs::exists(job_folder_path(target)));
}

TEST_CASE("a second writer is refused with the first one's process number") {
  const TemporaryFolder folder;
  const fs::path target = folder.path() / "out";
  const JobFolder first(system_files(), target);
  const std::string sentence = error_of([&] { JobFolder second(system_files(), target); });
  CHECK(sentence.find("is being written by process " + std::to_string(getpid())) !=
        std::string::npos);
}

TEST_CASE("the lock goes with the process that held it") {
  const TemporaryFolder folder;
  const fs::path target = folder.path() / "out";
  const pid_t child = fork();
  if (child == 0) {
    const JobFolder job(system_files(), target);
    _exit(0);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK_NOTHROW(JobFolder(system_files(), target));
}

TEST_CASE("a parent that was moved away is not written to under its old name") {
  const TemporaryFolder folder;
  const fs::path parent = folder.path() / "models";
  fs::create_directory(parent);
  JobFolder job(system_files(), parent / "out");
  put_file(job.fresh_staging(), "config.json", "new");
  fs::rename(parent, folder.path() / "elsewhere");
  fs::create_directory(parent);
  CHECK(error_of([&] { job.publish(ExistingTarget::Refuse); }).find("was moved or replaced") !=
        std::string::npos);
  CHECK(fs::is_empty(parent));
}

TEST_CASE("odd names work and long ones are refused with the limit") {
  const TemporaryFolder folder;
  for (const std::string name :
       {"with space", "-dash", "new\nline", "é", "e\xCC\x81", "🦙", "%s", "'", "\xFF\xFE"}) {
    const fs::path target = folder.path() / name;
    JobFolder job(system_files(), target);
    put_file(job.fresh_staging(), "config.json", "{}");
    job.publish(ExistingTarget::Refuse);
    job.remove();
    CHECK(fs::exists(target / "config.json"));
    CHECK_FALSE(fs::exists(job_folder_path(target)));
  }
  const std::string sentence =
      error_of([&] { job_folder_path(folder.path() / std::string(250, 'a')); });
  CHECK(sentence.find("has 250 bytes, at most 246") != std::string::npos);
  CHECK_FALSE(error_of([&] { job_folder_path("/"); }).empty());
}
