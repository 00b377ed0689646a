// SPDX-License-Identifier: Apache-2.0
#pragma once

// What makes a run that run: every setting with its value, the source's identity, calibration,
// platform and version, as one JSON value. Its SHA-256 is the job's id; a journal with another id
// is never continued.

#include <filesystem>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "engine/job/job.h"

namespace salient {

nlohmann::ordered_json plan_identity(const Plan& plan);
std::string job_id_of(const nlohmann::ordered_json& identity);

/// plan.json of a journal: its text, and back. Error(BadInput) when it is damaged or of a version
/// that is not known.
std::string plan_file_text(const nlohmann::ordered_json& identity);
nlohmann::ordered_json read_plan_file(const std::filesystem::path& path);
nlohmann::ordered_json parse_plan_file(std::string_view text);

/// "bits is 4 there and 3 here; ...", for people; empty when both are the same.
std::string difference(const nlohmann::ordered_json& there, const nlohmann::ordered_json& here);

/// Throws the Error that tells the two apart and how to start over.
[[noreturn]] void refuse_other_plan(const std::filesystem::path& job_folder,
                                    const std::string& difference);

/// "salient 0.1.0".
std::string tool_version();

}  // namespace salient
