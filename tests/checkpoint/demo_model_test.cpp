// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <cstdlib>

#include <doctest/doctest.h>

#include "engine/checkpoint/checkpoint.h"
#include "engine/checkpoint/sha256.h"

using namespace salient;

namespace {

std::string digest_of(const Tensor& values) {
  return Sha256().update(std::span(values.data(), values.bytes())).hex_digest();
}

}  // namespace

TEST_CASE("the demo model has the names and values of gguf's reference") {
  const char* path = std::getenv("SALIENT_DEMO");
  if (path == nullptr) {
    std::printf("SKIPPED: set SALIENT_DEMO to SmolLM2-135M-Instruct.Q4_1.gguf\n");
    return;
  }
  const auto checkpoint = open_checkpoint(path);
  CHECK(checkpoint->tensors().size() == 272);
  CHECK(checkpoint->precision() == "dequantized from Q4_1");
  CHECK(checkpoint->config().tied_head);
  CHECK(checkpoint->read_codes("model.embed_tokens.weight"));
  // The digest of all tensors' float32 digests by name. Each of the 272 was compared with
  // gguf.quants.dequantize (gguf 0.19.0), the rows of q and k put back as transformers does.
  std::string digests;
  for (const TensorInfo& tensor : checkpoint->tensors()) {
    digests += digest_of(checkpoint->read(tensor.name, DType::F32));
  }
  CHECK(sha256_hex(digests) == "3fc6e8dc53c41220fb18fcf6e7784f0e5e101546e526646fa6bbc2382a975343");
}
