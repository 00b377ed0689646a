// SPDX-License-Identifier: Apache-2.0
#include "engine/job/plan_identity.h"

#include <algorithm>

#include "engine/checkpoint/bounded_json.h"
#include "engine/checkpoint/file_source.h"
#include "engine/checkpoint/foreign_text.h"
#include "engine/checkpoint/limits.h"
#include "engine/checkpoint/sha256.h"
#include "engine/error.h"
#include "engine/job/settings_json.h"

namespace salient {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::int64_t kPlanFormat = 1;
constexpr std::size_t kShownDifferences = 3;
constexpr std::uint64_t kPlanBytes = 64 * limits::kMiB;
constexpr const char* kFile = "plan.json";

Json source_json(const Plan& plan) {
  Json files = Json::array();
  for (const SourceFile& file : plan.files) {
    // The device number may change with a reboot; everything else stays while the file does.
    files.push_back({{"name", escaped(file.path.filename().string(), limits::kFileNameBytes)},
                     {"size", file.size},
                     {"inode", file.inode},
                     {"mtime_ns", file.mtime_ns},
                     {"ctime_ns", file.ctime_ns},
                     {"header_sha256", file.header_sha256}});
  }
  return files;
}

Json linears_json(const Plan& plan) {
  Json linears = Json::array();
  for (const LinearSettings& settings : plan.settings) linears.push_back(to_json_value(settings));
  return linears;
}

/// "/settings/bits" becomes "settings bits".
std::string words_of(const std::string& pointer) {
  std::string words = pointer.substr(1);
  std::ranges::replace(words, '/', ' ');
  return words;
}

std::string shown(const Json& flat, const std::string& key) {
  const auto found = flat.find(key);
  if (found == flat.end()) return "absent";
  return escaped(found->dump(-1, ' ', false, Json::error_handler_t::replace), 60);
}

}  // namespace

std::string tool_version() {
  return std::string("salient ") + SALIENT_VERSION;
}

Json plan_identity(const Plan& plan) {
  const JobOptions& options = plan.options;
  Json identity;
  identity["tool"] = tool_version();
  identity["platform"] = plan.numeric_platform;
  identity["settings"] = to_json_value(options.scheme);
  identity["settings"]["method"] = key_of(options.method);
  identity["settings"]["clip"] = key_of(options.clip);
  identity["settings"]["loss_site"] = key_of(options.loss_site);
  identity["settings"]["format"] = key_of(options.format.value_or(ExportFormat::Run));
  identity["calibration"] = {{"text_sha256", plan.calibration_sha256},
                             {"text_bytes", plan.calibration_bytes},
                             {"samples", options.calibration.samples},
                             {"seq_len", options.calibration.seq_len},
                             {"seed", options.calibration.seed}};
  identity["source"] = source_json(plan);
  identity["linears"] = linears_json(plan);
  return identity;
}

std::string job_id_of(const Json& identity) {
  return sha256_hex(identity.dump());
}

std::string plan_file_text(const Json& identity) {
  const Json file = {{"format", kPlanFormat}, {"sha256", job_id_of(identity)}, {"plan", identity}};
  return file.dump(1) + "\n";
}

Json read_plan_file(const std::filesystem::path& path) {
  return parse_plan_file(read_text(FileSource(path, Links::Refuse), kPlanBytes));
}

Json parse_plan_file(std::string_view text) {
  const Json file = parse_json(text, kFile);
  const JsonReader json(file, kFile);
  const std::int64_t format = json.integer("format");
  if (format != kPlanFormat) {
    json.refuse("has format " + std::to_string(format) + ", this version knows " +
                std::to_string(kPlanFormat) + "; finish the run with the version that began it");
  }
  const std::string digest = json.text("sha256");
  static_cast<void>(json.object("plan"));
  const Json& identity = file.at("plan");
  if (job_id_of(identity) != digest) json.refuse("does not match its SHA-256");
  return identity;
}

std::string difference(const Json& there, const Json& here) {
  if (there == here) return "";
  const Json before = there.flatten();
  const Json after = here.flatten();
  Json keys = after;
  keys.update(before);
  std::string text;
  std::size_t count = 0;
  for (const auto& [key, ignored] : keys.items()) {
    const std::string was = shown(before, key);
    const std::string is = shown(after, key);
    if (was == is) continue;
    if (++count > kShownDifferences) break;
    text +=
        (text.empty() ? "" : ", ") + words_of(key) + " is " + was + " there and " + is + " here";
  }
  return count > kShownDifferences ? text + " and more" : text;
}

void refuse_other_plan(const std::filesystem::path& job_folder, const std::string& difference) {
  throw Error(ErrorKind::BadInput,
              "an unfinished run with another plan is kept in " +
                  escaped(job_folder.string(), 4096) + " (" + difference +
                  "); give its settings again to go on with it, or --overwrite to start over");
}

}  // namespace salient
