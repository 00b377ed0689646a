// SPDX-License-Identifier: Apache-2.0
// Input: any file of a journal, for a model of the tiny checkpoint's shape. A wrong digest is never
// accepted; with the right one put in its place, everything behind it still answers in one line.
// job_tests runs it over a real journal; with SALIENT_FUZZ it is a libFuzzer program.
#include <algorithm>
#include <array>
#include <vector>

#include "engine/checkpoint/config_reader.h"
#include "engine/checkpoint/sha256.h"
#include "engine/export/sealed_file.h"
#include "engine/job/block_record.h"
#include "engine/job/plan_identity.h"
#include "tests/fuzz/memory_source.h"
#include "tests/tiny_checkpoint.h"

using namespace salient;

namespace {

const DecoderShape& tiny_shape() {
  static const DecoderShape shape = [] {
    std::vector<std::string> warnings;
    return make_decoder_shape(
        parse_config(tests::make_tiny_checkpoint().config, "config.json", warnings));
  }();
  return shape;
}

/// The digest of all but the last 32 bytes.
std::array<std::uint8_t, Sha256::kDigestBytes> digest_before_end(
    const std::vector<std::uint8_t>& bytes) {
  const std::size_t covered = bytes.size() - Sha256::kDigestBytes;
  return Sha256().update(std::as_bytes(std::span(bytes).first(covered))).digest();
}

void read_as_step(const std::vector<std::uint8_t>& bytes) {
  try {
    const SealedFile file = read_sealed(fuzz::MemorySource(bytes.data(), bytes.size()));
    const auto digest = digest_before_end(bytes);
    fuzz::require(std::equal(digest.begin(), digest.end(), bytes.end() - Sha256::kDigestBytes));
    static_cast<void>(read_step(tiny_shape(), 1, file.meta, file.tensors, "input"));
  } catch (const Error& error) {
    fuzz::require_one_line(error.what());
  }
}

void read_as_plan(const std::vector<std::uint8_t>& bytes) {
  try {
    static_cast<void>(parse_plan_file(fuzz::text_of(bytes.data(), bytes.size())));
  } catch (const Error& error) {
    fuzz::require_one_line(error.what());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::vector<std::uint8_t> bytes(data, data + size);
  read_as_plan(bytes);
  read_as_step(bytes);
  if (bytes.size() > Sha256::kDigestBytes) {
    const auto digest = digest_before_end(bytes);
    std::copy(digest.begin(), digest.end(), bytes.end() - Sha256::kDigestBytes);
    read_as_step(bytes);
  }
  return 0;
}
