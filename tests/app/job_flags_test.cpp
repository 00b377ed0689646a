// SPDX-License-Identifier: Apache-2.0
#include "app/cli/job_flags.h"

#include <doctest/doctest.h>

#include "engine/error.h"

using salient::app::JobFlags;
using salient::app::parse_layer_rule;
using salient::app::to_job_options;

TEST_CASE("a layer rule says everything a knob can say") {
  const auto rule = parse_layer_rule("down_proj$=bits:8,group:row,alpha:0.3,method:rtn,clip:off");
  CHECK(rule.pattern == "down_proj$");
  CHECK(rule.bits == 8);
  CHECK(rule.group_size == salient::QuantScheme::kWholeRow);
  CHECK(rule.alpha == 0.3);
  CHECK(rule.method == salient::Method::Rtn);
  CHECK(rule.clip == salient::ClipMode::Off);
  CHECK_FALSE(rule.keep_fp16);
  CHECK(parse_layer_rule("a=b=keep:fp16").pattern == "a=b");
}

TEST_CASE("a broken layer rule is one sentence that shows the form") {
  for (const char* text :
       {"q_proj", "q_proj=bits", "q_proj=bits:x", "q_proj=bits:5", "=bits:4", "q=alpha:2",
        "q=alpha:nan", "q=colour:red", "q=clip:maybe", "q=group:48"}) {
    INFO(text);
    CHECK_THROWS_AS(parse_layer_rule(text), salient::Error);
  }
}

TEST_CASE("flags become options, and an exclusion keeps a linear in FP16") {
  JobFlags flags;
  flags.bits = 3;
  flags.group_size = "row";
  flags.symmetric = true;
  flags.no_clip = true;
  flags.format = "run";
  flags.calibration_text = "text.txt";
  flags.excludes = {"o_proj"};
  const salient::JobOptions options = to_job_options(flags);
  CHECK(to_string(options.scheme) == "3-bit row symmetric");
  CHECK(options.clip == salient::ClipMode::Off);
  CHECK(options.format == salient::ExportFormat::Run);
  REQUIRE(options.layers.size() == 1);
  CHECK(options.layers[0].keep_fp16);
  flags.format = "gguf";
  CHECK_THROWS_AS(to_job_options(flags), salient::Error);
  flags.format = "";
  flags.group_size = "100";
  CHECK_THROWS_AS(to_job_options(flags), salient::Error);
}
