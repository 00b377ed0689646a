// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <fstream>

#include <doctest/doctest.h>

#include "tests/job/tiny_run.h"

using namespace salient;
using namespace salient::tests;

namespace {

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

bool any_contains(const std::vector<std::string>& texts, const std::string& part) {
  return std::ranges::any_of(texts, [&](const auto& text) { return contains(text, part); });
}

const LinearSettings& settings_of(const Plan& plan, std::int64_t block, LinearRole role) {
  const auto found = std::ranges::find(plan.linears, LinearId{block, role});
  REQUIRE(found != plan.linears.end());
  return plan.settings[static_cast<std::size_t>(found - plan.linears.begin())];
}

LayerRule exclude(const std::string& pattern) {
  LayerRule rule;
  rule.pattern = pattern;
  rule.keep_fp16 = true;
  return rule;
}

}  // namespace

TEST_CASE("a plan says what there is before any work") {
  const TinyRun tiny;
  const Plan plan = tiny.plan();
  CHECK(plan.architecture == "Llama");
  CHECK(plan.source_precision == "FP16");
  CHECK(plan.linears.size() == 14);
  CHECK(plan.settings.size() == 14);
  CHECK(plan.options.format == ExportFormat::Awq);
  CHECK(plan.output_bytes > 0);
  CHECK(plan.output_bytes < plan.fp16_bytes);
  CHECK(plan.embedding_bytes == 2 * 256 * 64 * 2);
  CHECK(plan.phases.size() == 4);
  CHECK(plan.peak_memory_bytes > 0);
  CHECK(plan.free_disk_bytes > 0);
  CHECK_FALSE(plan.resumes);
  CHECK_FALSE(std::filesystem::exists(tiny.job_folder()));
}

TEST_CASE("without -g the group is 64 where 128 does not divide every input") {
  TinyRun tiny(make_tiny_checkpoint({.hidden_size = 64, .intermediate_size = 128}));
  tiny.options.scheme = {.bits = 4, .group_size = 128};
  tiny.options.group_size_given = false;
  const Plan plan = tiny.plan();
  CHECK(plan.options.scheme.group_size == 64);
  CHECK(any_contains(plan.notes, "Group 128 does not divide 64 inputs: group 64 is used."));
}

TEST_CASE("N12: a group larger than the row becomes the row, and the plan says so") {
  TinyRun tiny;
  tiny.options.scheme = {.bits = 4, .group_size = 128};
  const Plan plan = tiny.plan();
  CHECK(plan.options.format == ExportFormat::Run);
  CHECK(any_contains(plan.notes, "Group 128 is larger than the 64 inputs of q"));
}

TEST_CASE("C13: ragged groups are a feature of the run format and refused by AWQ") {
  TinyRun tiny(make_tiny_checkpoint({.intermediate_size = 104}));
  tiny.options.scheme = {.bits = 4, .group_size = 64};
  const Plan plan = tiny.plan();
  CHECK(plan.options.format == ExportFormat::Run);
  CHECK(any_contains(plan.notes, "the last group of a row has 40"));
  tiny.options.format = ExportFormat::Awq;
  const std::string sentence = tiny.plan_error();
  CHECK(contains(sentence, "group 64 does not divide the 104 inputs of layer 0 down"));
  CHECK(contains(sentence, "group sizes that fit every row: row"));
}

TEST_CASE("C14: rows that do not pack by 8 are refused by AWQ with the layer's name") {
  TinyRun tiny(make_tiny_checkpoint({.intermediate_size = 60}));
  tiny.options.scheme = {.bits = 4, .group_size = QuantScheme::kWholeRow};
  tiny.options.format = ExportFormat::Awq;
  CHECK(contains(tiny.plan_error(), "AWQ packs outputs by 8, layer 0 gate has 60"));
}

TEST_CASE("S39 and C15: a model that is quantized already is not quantized again") {
  TinyRun tiny;
  REQUIRE(tiny.run().outcome == Outcome::Done);
  TinyRun again;
  again.options.source = tiny.target();
  std::string sentence;
  try {
    static_cast<void>(make_plan(*again.backend, *open_checkpoint(tiny.target()), again.options));
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::BadInput);
    sentence = error.what();
  }
  CHECK(contains(sentence, "already quantized (AWQ, 4 bit)"));
}

TEST_CASE("rules apply in the order given, the last one wins") {
  TinyRun tiny;
  LayerRule bits;
  bits.pattern = "layers\\.1\\..*proj";
  bits.bits = 8;
  LayerRule alpha;
  alpha.pattern = "down_proj$";
  alpha.bits = 3;
  alpha.alpha = 0.25;
  tiny.options.layers = {bits, alpha};
  const Plan plan = tiny.plan();
  CHECK(settings_of(plan, 0, LinearRole::Up).scheme.bits == 4);
  CHECK(settings_of(plan, 1, LinearRole::Up).scheme.bits == 8);
  CHECK(settings_of(plan, 1, LinearRole::Down).scheme.bits == 3);
  CHECK(settings_of(plan, 0, LinearRole::Down).alpha == 0.25);
  CHECK(plan.options.format == ExportFormat::Run);
}

TEST_CASE("patterns that are wrong, slow or match nothing are refused") {
  TinyRun tiny;
  tiny.options.layers = {exclude("(")};
  CHECK(contains(tiny.plan_error(), "is wrong at character 1"));
  tiny.options.layers = {exclude("lm_head")};
  CHECK(contains(tiny.plan_error(), "matches no linear"));
  tiny.options.layers = {exclude("(.*)*(.*)*(.*)*(.*)*$x")};
  CHECK_FALSE(tiny.plan_error().empty());
}

TEST_CASE("a linear kept in FP16 takes its fused neighbours along in an AWQ export") {
  TinyRun tiny;
  tiny.options.layers = {exclude("layers\\.0\\.self_attn\\.v_proj"), exclude("1\\.mlp\\.gate")};
  const Plan awq = tiny.plan();
  CHECK(awq.options.format == ExportFormat::Awq);
  for (const LinearRole role : {LinearRole::Query, LinearRole::Key, LinearRole::Value}) {
    CHECK(settings_of(awq, 0, role).keep_fp16);
    CHECK_FALSE(settings_of(awq, 1, role).keep_fp16);
  }
  CHECK(settings_of(awq, 1, LinearRole::Up).keep_fp16);
  CHECK_FALSE(settings_of(awq, 0, LinearRole::Output).keep_fp16);
  CHECK(any_contains(awq.notes, "3 more linears stay in FP16"));
  tiny.options.format = ExportFormat::Run;
  CHECK_FALSE(settings_of(tiny.plan(), 0, LinearRole::Query).keep_fp16);
}

TEST_CASE("D01: calibration text that is empty or too short is refused") {
  TinyRun tiny;
  const auto text = tiny.folder.path() / "text.txt";
  std::ofstream(text).close();
  tiny.options.calibration_text = text;
  CHECK(contains(tiny.plan_error(), "text.txt: is empty; calibration needs at least 32 tokens"));
  std::ofstream(text) << "a";
  const RunFinished end = tiny.run();
  CHECK(end.outcome == Outcome::Failed);
  CHECK(end.error_kind == ErrorKind::BadInput);
  CHECK(contains(end.sentence, "32"));
  CHECK_FALSE(tiny.published());
  tiny.options.calibration_text = tiny.folder.path() / "absent.txt";
  CHECK(contains(tiny.plan_error(), "absent.txt"));
}

TEST_CASE("D02: calibration text that is not UTF-8 is used with a warning that names the line") {
  TinyRun tiny;
  const auto text = tiny.folder.path() / "text.txt";
  std::ofstream(text) << "first line\n\xFF\xFE" << made_text(2000);
  tiny.options.calibration_text = text;
  CHECK(any_contains(tiny.plan().warnings, "line 2 is not UTF-8"));
  CHECK(tiny.run().outcome == Outcome::Done);
}

TEST_CASE("D03: of a giant calibration file only the start is read") {
  TinyRun tiny;
  const auto text = tiny.folder.path() / "text.txt";
  std::ofstream(text) << made_text(4000);
  std::filesystem::resize_file(text, std::uintmax_t{10} << 30U);
  tiny.options.calibration_text = text;
  CHECK(any_contains(tiny.plan().warnings, "only the first 64 MiB are used"));
}

TEST_CASE("targets that cannot be written are refused before any work") {
  TinyRun tiny;
  tiny.options.target = tiny.source();
  CHECK(contains(tiny.plan_error(), "holds the source"));
  tiny.options.target = tiny.folder.path();
  CHECK(contains(tiny.plan_error(), "holds the source"));
  tiny.options.target = tiny.folder.path() / "no" / "such" / "out";
  CHECK(contains(tiny.plan_error(), "cannot be written to: No such file or directory"));
  tiny.options.target = tiny.folder.path() / "taken";
  std::ofstream(tiny.options.target) << "x";
  CHECK(contains(tiny.plan_error(), "exists already"));
  tiny.options.overwrite = true;
  CHECK(contains(tiny.plan_error(), "is no model folder"));
}

TEST_CASE("sizes of any scheme come from headers alone") {
  const TinyRun tiny;
  const auto source = open_checkpoint(tiny.source());
  const SizeEstimate small = estimate_size(*source, {.bits = 3, .group_size = 64});
  const SizeEstimate balanced = estimate_size(*source, {.bits = 4, .group_size = 64});
  CHECK(small.format == ExportFormat::Run);
  CHECK(balanced.format == ExportFormat::Awq);
  CHECK(small.output_bytes < balanced.output_bytes);
  // 4 bits, and 16 + 4 for step and zero point per 64.
  CHECK(balanced.bits_per_weight == doctest::Approx(4.3125));
}
