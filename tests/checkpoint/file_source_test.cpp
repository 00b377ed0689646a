// SPDX-License-Identifier: Apache-2.0
#include "engine/checkpoint/file_source.h"

#include <chrono>
#include <thread>

#include <doctest/doctest.h>
#include <sys/stat.h>

#include "engine/error.h"
#include "tests/shared_data.h"
#include "tests/tiny_checkpoint.h"

using namespace salient;

namespace {

std::string refusal(const std::filesystem::path& path, Links links = Links::Follow) {
  try {
    const FileSource source(path, links);
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

}  // namespace

TEST_CASE("a source file that changes is noticed") {
  const tests::TemporaryFolder folder;
  const auto path = folder.path() / "a";
  tests::write_bytes(path, "0123456789");
  const FileSource source(path);
  CHECK_NOTHROW(source.check_unchanged());
  std::this_thread::sleep_for(
      std::chrono::milliseconds(20));  // one tick of the file system's clock

  SUBCASE("rewritten in place") {
    tests::write_bytes(path, "9876543210");
    CHECK_THROWS_AS(source.check_unchanged(), Error);
  }
  SUBCASE("cut") {
    std::filesystem::resize_file(path, 4);
    std::array<std::byte, 8> buffer{};
    CHECK_THROWS_WITH_AS(source.read(0, buffer),
                         "a: changed while in use: it now ends at byte 4, it had 10 bytes", Error);
  }
  SUBCASE("deleted: the open descriptor serves on") {
    std::filesystem::remove(path);
    std::array<std::byte, 8> buffer{};
    CHECK_NOTHROW(source.read(0, buffer));
    CHECK_NOTHROW(source.check_unchanged());
  }
}

TEST_CASE("reads stay inside the file") {
  const tests::TemporaryFolder folder;
  tests::write_bytes(folder.path() / "a", "0123456789");
  const FileSource source(folder.path() / "a");
  std::array<std::byte, 4> buffer{};
  CHECK_NOTHROW(source.read(6, buffer));
  CHECK_THROWS_AS(source.read(7, buffer), Error);
  CHECK_THROWS_AS(source.read(~0ULL - 1, buffer), Error);
}

TEST_CASE("only regular files are opened, and nothing blocks") {
  const tests::TemporaryFolder folder;
  CHECK(refusal(folder.path()).find("is a folder") != std::string::npos);
  REQUIRE(::mkfifo((folder.path() / "pipe").c_str(), 0600) == 0);
  CHECK(refusal(folder.path() / "pipe").find("is a pipe") != std::string::npos);
  CHECK(refusal("/dev/zero").find("is a device") != std::string::npos);
  std::filesystem::create_symlink("loop", folder.path() / "loop");
  CHECK(refusal(folder.path() / "loop").find("loop of links") != std::string::npos);
  CHECK(refusal(folder.path() / "none").find("No such file") != std::string::npos);
  tests::write_bytes(folder.path() / "a", "x");
  std::filesystem::create_symlink("a", folder.path() / "link");
  CHECK(refusal(folder.path() / "link") == "accepted");
  CHECK(refusal(folder.path() / "link", Links::Refuse).find("it is a link") != std::string::npos);
}
