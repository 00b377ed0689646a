// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <doctest/doctest.h>

#include "engine/checkpoint/checkpoint.h"
#include "engine/error.h"
#include "tests/shared_data.h"
#include "tests/split_gguf.h"

using namespace salient;
namespace fs = std::filesystem;

TEST_CASE("every part of a split GGUF model opens the whole of it") {
  const auto gguf = tests::make_tiny_gguf(tests::make_tiny_checkpoint());
  for (const auto first : {tests::FirstPart::HoldsTensors, tests::FirstPart::MetadataOnly}) {
    const tests::TemporaryFolder folder;
    tests::write_bytes(folder.path() / "tiny.gguf", tests::gguf_bytes(gguf));
    tests::write_gguf_parts(tests::split_gguf(gguf, 3, first), folder.path() / "parts");
    const auto whole = open_checkpoint(folder.path() / "tiny.gguf");
    for (const fs::path& name : {fs::path(), fs::path(tests::gguf_part_name(0, 3)),
                                 fs::path(tests::gguf_part_name(2, 3))}) {
      CAPTURE(name.string());
      const auto parts = open_checkpoint(folder.path() / "parts" / name);
      CHECK(parts->warnings().empty());
      REQUIRE(parts->files().size() == 3);
      CHECK(parts->files()[1].path.filename() == tests::gguf_part_name(1, 3));
      CHECK(parts->files()[1].header_sha256.size() == 64);
      CHECK(parts->config_json() == whole->config_json());
      CHECK(parts->tokenizer_source().gguf->tokens == whole->tokenizer_source().gguf->tokens);
      REQUIRE(parts->tensors().size() == whole->tensors().size());
      for (const TensorInfo& tensor : whole->tensors()) {
        const Tensor a = whole->read(tensor.name, DType::F32);
        const Tensor b = parts->read(tensor.name, DType::F32);
        const bool equal = std::ranges::equal(a.as<float>(), b.as<float>());
        CHECK_MESSAGE(equal, tensor.name);
      }
    }
  }
}

TEST_CASE("the parts of a split model open through the links of a cached repository") {
  const tests::TemporaryFolder folder;
  const fs::path repository = folder.path() / "models--some--Model";
  const fs::path snapshot = repository / "snapshots" / "abc123";
  const auto gguf = tests::make_tiny_gguf(tests::make_tiny_checkpoint());
  tests::write_gguf_parts(tests::split_gguf(gguf, 2), repository / "blobs");
  fs::create_directories(snapshot);
  for (std::size_t part : {0U, 1U}) {
    const std::string name = tests::gguf_part_name(part, 2);
    fs::create_symlink(fs::path("../../blobs") / name, snapshot / name);
  }
  CHECK(open_checkpoint(snapshot)->files().size() == 2);
  CHECK(open_checkpoint(snapshot / tests::gguf_part_name(1, 2))->files().size() == 2);
}

TEST_CASE("other GGUF files beside the parts make the choice the user's") {
  const tests::TemporaryFolder folder;
  const auto gguf = tests::make_tiny_gguf(tests::make_tiny_checkpoint());
  tests::write_gguf_parts(tests::split_gguf(gguf, 2), folder.path());
  tests::write_bytes(folder.path() / "other.gguf", tests::gguf_bytes(gguf));
  CHECK_THROWS_AS(open_checkpoint(folder.path()), Error);
}
