// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <numeric>

#include <doctest/doctest.h>

#include "engine/checkpoint/checkpoint.h"
#include "engine/model/decoder.h"
#include "tests/backend/reference_backend.h"
#include "tests/shared_data.h"
#include "tests/tiny_pytorch.h"

using namespace salient;
using namespace salient::tests;

namespace {

std::vector<float> logits_of(const std::filesystem::path& path) {
  const auto backend = make_reference_backend();
  const Decoder decoder = load_decoder(*backend, *open_checkpoint(path), DType::F32);
  std::vector<std::int32_t> ids(20);
  std::iota(ids.begin(), ids.end(), 7);
  Sequence sequence = make_sequence(*backend, decoder.shape, 20);
  const Tensor logits = forward(*backend, decoder, sequence, ids, LogitsOf::EveryToken);
  return {logits.as<float>().begin(), logits.as<float>().end()};
}

}  // namespace

TEST_CASE("PyTorch, safetensors and GGUF files of one model give the same logits") {
  for (const bool tied : {false, true}) {
    CAPTURE(tied);
    const TemporaryFolder folder;
    const auto tiny = make_tiny_checkpoint({.tied_head = tied});
    write_folder(tiny, folder.path() / "safetensors");
    write_pytorch_folder(tiny, folder.path() / "bin");
    write_sharded_pytorch_folder(tiny, folder.path() / "shards");
    write_bytes(folder.path() / "tiny.gguf", gguf_bytes(make_tiny_gguf(tiny)));
    const std::vector<float> expected = logits_of(folder.path() / "safetensors");
    CHECK(std::ranges::any_of(expected, [](float logit) { return logit > 0.5F; }));
    for (const char* name : {"bin", "shards", "tiny.gguf"}) {
      CAPTURE(name);
      const bool same = logits_of(folder.path() / name) == expected;
      CHECK(same);
    }
  }
}
