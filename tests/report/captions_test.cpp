// SPDX-License-Identifier: Apache-2.0
#include "engine/report/captions.h"

#include <doctest/doctest.h>

using salient::LinearReport;

TEST_CASE("the map counts what gained and says so while it runs") {
  std::vector<LinearReport> reports(3);
  for (auto& report : reports) report.loss_rtn = 8;
  reports[0].loss = 4;
  reports[1].loss = 2;
  reports[2].loss = 1;
  CHECK(salient::map_caption(reports, 3) ==
        "All **3** linears gained: **4.0×** less error at the median, **8.0×** at best.");
  CHECK(
      salient::without_marks(salient::map_caption(reports, 7)).starts_with("3 of 7 linears done"));
  reports[0].loss = 9;
  CHECK(salient::without_marks(salient::map_caption(reports, 3))
            .starts_with("2 of 3 linears gained"));
  CHECK(salient::map_caption({}, 210).starts_with("**210** linears will be quantized"));
}

TEST_CASE("the scale search tells search, clip and their absence apart") {
  LinearReport report;
  report.loss_rtn = 1;
  report.loss_scaled = 0.074;
  report.loss = 0.055;
  report.alpha = 0.6;
  CHECK(salient::scale_search_caption(report) ==
        "α = **0.60** leaves **7.4 %** of the output error of plain rounding, **5.5 %** after "
        "clipping.");
  report.loss = report.loss_scaled;
  CHECK(salient::scale_search_caption(report).ends_with("plain rounding."));
  report.alpha = 0;
  CHECK(salient::scale_search_caption(report).starts_with("No scale beat"));
  report.settings.keep_fp16 = true;
  CHECK(salient::scale_search_caption(report).find("FP16") != std::string::npos);
}

TEST_CASE("a caption without marks keeps every other character") {
  CHECK(salient::without_marks("**15** of 1 536*") == "15 of 1 536*");
}
