// SPDX-License-Identifier: Apache-2.0
#pragma once

// The flags that describe a run, spelled the same in `plan` and `quantize`, and what they mean.

#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "engine/job/job.h"

namespace salient::app {

struct JobFlags {
  std::filesystem::path source, target, calibration_text;
  int bits = 4;
  std::string group_size;  ///< "32", "64", "128", "row"; empty: chosen by the plan
  bool symmetric = false;
  bool no_clip = false;
  std::string method = "awq";
  std::string loss = "linear";
  std::string format;  ///< empty: chosen by the plan
  CalibrationOptions calibration;
  std::vector<std::string> layers;    ///< 'regex=bits:8,alpha:0.3'
  std::vector<std::string> excludes;  ///< regex
  bool overwrite = false;
};

void add_job_flags(CLI::App& app, JobFlags& flags);
/// Throws Error(BadInput) naming the flag, its value and what is allowed.
JobOptions to_job_options(const JobFlags& flags);

/// 'regex=bits:8,group:64,alpha:0.3,method:rtn,clip:off,keep:fp16'.
LayerRule parse_layer_rule(const std::string& text);

}  // namespace salient::app
