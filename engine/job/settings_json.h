// SPDX-License-Identifier: Apache-2.0
#pragma once

// Settings, reports and measurements as JSON and back, for plan.json, step files and the record in
// OUT/salient. Numbers keep every bit. Reading treats the JSON as foreign: Error(BadInput) names
// the file and what is wrong with it.

#include <string>

#include <nlohmann/json.hpp>

#include "engine/job/job.h"
#include "engine/report/run_summary.h"

namespace salient {

nlohmann::ordered_json to_json_value(const QuantScheme& scheme);
nlohmann::ordered_json to_json_value(const LinearSettings& settings);
nlohmann::ordered_json to_json_value(const LinearReport& report);
nlohmann::ordered_json to_json_value(const Evaluation& evaluation);

std::string_view key_of(Method method);       ///< "rtn", "awq"
std::string_view key_of(ClipMode clip);       ///< "off", "search"
std::string_view key_of(LossSite loss_site);  ///< "linear", "block"

/// Typed reading of one JSON object of ours.
class JsonReader {
 public:
  JsonReader(const nlohmann::ordered_json& object, std::string place);

  JsonReader object(const char* key) const;
  std::vector<JsonReader> objects(const char* key) const;
  bool has(const char* key) const;  ///< there and not null
  std::string text(const char* key) const;
  double number(const char* key) const;  ///< null is NaN
  std::int64_t integer(const char* key) const;
  bool flag(const char* key) const;
  std::vector<double> numbers(const char* key) const;
  std::vector<std::int64_t> integers(const char* key) const;
  std::vector<std::string> texts(const char* key) const;
  [[noreturn]] void refuse(const std::string& what) const;

 private:
  const nlohmann::ordered_json& at(const char* key) const;
  const nlohmann::ordered_json& array(const char* key) const;

  const nlohmann::ordered_json* object_;
  std::string place_;
};

QuantScheme read_scheme(const JsonReader& json);
LinearSettings read_settings(const JsonReader& json);
LinearReport read_report(const JsonReader& json);
Evaluation read_evaluation(const JsonReader& json);
Method read_method(const JsonReader& json, const char* key);
ClipMode read_clip(const JsonReader& json, const char* key);

}  // namespace salient
