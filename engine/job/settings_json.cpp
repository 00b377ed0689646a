// SPDX-License-Identifier: Apache-2.0
#include "engine/job/settings_json.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/checkpoint/foreign_text.h"
#include "engine/error.h"

namespace salient {
namespace {

using Json = nlohmann::ordered_json;

Json number_or_null(double value) {
  return std::isfinite(value) ? Json(value) : Json(nullptr);
}

Json to_json_value(const AlphaCurve& curve) {
  Json alphas = Json::array();
  Json losses = Json::array();
  for (const AlphaTrial& trial : curve.trials) {
    alphas.push_back(trial.alpha);
    losses.push_back(trial.finite ? number_or_null(trial.loss) : Json(nullptr));
  }
  return {{"alpha", alphas},
          {"loss", losses},
          {"best", curve.best},
          {"signal", number_or_null(curve.signal)},
          {"exact", curve.exact}};
}

Json to_json_value(const StepStats& steps) {
  return {{"changed_share", number_or_null(steps.changed_share)},
          {"mean_step_ratio", number_or_null(steps.mean_step_ratio)},
          {"mean_error_ratio", number_or_null(steps.mean_error_ratio)},
          {"median_step_ratio", number_or_null(steps.median_step_ratio)},
          {"salient_error_ratio", number_or_null(steps.salient_error_ratio)},
          {"other_error_ratio", number_or_null(steps.other_error_ratio)},
          {"predicted", number_or_null(steps.predicted)},
          {"salient_histogram", steps.salient_histogram},
          {"other_histogram", steps.other_histogram}};
}

AlphaCurve read_curve(const JsonReader& json) {
  AlphaCurve curve;
  const std::vector<double> alphas = json.numbers("alpha");
  const std::vector<double> losses = json.numbers("loss");
  if (alphas.size() != losses.size()) json.refuse("alpha and loss differ in length");
  for (std::size_t i = 0; i < alphas.size(); ++i) {
    curve.trials.push_back({alphas[i], losses[i], std::isfinite(losses[i])});
  }
  const std::int64_t best = json.integer("best");
  const auto count = static_cast<std::int64_t>(curve.trials.size());
  if (best < 0 || best > std::max<std::int64_t>(0, count - 1))
    json.refuse("best is no place in it");
  curve.best = static_cast<std::size_t>(best);
  curve.signal = json.number("signal");
  curve.exact = json.flag("exact");
  return curve;
}

StepStats read_steps(const JsonReader& json) {
  StepStats steps;
  steps.changed_share = json.number("changed_share");
  steps.mean_step_ratio = json.number("mean_step_ratio");
  steps.mean_error_ratio = json.number("mean_error_ratio");
  steps.median_step_ratio = json.number("median_step_ratio");
  steps.salient_error_ratio = json.number("salient_error_ratio");
  steps.other_error_ratio = json.number("other_error_ratio");
  steps.predicted = json.number("predicted");
  steps.salient_histogram = json.integers("salient_histogram");
  steps.other_histogram = json.integers("other_histogram");
  return steps;
}

LinearRole read_role(const JsonReader& json) {
  const std::string name = json.text("role");
  const auto* found = std::ranges::find(kLinearRoles, name, short_name);
  if (found == kLinearRoles.end()) json.refuse("role " + in_quotes(name) + " is not known");
  return *found;
}

Json to_json_value(const Perplexity& perplexity) {
  return {{"value", number_or_null(perplexity.value)},
          {"stderr", number_or_null(perplexity.stderr_value)},
          {"tokens", perplexity.tokens}};
}

Perplexity read_perplexity(const JsonReader& json) {
  return {json.number("value"), json.number("stderr"), json.integer("tokens")};
}

}  // namespace

std::string_view key_of(Method method) {
  return method == Method::Rtn ? "rtn" : "awq";
}

std::string_view key_of(ClipMode clip) {
  return clip == ClipMode::Off ? "off" : "search";
}

std::string_view key_of(LossSite loss_site) {
  return loss_site == LossSite::LinearOutput ? "linear" : "block";
}

Json to_json_value(const QuantScheme& scheme) {
  return {{"bits", scheme.bits},
          {"group_size", scheme.group_size},
          {"symmetric", scheme.symmetry == Symmetry::Symmetric}};
}

Json to_json_value(const LinearSettings& settings) {
  Json json = to_json_value(settings.scheme);
  json["method"] = key_of(settings.method);
  json["clip"] = key_of(settings.clip);
  json["alpha"] = settings.alpha ? Json(*settings.alpha) : Json(nullptr);
  json["keep_fp16"] = settings.keep_fp16;
  return json;
}

Json to_json_value(const LinearReport& report) {
  return {{"block", report.id.block},
          {"role", short_name(report.id.role)},
          {"name", report.name},
          {"out_features", report.out_features},
          {"in_features", report.in_features},
          {"settings", to_json_value(report.settings)},
          {"alpha", number_or_null(report.alpha)},
          {"loss_rtn", number_or_null(report.loss_rtn)},
          {"loss_scaled", number_or_null(report.loss_scaled)},
          {"loss", number_or_null(report.loss)},
          {"signal", number_or_null(report.signal)},
          {"curve", to_json_value(report.curve)},
          {"steps", to_json_value(report.steps)},
          {"packed_bytes", report.packed_bytes},
          {"note", report.note}};
}

Json to_json_value(const Evaluation& evaluation) {
  Json json = {{"text", evaluation.text_name},
               {"window", evaluation.window},
               {"windows", evaluation.windows},
               {"a", to_json_value(evaluation.a)},
               {"b", nullptr},
               {"kl_mean", number_or_null(evaluation.kl_mean)},
               {"kl_stderr", number_or_null(evaluation.kl_stderr)},
               {"top1_agreement", number_or_null(evaluation.top1_agreement)},
               {"top1_stderr", number_or_null(evaluation.top1_stderr)},
               {"log_ratio", number_or_null(evaluation.log_ratio)},
               {"log_ratio_stderr", number_or_null(evaluation.log_ratio_stderr)}};
  if (evaluation.b) json["b"] = to_json_value(*evaluation.b);
  return json;
}

JsonReader::JsonReader(const Json& object, std::string place)
    : object_(&object), place_(std::move(place)) {
  if (!object.is_object()) refuse("is not an object");
}

void JsonReader::refuse(const std::string& what) const {
  throw Error(ErrorKind::BadInput, place_ + ": " + what);
}

bool JsonReader::has(const char* key) const {
  const auto found = object_->find(key);
  return found != object_->end() && !found->is_null();
}

const Json& JsonReader::at(const char* key) const {
  const auto found = object_->find(key);
  if (found == object_->end()) refuse(std::string(key) + " is missing");
  return *found;
}

const Json& JsonReader::array(const char* key) const {
  const Json& value = at(key);
  if (!value.is_array()) refuse(std::string(key) + " is not a list");
  return value;
}

JsonReader JsonReader::object(const char* key) const {
  return {at(key), place_ + ": " + key};
}

std::vector<JsonReader> JsonReader::objects(const char* key) const {
  std::vector<JsonReader> list;
  for (const Json& value : array(key)) list.emplace_back(value, place_ + ": " + key);
  return list;
}

std::string JsonReader::text(const char* key) const {
  const Json& value = at(key);
  if (!value.is_string()) refuse(std::string(key) + " is not a text");
  return value.get<std::string>();
}

double JsonReader::number(const char* key) const {
  const Json& value = at(key);
  if (value.is_null()) return std::numeric_limits<double>::quiet_NaN();
  if (!value.is_number()) refuse(std::string(key) + " is not a number");
  return value.get<double>();
}

std::int64_t JsonReader::integer(const char* key) const {
  const Json& value = at(key);
  if (!value.is_number_integer()) refuse(std::string(key) + " is not an integer");
  return value.get<std::int64_t>();
}

bool JsonReader::flag(const char* key) const {
  const Json& value = at(key);
  if (!value.is_boolean()) refuse(std::string(key) + " is not true or false");
  return value.get<bool>();
}

std::vector<double> JsonReader::numbers(const char* key) const {
  std::vector<double> list;
  for (const Json& value : array(key)) {
    if (!value.is_number() && !value.is_null()) refuse(std::string(key) + " holds no number");
    list.push_back(value.is_null() ? std::numeric_limits<double>::quiet_NaN()
                                   : value.get<double>());
  }
  return list;
}

std::vector<std::int64_t> JsonReader::integers(const char* key) const {
  std::vector<std::int64_t> list;
  for (const Json& value : array(key)) {
    if (!value.is_number_integer()) refuse(std::string(key) + " holds no integer");
    list.push_back(value.get<std::int64_t>());
  }
  return list;
}

std::vector<std::string> JsonReader::texts(const char* key) const {
  std::vector<std::string> list;
  for (const Json& value : array(key)) {
    if (!value.is_string()) refuse(std::string(key) + " holds no text");
    list.push_back(value.get<std::string>());
  }
  return list;
}

QuantScheme read_scheme(const JsonReader& json) {
  QuantScheme scheme;
  const std::int64_t bits = json.integer("bits");
  if (bits < 1 || bits > 8) json.refuse("bits is " + std::to_string(bits));
  scheme.bits = static_cast<int>(bits);
  scheme.group_size = json.integer("group_size");
  scheme.symmetry = json.flag("symmetric") ? Symmetry::Symmetric : Symmetry::Asymmetric;
  validate(scheme);
  return scheme;
}

Method read_method(const JsonReader& json, const char* key) {
  const std::string text = json.text(key);
  for (const Method method : {Method::Rtn, Method::Awq}) {
    if (text == key_of(method)) return method;
  }
  json.refuse(std::string(key) + " " + in_quotes(text) + " is not known");
}

ClipMode read_clip(const JsonReader& json, const char* key) {
  const std::string text = json.text(key);
  for (const ClipMode clip : {ClipMode::Off, ClipMode::Search}) {
    if (text == key_of(clip)) return clip;
  }
  json.refuse(std::string(key) + " " + in_quotes(text) + " is not known");
}

LinearSettings read_settings(const JsonReader& json) {
  LinearSettings settings;
  settings.scheme = read_scheme(json);
  settings.method = read_method(json, "method");
  settings.clip = read_clip(json, "clip");
  if (json.has("alpha")) settings.alpha = json.number("alpha");
  settings.keep_fp16 = json.flag("keep_fp16");
  return settings;
}

LinearReport read_report(const JsonReader& json) {
  LinearReport report;
  report.id = {json.integer("block"), read_role(json)};
  report.name = json.text("name");
  report.out_features = json.integer("out_features");
  report.in_features = json.integer("in_features");
  report.settings = read_settings(json.object("settings"));
  report.alpha = json.number("alpha");
  report.loss_rtn = json.number("loss_rtn");
  report.loss_scaled = json.number("loss_scaled");
  report.loss = json.number("loss");
  report.signal = json.number("signal");
  report.curve = read_curve(json.object("curve"));
  report.steps = read_steps(json.object("steps"));
  report.packed_bytes = json.integer("packed_bytes");
  report.note = json.text("note");
  return report;
}

Evaluation read_evaluation(const JsonReader& json) {
  Evaluation evaluation;
  evaluation.text_name = json.text("text");
  evaluation.window = json.integer("window");
  evaluation.windows = json.integer("windows");
  evaluation.a = read_perplexity(json.object("a"));
  if (json.has("b")) evaluation.b = read_perplexity(json.object("b"));
  evaluation.kl_mean = json.number("kl_mean");
  evaluation.kl_stderr = json.number("kl_stderr");
  evaluation.top1_agreement = json.number("top1_agreement");
  evaluation.top1_stderr = json.number("top1_stderr");
  evaluation.log_ratio = json.number("log_ratio");
  evaluation.log_ratio_stderr = json.number("log_ratio_stderr");
  return evaluation;
}

}  // namespace salient
