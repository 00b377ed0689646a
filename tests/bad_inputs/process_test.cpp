// SPDX-License-Identifier: Apache-2.0
// Every row of the bad inputs through the program itself: exit status, streams, time, memory, and
// what is left on the disk.
#include <algorithm>
#include <map>

#include <doctest/doctest.h>

#include "engine/checkpoint/foreign_text.h"
#include "tests/bad_inputs/bad_input.h"
#include "tests/child_process.h"
#include "tests/shared_data.h"
#include "tests/time_limits.h"

using namespace salient::tests;
namespace fs = std::filesystem;

namespace {

/// What the program is before it has read anything, on top of what a row may take.
constexpr std::size_t kProgramMebibytes = 32;
constexpr std::size_t kMostMebibytes = 512;

/// Everything below `folder`, so that nothing written goes unseen.
std::map<std::string, std::uintmax_t> listing(const fs::path& folder) {
  std::map<std::string, std::uintmax_t> entries;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    std::error_code error;
    const bool file = fs::is_regular_file(entry.symlink_status(error));
    entries[entry.path().string()] = file ? entry.file_size() : 0;
  }
  return entries;
}

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

bool is_one_plain_line(const std::string& text, const std::string& start) {
  return text.starts_with(start) && text.ends_with('\n') && text.size() < 5000 &&
         !salient::find_invalid_utf8(text) &&
         std::none_of(text.begin(), text.end() - 1,
                      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

/// A row's folder, and the commands run on it.
class Scene {
 public:
  explicit Scene(const BadInput& row) : row_(row) {
    path_ = folder_.path() / "source" / row.make(made("source"));
    made("out");
    before_ = listing(folder_.path());
  }

  ChildResult run(std::vector<std::string> words) const {
    words.insert(words.begin(), SALIENT_PROGRAM);
    const ChildResult result = run_child(words, {.input = row_.text, .environment = {}});
    CAPTURE(words[1]);
    CAPTURE(result.err);
    CHECK(result.status >= 0);
    CHECK(result.processor_seconds < row_.seconds * kSanitizerSlowdown);
    if (!kSanitized) {
      CHECK(result.peak_mebibytes < std::min(kMostMebibytes, row_.mebibytes + kProgramMebibytes));
    }
    return result;
  }

  ChildResult info() const { return run({"info", path_.string()}); }
  ChildResult quantize() const {
    return run({"quantize", path_.string(), "-o", (folder_.path() / "out" / "model").string(), "-g",
                "32", "--samples", "2", "--seq-len", "16"});
  }
  ChildResult tokenize() const { return run({"tokenize", path_.string()}); }
  ChildResult chat() const { return run({"chat", path_.string(), "-p", "hi", "-n", "1"}); }

  void check_refused(const ChildResult& result, int status) const {
    CAPTURE(result.err);
    CHECK(result.status == status);
    CHECK(result.out.empty());
    CHECK(is_one_plain_line(result.err, "salient: "));
    CHECK(holds(result.err, row_.says));
    CHECK(listing(folder_.path()) == before_);
  }

  void check_warned(const ChildResult& result) const {
    CAPTURE(result.err);
    CHECK(result.status == 0);
    CHECK(is_one_plain_line(result.err, "warning: "));
    CHECK(holds(result.err, row_.says));
    CHECK(listing(folder_.path()) == before_);
  }

  void check_accepted(const ChildResult& result) const {
    CAPTURE(result.err);
    CHECK(result.status == 0);
    CHECK(result.err.empty());
    CHECK(listing(folder_.path()) == before_);
  }

  void check(const ChildResult& result) const {
    switch (row_.outcome) {
      case Outcome::Refused:
        return check_refused(result, 2);
      case Outcome::Unsupported:
        return check_refused(result, 3);
      case Outcome::Warned:
        return check_warned(result);
      case Outcome::Accepted:
      case Outcome::Quantized:
        return check_accepted(result);
    }
  }

 private:
  fs::path made(const char* name) const {
    fs::create_directory(folder_.path() / name);
    return folder_.path() / name;
  }

  const BadInput& row_;
  TemporaryFolder folder_;
  fs::path path_;
  std::map<std::string, std::uintmax_t> before_;
};

bool is_refusal(Outcome outcome) {
  return outcome == Outcome::Refused || outcome == Outcome::Unsupported;
}

void check_model_rows(const std::vector<BadInput>& rows) {
  for (const BadInput& row : rows) {
    CAPTURE(row.id);
    const Scene scene(row);
    scene.check(scene.info());
    if (is_refusal(row.outcome)) scene.check(scene.quantize());
    if (row.outcome == Outcome::Quantized) scene.check_refused(scene.quantize(), 2);
  }
}

}  // namespace

TEST_CASE("info and quantize answer bad safetensors files as their row says") {
  check_model_rows(safetensors_inputs());
}
TEST_CASE("info and quantize answer files that are no files, or too large, as their row says") {
  check_model_rows(hostile_file_inputs());
}
TEST_CASE("info and quantize answer bad shard indexes as their row says") {
  check_model_rows(index_inputs());
}
TEST_CASE("info and quantize answer bad GGUF headers as their row says") {
  check_model_rows(gguf_inputs());
}
TEST_CASE("info and quantize answer bad GGUF tensors as their row says") {
  check_model_rows(gguf_tensor_inputs());
}
TEST_CASE("info and quantize answer bad PyTorch files as their row says") {
  check_model_rows(pytorch_inputs());
}
TEST_CASE("info and quantize answer bad quantized linears as their row says") {
  check_model_rows(quantized_inputs());
}
TEST_CASE("info and quantize answer bad configs as their row says") {
  check_model_rows(config_inputs());
}

TEST_CASE("numbers that no grid can hold are found by quantize, and headers know nothing of them") {
  for (const BadInput& row : number_inputs()) {
    // The command reads weights wide: what only float16 cannot hold is quantized.
    if (row.as != salient::DType::F32) continue;
    CAPTURE(row.id);
    const Scene scene(row);
    scene.check_accepted(scene.info());
    const ChildResult result = scene.quantize();
    CAPTURE(result.err);
    if (is_refusal(row.outcome)) {
      scene.check_refused(result, 2);
    } else {
      CHECK(result.status == 0);
    }
  }
}

TEST_CASE(
    "tokenize answers bad tokenizers as their row says, and info opens the model all the same") {
  for (const BadInput& row : tokenizer_inputs()) {
    CAPTURE(row.id);
    const Scene scene(row);
    scene.check_accepted(scene.info());
    scene.check(scene.tokenize());
    if (is_refusal(row.outcome) && row.id != "T03") scene.check(scene.quantize());
  }
}

TEST_CASE("chat answers bad templates as their row says") {
  for (const BadInput& row : template_inputs()) {
    CAPTURE(row.id);
    const Scene scene(row);
    scene.check(scene.chat());
    CHECK(scene.info().status == 0);
  }
}
