// SPDX-License-Identifier: Apache-2.0
// The program as a person at a shell uses it, on the bundled toy: what goes to which stream, exit
// statuses, JSON, and what stays behind.
#include <fstream>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "tests/child_process.h"
#include "tests/shared_data.h"

using namespace salient::tests;
namespace fs = std::filesystem;
using Json = nlohmann::json;

namespace {

const std::string kToy = source_file("resources/toy").string();

ChildResult salient(std::vector<std::string> words, const std::string& input = {}) {
  words.insert(words.begin(), SALIENT_PROGRAM);
  return run_child(words, {.input = input, .environment = {"NO_COLOR=1"}});
}

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// The result of a command that has to succeed.
std::string result_of(const std::vector<std::string>& words, const std::string& input = {}) {
  const ChildResult result = salient(words, input);
  CAPTURE(words[0]);
  CAPTURE(result.err);
  CHECK(result.status == 0);
  CHECK_FALSE(holds(result.out, "\x1b"));
  return result.out;
}

Json json_of(std::vector<std::string> words) {
  words.emplace_back("--json");
  const Json json = Json::parse(result_of(words), nullptr, false);
  CHECK_FALSE(json.is_discarded());
  return json;
}

void check_usage(const std::vector<std::string>& words, const std::string& says) {
  const ChildResult result = salient(words);
  CAPTURE(result.err);
  CHECK(result.status == 2);
  CHECK(result.out.empty());
  CHECK(result.err.starts_with("salient: "));
  CHECK(result.err.find('\n') == result.err.size() - 1);
  CHECK(holds(result.err, says));
}

/// A quantized toy, made once.
const fs::path& quantized() {
  static const TemporaryFolder folder;
  static const fs::path out = folder.path() / "out";
  if (!fs::exists(out)) {
    result_of({"quantize", kToy, "-o", out.string(), "--samples", "4", "--seq-len", "64"});
  }
  return out;
}

}  // namespace

TEST_CASE("a mistyped word is named with its neighbour, whatever else is missing") {
  check_usage({"quantise"}, "did you mean quantize?");
  check_usage({"quantize", "--gruop-size", "64"}, "did you mean --group-size?");
  check_usage({"info", kToy, "--jsn"}, "did you mean --json?");
  check_usage({"info", kToy, "extra"}, "unknown word extra");
}

TEST_CASE("wrong values are one sentence and status 2") {
  check_usage({}, "subcommand");
  check_usage({"quantize", kToy}, "--output is required");
  check_usage({"quantize", kToy, "-o", "x", "-b", "5"}, "5 not in");
  check_usage({"plan", kToy, "-g", "100"}, "32, 64, 128 or row");
  check_usage({"plan", kToy, "-b", "3", "--format", "awq"}, "AWQ holds 4 bits");
  check_usage({"plan", kToy, "--layer", "q_proj=bits:9"}, "--layer 'q_proj=bits:9'");
  check_usage({"plan", kToy, "--exclude", "("}, "missing closing parenthesis");
  check_usage({"info", "/nowhere"}, "No such file");
  check_usage({"inspect", kToy}, "no run of ours");
  check_usage({"logits", kToy, "--ids", "1", "-o", "/nowhere/x.npy"}, "/nowhere");
  check_usage({"logits", kToy, "--ids", "1", "-o", "/dev/null"}, "no plain file");
  check_usage({"logits", kToy, "--ids", "99999", "-o", "x.npy"}, "99999");
}

TEST_CASE("every command has a result for people and one for programs") {
  const std::string out = quantized().string();
  CHECK(holds(result_of({"info", kToy}), "supported"));
  CHECK(json_of({"info", kToy})["num_layers"] == 5);
  CHECK(holds(result_of({"plan", kToy}), "peak"));
  CHECK(json_of({"plan", kToy})["linears"] == 35);
  CHECK(holds(result_of({"inspect", out}), "q_proj"));
  CHECK(json_of({"inspect", out}).size() == 35);
  CHECK(holds(result_of({"inspect", out, "--linear", "layers.1.mlp.down_proj"}),
              "of the activation energy"));
  CHECK(holds(result_of({"report", out}), "of the activation energy"));
  CHECK(holds(result_of({"report", out}), "<svg"));
  CHECK(json_of({"eval", kToy, out, "--chunks", "1"}).contains("kl_mean"));
  CHECK(json_of({"eval", kToy, "--chunks", "1"})["window"] == 512);
  CHECK(json_of({"chat", kToy, "-p", "Hi", "-n", "2"}).contains("left"));
  CHECK(json_of({"bench", kToy, "-p", "4", "-n", "2", "-r", "1"})[0].contains("share_of_limit"));
  const Json bench = json_of({"bench", kToy, "-p", "4", "-n", "2", "-r", "1", "--stages"})[0];
  CHECK(bench["first_token_seconds"]["median"] > 0);
  CHECK(bench["stages"].size() == 9);
  CHECK(json_of({"doctor"})["fine"] == true);
  CHECK(json_of({"licenses"}).size() > 5);
  CHECK(holds(result_of({"completion"}), "quantize"));
  CHECK(holds(result_of({"--help"}), "tokenize"));
  CHECK(result_of({"--version"}).starts_with("salient "));
}

TEST_CASE("ids and text go through pipes unchanged") {
  const std::string ids = result_of({"tokenize", kToy}, "The river\n runs.");
  CHECK(result_of({"tokenize", kToy, "--decode"}, ids) == "The river\n runs.");
  CHECK(json_of({"tokenize", kToy}).is_array());
}

TEST_CASE("T10: text without end is refused before it fills the memory") {
  const ChildResult result = run_child(
      {"/bin/sh", "-c", "exec \"$0\" tokenize \"$1\" < /dev/zero", SALIENT_PROGRAM, kToy});
  CHECK(result.status == 2);
  CHECK(holds(result.err, "too long"));
  CHECK(result.peak_mebibytes < 512);
  // A model that is refused is refused at once, whatever stands on stdin.
  const ChildResult no_model = run_child(
      {"/bin/sh", "-c", "exec \"$0\" tokenize /nowhere < /dev/zero", SALIENT_PROGRAM, kToy});
  CHECK(no_model.status == 2);
  CHECK(holds(no_model.err, "/nowhere"));
  CHECK(no_model.processor_seconds < 1);
}

TEST_CASE("completion scripts know every command, and their shells take them") {
  const TemporaryFolder folder;
  struct Shell {
    std::string name, path, asks, answer;
  };
  for (const Shell& shell :
       {Shell{"bash", "/bin/bash",
              "source \"$0\"; COMP_WORDS=(salient quantize --sam) COMP_CWORD=2; _salient; "
              "echo \"${COMPREPLY[@]}\"",
              "--samples\n"},
        Shell{"zsh", "/usr/bin/zsh",
              "autoload -U compinit; compinit -u -D; source \"$0\"; echo $_comps[salient]",
              "_salient\n"},
        Shell{"fish", "/usr/bin/fish", "source $argv[1]; complete -C 'salient quantize --sam'",
              "--samples\t"}}) {
    const std::string script = result_of({"completion", shell.name});
    for (const char* word : {"quantize", "tokenize", "samples", "overwrite", "device-memory"}) {
      CAPTURE(word);
      CHECK(holds(script, word));
    }
    if (!fs::exists(shell.path)) {
      skip(shell.name + " is not installed");
      continue;
    }
    const fs::path file = folder.path() / shell.name;
    std::ofstream(file) << script;
    const ChildResult result = run_child({shell.path, "-c", shell.asks, file.string()});
    CAPTURE(result.err);
    CHECK(result.status == 0);
    CHECK(result.err.empty());
    CHECK(holds(result.out, shell.answer));
  }
}

TEST_CASE("logits are float32 in NumPy's format, and a second time replace the first") {
  const TemporaryFolder folder;
  const fs::path file = folder.path() / "logits.npy";
  for (const std::string ids : {"1,2,3", "1,2"}) {
    const Json json = json_of({"logits", kToy, "--ids", ids, "-o", file.string()});
    CHECK(json["shape"][1] == 2048);
    const auto rows = json["shape"][0].get<std::uintmax_t>();
    CHECK(fs::file_size(file) == 128 + rows * 2048 * 4);
  }
}

TEST_CASE(
    "a model without tokenizer has logits and a description, and calibration says what it needs") {
  const TemporaryFolder folder;
  const std::string model = (folder.path() / "model").string();
  fs::copy(kToy, model);
  fs::remove(fs::path(model) / "tokenizer.json");
  CHECK(holds(result_of({"info", model}), "no tokenizer"));
  const fs::path file = folder.path() / "logits.npy";
  result_of({"logits", model, "--ids", "1,2,3", "-o", file.string()});
  CHECK(fs::exists(file));
  check_usage({"plan", model}, "calibration text cannot be read without one");
  check_usage({"quantize", model, "-o", model + ".out"}, "has no tokenizer");
  check_usage({"chat", model, "-p", "Hi"}, "has no tokenizer");
  check_usage({"eval", model}, "has no tokenizer");
}

TEST_CASE("a config becomes a checkpoint of random weights that every command takes") {
  const TemporaryFolder folder;
  const std::string model = (folder.path() / "model").string();
  const std::string config = kToy + "/config.json";
  const Json json = json_of({"synth", "--config", config, "-o", model, "--layers", "2"});
  CHECK(json["bytes"].get<std::uint64_t>() == 2 * json["parameters"].get<std::uint64_t>());
  CHECK(json_of({"info", model})["num_layers"] == 2);
  CHECK(json_of({"chat", model, "-p", "Hi", "-n", "2"}).contains("left"));
  check_usage({"synth", "--config", config, "-o", model}, "exists already");
  check_usage({"synth", "--config", "/nowhere.json", "-o", model + "2"}, "/nowhere.json");
  CHECK_FALSE(fs::exists(model + "2"));
}

TEST_CASE("nothing is overwritten without being asked") {
  const TemporaryFolder folder;
  const std::string html = (folder.path() / "report.html").string();
  const std::string out = quantized().string();
  result_of({"report", out, "-o", html});
  check_usage({"report", out, "-o", html}, "use -f to replace it");
  result_of({"report", out, "-o", html, "-f"});
  check_usage({"quantize", kToy, "-o", out}, "exists already");
  check_usage({"export", out, "--format", "run", "-o", out}, "exists already");
  check_usage({"export", out, "--format", "fp16", "-o", html + ".fp16"}, "--source");
}

TEST_CASE("Ctrl+C ends a run with status 130, and the same command goes on from there") {
  const TemporaryFolder folder;
  const std::string out = (folder.path() / "out").string();
  const std::vector<std::string> words = {"quantize",  kToy,  "-o",     out,     "--samples", "64",
                                          "--seq-len", "256", "--loss", "block", "-t",        "1"};
  std::vector<std::string> program = words;
  program.insert(program.begin(), SALIENT_PROGRAM);
  const ChildResult stopped = run_child(
      program, {.input = {}, .environment = {}, .seconds = 60, .interrupt_milliseconds = 300});
  // A fast machine may have finished before the signal came.
  if (stopped.status == 0) return;
  CAPTURE(stopped.err);
  CHECK(stopped.status == 130);
  CHECK(holds(stopped.err, "the same command goes on from there"));
  CHECK_FALSE(fs::exists(out));
  result_of(words);
  CHECK(fs::exists(fs::path(out) / "config.json"));
  CHECK_FALSE(fs::exists(folder.path() / ".out.job"));
}
