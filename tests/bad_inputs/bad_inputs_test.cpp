// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <set>

#include <doctest/doctest.h>

#include "engine/checkpoint/checkpoint.h"
#include "engine/checkpoint/foreign_text.h"
#include "engine/error.h"
#include "tests/bad_inputs/bad_input.h"
#include "tests/bad_inputs/memory_peak.h"
#include "tests/shared_data.h"
#include "tests/time_limits.h"

using namespace salient;
namespace fs = std::filesystem;

namespace {

/// Every entry below `folder` with its size: nothing may be written or left behind.
std::map<fs::path, std::uint64_t> listing(const fs::path& folder) {
  std::map<fs::path, std::uint64_t> entries;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    std::error_code error;
    const bool file = fs::is_regular_file(entry.symlink_status(error));
    entries[entry.path()] = file ? entry.file_size() : 0;
  }
  return entries;
}

struct Verdict {
  std::optional<ErrorKind> kind;
  std::string sentence;
  std::vector<std::string> warnings;
  std::string quantized;
};

Verdict judge(const tests::BadInput& row, const fs::path& path) {
  Verdict verdict;
  try {
    const auto checkpoint = open_checkpoint(path);
    verdict.warnings = checkpoint->warnings();
    verdict.quantized = checkpoint->already_quantized();
    if (!row.tensor.empty()) checkpoint->read(row.tensor, row.as);
  } catch (const Error& error) {
    verdict.kind = error.kind();
    verdict.sentence = error.what();
  }
  return verdict;
}

bool is_one_plain_line(const std::string& sentence) {
  return !sentence.empty() && sentence.size() < 5000 && !find_invalid_utf8(sentence) &&
         std::none_of(sentence.begin(), sentence.end(),
                      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

void check_refusal(const tests::BadInput& row, const Verdict& verdict, ErrorKind kind) {
  REQUIRE(verdict.kind);
  CHECK(*verdict.kind == kind);
  CHECK(is_one_plain_line(verdict.sentence));
  CHECK(holds(verdict.sentence, row.says));
}

void check_warning(const tests::BadInput& row, const Verdict& verdict) {
  CHECK_FALSE(verdict.kind);
  REQUIRE(verdict.warnings.size() == 1);
  CAPTURE(verdict.warnings[0]);
  CHECK(is_one_plain_line(verdict.warnings[0]));
  CHECK(holds(verdict.warnings[0], row.says));
}

void check_outcome(const tests::BadInput& row, const Verdict& verdict) {
  CAPTURE(verdict.sentence);
  switch (row.outcome) {
    case tests::Outcome::Refused:
      return check_refusal(row, verdict, ErrorKind::BadInput);
    case tests::Outcome::Unsupported:
      return check_refusal(row, verdict, ErrorKind::Unsupported);
    case tests::Outcome::Warned:
      return check_warning(row, verdict);
    case tests::Outcome::Accepted:
      CHECK_FALSE(verdict.kind);
      CHECK(verdict.warnings.empty());
      CHECK(verdict.quantized.empty());
      return;
    case tests::Outcome::Quantized:
      CHECK_FALSE(verdict.kind);
      CHECK(holds(verdict.quantized, row.says));
      return;
  }
}

void check_row(const tests::BadInput& row) {
  CAPTURE(row.id);
  CAPTURE(row.name);
  const tests::TemporaryFolder folder;
  const fs::path path = folder.path() / row.make(folder.path());
  const auto before = listing(folder.path());
  const tests::MemoryPeak memory;
  const double begin = tests::processor_seconds();
  const Verdict verdict = judge(row, path);
  const double seconds = tests::processor_seconds() - begin;
  const auto risen = memory.risen_mebibytes();
  check_outcome(row, verdict);
  CHECK(seconds < row.seconds * tests::kSanitizerSlowdown);
  if (!tests::kSanitized && risen) CHECK(*risen < row.mebibytes);
  CHECK(listing(folder.path()) == before);
}

void check_rows(const std::vector<tests::BadInput>& rows) {
  for (const tests::BadInput& row : rows) check_row(row);
}

}  // namespace

TEST_CASE("bad safetensors files have the outcome of their row") {
  check_rows(tests::safetensors_inputs());
}
TEST_CASE("files that are no files, or too large, have the outcome of their row") {
  check_rows(tests::hostile_file_inputs());
}
TEST_CASE("bad shard indexes have the outcome of their row") {
  check_rows(tests::index_inputs());
}
TEST_CASE("bad GGUF headers have the outcome of their row") {
  check_rows(tests::gguf_inputs());
}
TEST_CASE("bad GGUF tensors have the outcome of their row") {
  check_rows(tests::gguf_tensor_inputs());
}
TEST_CASE("bad PyTorch files have the outcome of their row") {
  check_rows(tests::pytorch_inputs());
}
TEST_CASE("bad quantized linears have the outcome of their row") {
  check_rows(tests::quantized_inputs());
}
TEST_CASE("bad configs have the outcome of their row") {
  check_rows(tests::config_inputs());
}
TEST_CASE("bad numbers have the outcome of their row") {
  check_rows(tests::number_inputs());
}

TEST_CASE("every row has an id of its own") {
  std::set<std::string> ids;
  for (const auto& rows :
       {tests::bad_inputs(), tests::tokenizer_inputs(), tests::template_inputs()}) {
    for (const tests::BadInput& row : rows) CHECK(ids.insert(row.id).second);
  }
}
