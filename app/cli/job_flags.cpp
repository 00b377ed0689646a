// SPDX-License-Identifier: Apache-2.0
#include "app/cli/job_flags.h"

#include <array>
#include <charconv>
#include <string_view>
#include <utility>

#include "app/resources.h"
#include "engine/error.h"

namespace salient::app {
namespace {

constexpr std::string_view kRuleForm =
    "regex=bits:8,group:64,alpha:0.3,method:rtn,clip:off,keep:fp16";

[[noreturn]] void refuse_rule(const std::string& rule, const std::string& why) {
  throw Error(ErrorKind::BadInput,
              "--layer '" + rule + "': " + why + "; the form is '" + std::string(kRuleForm) + "'");
}

template <class T>
T number(const std::string& rule, std::string_view key, std::string_view text) {
  T value{};
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failed != std::errc{} || end != text.data() + text.size()) {
    refuse_rule(rule, std::string(key) + " is '" + std::string(text) + "', not a number");
  }
  return value;
}

template <class T>
T choice(const std::string& rule, std::string_view key, std::string_view text,
         const std::array<std::pair<std::string_view, T>, 2>& choices) {
  for (const auto& [name, value] : choices) {
    if (text == name) return value;
  }
  refuse_rule(rule, std::string(key) + " is '" + std::string(text) + "', it has to be " +
                        std::string(choices[0].first) + " or " + std::string(choices[1].first));
}

std::int64_t group_size_of(const std::string& text) {
  if (text == "row") return QuantScheme::kWholeRow;
  for (const std::int64_t size : {32, 64, 128}) {
    if (text == std::to_string(size)) return size;
  }
  throw Error(ErrorKind::BadInput,
              "--group-size is '" + text + "', it has to be 32, 64, 128 or row");
}

void apply(LayerRule& rule, const std::string& text, std::string_view key, std::string_view value) {
  if (key == "bits") {
    rule.bits = number<int>(text, key, value);
  } else if (key == "group") {
    rule.group_size =
        value == "row" ? QuantScheme::kWholeRow : number<std::int64_t>(text, key, value);
  } else if (key == "alpha") {
    rule.alpha = number<double>(text, key, value);
  } else if (key == "method") {
    rule.method = choice<Method>(text, key, value, {{{"rtn", Method::Rtn}, {"awq", Method::Awq}}});
  } else if (key == "clip") {
    rule.clip =
        choice<ClipMode>(text, key, value, {{{"off", ClipMode::Off}, {"on", ClipMode::Search}}});
  } else if (key == "keep" && value == "fp16") {
    rule.keep_fp16 = true;
  } else {
    refuse_rule(text, "'" + std::string(key) + ":" + std::string(value) + "' is not known");
  }
}

void check_rule(const LayerRule& rule, const std::string& text) {
  if (rule.pattern.empty()) refuse_rule(text, "the pattern is empty");
  if (rule.alpha && !(*rule.alpha >= 0 && *rule.alpha <= 1))
    refuse_rule(text, "alpha has to be from 0 to 1");
  QuantScheme scheme;
  if (rule.bits) scheme.bits = *rule.bits;
  if (rule.group_size) scheme.group_size = *rule.group_size;
  try {
    validate(scheme);
  } catch (const Error& error) {
    refuse_rule(text, error.what());
  }
}

std::optional<ExportFormat> format_of(const std::string& name) {
  if (name.empty()) return {};
  if (const auto format = find_export_format(name)) return format;
  throw Error(ErrorKind::BadInput,
              "--format is '" + name + "', it has to be " + export_format_keys());
}

}  // namespace

LayerRule parse_layer_rule(const std::string& text) {
  const std::size_t equals = text.rfind('=');
  if (equals == std::string::npos) refuse_rule(text, "there is no '='");
  LayerRule rule;
  rule.pattern = text.substr(0, equals);
  std::string_view rest = std::string_view(text).substr(equals + 1);
  while (!rest.empty()) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    const std::string_view setting = rest.substr(0, comma);
    const std::size_t colon = setting.find(':');
    if (colon == std::string_view::npos) {
      refuse_rule(text, "'" + std::string(setting) + "' has no ':'");
    }
    apply(rule, text, setting.substr(0, colon), setting.substr(colon + 1));
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  check_rule(rule, text);
  return rule;
}

void add_job_flags(CLI::App& app, JobFlags& flags) {
  app.add_option("PATH", flags.source, "a Hugging Face folder or a GGUF file")->required();
  app.add_option("-b,--bits", flags.bits, "2, 3, 4 or 8")
      ->capture_default_str()
      ->check(CLI::IsMember({2, 3, 4, 8}));
  app.add_option("-g,--group-size", flags.group_size,
                 "32, 64, 128 or row; without it 128, or 64 where 128 does not divide every input");
  app.add_flag("--sym", flags.symmetric, "a grid symmetric around zero");
  app.add_option("--calib", flags.calibration_text, "calibration text; without it the bundled one");
  app.add_option("--samples", flags.calibration.samples, "calibration windows")
      ->capture_default_str()
      ->check(CLI::Range(1, 1 << 20));
  app.add_option("--seq-len", flags.calibration.seq_len, "tokens per window")
      ->capture_default_str()
      ->check(CLI::Range(8, 1 << 16));
  app.add_option("--seed", flags.calibration.seed, "which windows of a longer text")
      ->capture_default_str();
  app.add_option("--method", flags.method, "awq, or rtn for plain rounding")
      ->capture_default_str()
      ->check(CLI::IsMember({"awq", "rtn"}));
  app.add_option("--loss", flags.loss,
                 "where the search measures: linear (Gram) or block (forward)")
      ->capture_default_str()
      ->check(CLI::IsMember({"linear", "block"}));
  app.add_flag("--no-clip", flags.no_clip, "leave out the clip search");
  app.add_option("--format", flags.format,
                 export_format_keys() + "; without it awq where it can be said");
  app.add_option("--layer", flags.layers,
                 "settings for linears that match: 'regex=bits:8,alpha:0.3'");
  app.add_option("--exclude", flags.excludes, "keep linears that match this regex in FP16");
}

JobOptions to_job_options(const JobFlags& flags) {
  JobOptions options;
  options.source = flags.source;
  options.target = flags.target;
  options.scheme.bits = flags.bits;
  options.group_size_given = !flags.group_size.empty();
  if (options.group_size_given) options.scheme.group_size = group_size_of(flags.group_size);
  options.scheme.symmetry = flags.symmetric ? Symmetry::Symmetric : Symmetry::Asymmetric;
  options.method = flags.method == "rtn" ? Method::Rtn : Method::Awq;
  options.clip = flags.no_clip ? ClipMode::Off : ClipMode::Search;
  options.loss_site = flags.loss == "block" ? LossSite::BlockOutput : LossSite::LinearOutput;
  options.calibration_text = flags.calibration_text;
  if (flags.calibration_text.empty())
    options.default_calibration_text = bundled_text("calibration");
  options.calibration = flags.calibration;
  for (const std::string& text : flags.layers) options.layers.push_back(parse_layer_rule(text));
  for (const std::string& pattern : flags.excludes) {
    LayerRule& rule = options.layers.emplace_back();
    rule.pattern = pattern;
    rule.keep_fp16 = true;
  }
  options.format = format_of(flags.format);
  options.overwrite = flags.overwrite;
  return options;
}

}  // namespace salient::app
