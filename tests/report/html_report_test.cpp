// SPDX-License-Identifier: Apache-2.0
#include "engine/report/html_report.h"

#include <string>

#include <doctest/doctest.h>

#include "engine/report/model_card.h"

namespace {

salient::RunSummary small_run() {
  salient::RunSummary run;
  run.model = "<img src=x>\"tiny";
  run.calibration = "8 × 64 tokens of a.txt";
  run.command = "salient quantize tiny -o out";
  for (const salient::LinearRole role : salient::kLinearRoles) {
    salient::LinearReport linear;
    linear.id = {0, role};
    linear.name = "model.layers.0." + std::string(salient::short_name(role));
    linear.loss_rtn = 2;
    linear.loss = 1;
    linear.loss_scaled = 1.5;
    linear.signal = 100;
    linear.alpha = 0.35;
    linear.curve.trials = {{0, 2, true}, {0.35, 1.5, true}, {0.7, 3, true}};
    run.linears.push_back(linear);
  }
  return run;
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    ++found;
  }
  return found;
}

}  // namespace

TEST_CASE("the report is one file that loads nothing and holds its charts") {
  const std::string html = salient::html_report(small_run());
  CHECK(html.find("<script") == std::string::npos);
  CHECK(html.find("http") == std::string::npos);
  CHECK(count(html, "<svg") == 2);
  CHECK(count(html, "<svg") == count(html, "</svg>"));
  CHECK(count(html, "<polyline") == 3);
  CHECK(count(html, "<rect") == 7);
  CHECK(html.find("2.0×") != std::string::npos);
}

TEST_CASE("the report says what the salient channels carry, where it is known") {
  salient::RunSummary run = small_run();
  CHECK(salient::html_report(run).find("activation energy") == std::string::npos);
  run.loudest_input = salient::InputEnergy{.block = 3,
                                           .site = salient::Site::MlpInput,
                                           .salient = 6,
                                           .channels = 576,
                                           .share = 0.01,
                                           .carried = 0.5};
  CHECK(salient::html_report(run).find("of block 3, <b>6</b> of 576 channels (top 1 %) carry "
                                       "<b>50 %</b> of the activation energy") !=
        std::string::npos);
}

TEST_CASE("a hostile name stays text in the report and in the card") {
  const auto run = small_run();
  CHECK(salient::html_report(run).find("<img") == std::string::npos);
  CHECK(salient::model_card(run).find("base_model: \"<img src=x>\\\"tiny\"") != std::string::npos);
}

TEST_CASE("the card names method, calibration and command") {
  const std::string card = salient::model_card(small_run());
  CHECK(card.starts_with("---\n"));
  CHECK(card.find("arXiv 2306.00978") != std::string::npos);
  CHECK(card.find("8 × 64 tokens of a.txt") != std::string::npos);
  CHECK(card.find("salient quantize tiny -o out") != std::string::npos);
}
