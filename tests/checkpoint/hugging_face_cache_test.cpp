// SPDX-License-Identifier: Apache-2.0
#include "engine/checkpoint/hugging_face_cache.h"

#include <doctest/doctest.h>

#include "engine/checkpoint/checkpoint.h"
#include "tests/shared_data.h"
#include "tests/tiny_pytorch.h"

using namespace salient;
namespace fs = std::filesystem;

namespace {

void link_all(const fs::path& repository, const char* revision) {
  const fs::path snapshot = repository / "snapshots" / revision;
  fs::create_directories(snapshot);
  for (const auto& entry : fs::directory_iterator(repository / "blobs")) {
    const fs::path name = entry.path().filename();
    fs::create_symlink(fs::path("../../blobs") / name, snapshot / name);
  }
}

}  // namespace

TEST_CASE("the cache's folder follows the variables in their order") {
  CHECK(hugging_face_hub_folder("/a", "/b", "/home/me") == "/a");
  CHECK(hugging_face_hub_folder("", "/b", "/home/me") == "/b/hub");
  CHECK(hugging_face_hub_folder("", "", "/home/me") == "/home/me/.cache/huggingface/hub");
}

TEST_CASE("cached models are listed with name, snapshot and size") {
  const tests::TemporaryFolder hub;
  const auto tiny = tests::make_tiny_checkpoint();
  const fs::path first = hub.path() / "models--org--Tiny";
  tests::write_folder(tiny, first / "blobs");
  link_all(first, "aaa");
  link_all(first, "bbb");
  fs::create_directories(first / "refs");
  tests::write_bytes(first / "refs/main", "aaa\n");

  const fs::path second = hub.path() / "models--gpt2";
  fs::create_directories(second / "snapshots/ccc");
  tests::write_bytes(second / "snapshots/ccc/x.gguf",
                     tests::gguf_bytes(tests::make_tiny_gguf(tiny)));

  const fs::path third = hub.path() / "models--org--Torch";
  tests::write_pytorch_folder(tiny, third / "blobs");
  link_all(third, "fff");

  const fs::path unfinished = hub.path() / "models--org--Unfinished";
  tests::write_folder(tiny, unfinished / "blobs");
  link_all(unfinished, "ddd");
  fs::remove(unfinished / "blobs/model.safetensors");
  fs::create_directories(hub.path() / "datasets--org--text/snapshots/eee");
  tests::write_bytes(hub.path() / "version.txt", "1");

  const std::vector<CachedModel> models = list_cached_models(hub.path());
  REQUIRE(models.size() == 3);
  CHECK(models[0].name == "gpt2");
  CHECK(models[1].name == "org/Tiny");
  CHECK(models[1].snapshot == first / "snapshots/aaa");
  CHECK(models[1].bytes == fs::file_size(first / "blobs/model.safetensors"));
  CHECK(models[2].bytes == fs::file_size(third / "blobs/pytorch_model.bin"));
  for (const CachedModel& model : models) CHECK_NOTHROW(open_checkpoint(model.snapshot));
}

TEST_CASE("a reference that points out of the cache is not followed") {
  const tests::TemporaryFolder hub;
  const fs::path repository = hub.path() / "models--a--b";
  tests::write_folder(tests::make_tiny_checkpoint(), hub.path() / "outside");
  fs::create_directories(repository / "refs");
  fs::create_directories(repository / "snapshots");
  tests::write_bytes(repository / "refs/main", "../../outside");
  CHECK(list_cached_models(hub.path()).empty());
  CHECK(list_cached_models(hub.path() / "absent").empty());
}
