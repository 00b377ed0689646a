// SPDX-License-Identifier: Apache-2.0
#include "ui/models/knobs.h"

#include <algorithm>
#include <cstdio>

namespace salient::ui {
namespace {

int bitsOf(Preset preset) {
  switch (preset) {
    case Preset::Small:
      return 3;
    case Preset::Balanced:
    case Preset::Own:
      return 4;
    case Preset::Careful:
      return 8;
  }
  return 4;
}

/// A regular expression that matches exactly `name`.
std::string exactly(const std::string& name) {
  std::string pattern = "^";
  for (const char c : name) {
    if (c == '.') pattern += '\\';
    pattern += c;
  }
  return pattern + "$";
}

std::string shortNumber(double value) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.3g", value);
  return text;
}

std::string quoted(const std::string& word) {
  const bool plain = std::all_of(word.begin(), word.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 ||
           std::string_view("._-/+:,=@").find(static_cast<char>(c)) != std::string_view::npos;
  });
  if (plain && !word.empty()) return word;
  std::string result = "'";
  for (const char c : word) result += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return result + "'";
}

std::string ruleText(const LayerRule& rule) {
  std::string text = rule.pattern + "=";
  if (rule.bits) text += "bits:" + std::to_string(*rule.bits);
  if (rule.alpha) text += std::string(rule.bits ? "," : "") + "alpha:" + shortNumber(*rule.alpha);
  return text;
}

}  // namespace

LinearKnobs Knobs::of(const LinearId& id) const {
  const auto found = linears.find(id);
  return found == linears.end() ? LinearKnobs{} : found->second;
}

Preset presetOf(const Knobs& knobs) {
  const bool plain = knobs.scheme.symmetry == Symmetry::Asymmetric && knobs.method == Method::Awq &&
                     knobs.clip == ClipMode::Search && knobs.linears.empty();
  if (!plain) return Preset::Own;
  for (const Preset preset : kPresets) {
    if (bitsOf(preset) == knobs.scheme.bits) return preset;
  }
  return Preset::Own;
}

Knobs withPreset(Knobs knobs, Preset preset, std::int64_t groupSize) {
  knobs.scheme = {bitsOf(preset), groupSize, Symmetry::Asymmetric};
  knobs.method = Method::Awq;
  knobs.clip = ClipMode::Search;
  knobs.linears.clear();
  return knobs;
}

Knobs knobsOf(const Plan& plan) {
  Knobs knobs;
  knobs.scheme = plan.options.scheme;
  knobs.method = plan.options.method;
  knobs.clip = plan.options.clip;
  knobs.calibration = {plan.options.calibration_text, plan.options.calibration.samples,
                       plan.options.calibration.seq_len};
  for (std::size_t i = 0; i < plan.linears.size() && i < plan.settings.size(); ++i) {
    const LinearSettings& settings = plan.settings[i];
    LinearKnobs own;
    own.alpha = settings.alpha;
    own.keepFp16 = settings.keep_fp16;
    if (settings.scheme.bits != knobs.scheme.bits) own.bits = settings.scheme.bits;
    if (!own.empty()) knobs.linears[plan.linears[i]] = own;
  }
  return knobs;
}

LinearSettings settingsFor(const Knobs& knobs, const LinearId& id) {
  const LinearKnobs own = knobs.of(id);
  LinearSettings settings;
  settings.scheme = knobs.scheme;
  settings.method = knobs.method;
  settings.clip = knobs.clip;
  if (own.bits) settings.scheme.bits = *own.bits;
  settings.alpha = own.alpha;
  settings.keep_fp16 = own.keepFp16;
  return settings;
}

std::vector<LinearId> scaleGroup(const Plan& plan, const LinearId& id) {
  const Architecture* architecture = find_architecture(plan.config.model_type);
  if (architecture == nullptr) return {id};
  for (const ScaleGroupRow& row : architecture->scale_groups) {
    if (std::find(row.consumers.begin(), row.consumers.end(), id.role) == row.consumers.end()) {
      continue;
    }
    std::vector<LinearId> group;
    for (const LinearRole role : row.consumers) group.push_back({id.block, role});
    return group;
  }
  return {id};
}

JobOptions jobOptions(const Knobs& knobs, const JobPlaces& places, const Plan* plan) {
  JobOptions options;
  options.source = places.source;
  options.target = places.target;
  options.default_calibration_text = places.defaultCalibrationText;
  options.scheme = knobs.scheme;
  options.group_size_given = true;
  options.method = knobs.method;
  options.clip = knobs.clip;
  options.calibration_text = knobs.calibration.text;
  options.calibration.samples = knobs.calibration.samples;
  options.calibration.seq_len = knobs.calibration.seqLen;
  const Architecture* architecture =
      plan == nullptr ? nullptr : find_architecture(plan->config.model_type);
  if (architecture == nullptr) return options;
  for (const auto& [id, own] : knobs.linears) {
    LayerRule rule;
    rule.pattern = exactly(architecture->linear_name(id.block, id.role));
    rule.bits = own.bits;
    rule.alpha = own.alpha;
    rule.keep_fp16 = own.keepFp16;
    options.layers.push_back(std::move(rule));
  }
  return options;
}

std::string commandLine(const JobOptions& options) {
  std::string line = "salient quantize " + quoted(options.source.string()) + " -o " +
                     quoted(options.target.string()) + " -b " +
                     std::to_string(options.scheme.bits) + " -g ";
  line += options.scheme.group_size == QuantScheme::kWholeRow
              ? "row"
              : std::to_string(options.scheme.group_size);
  if (options.scheme.symmetry == Symmetry::Symmetric) line += " --sym";
  if (options.method == Method::Rtn) line += " --method rtn";
  if (options.clip == ClipMode::Off) line += " --no-clip";
  if (!options.calibration_text.empty()) {
    line += " --calib " + quoted(options.calibration_text.string());
  }
  const CalibrationOptions defaults;
  if (options.calibration.samples != defaults.samples) {
    line += " --samples " + std::to_string(options.calibration.samples);
  }
  if (options.calibration.seq_len != defaults.seq_len) {
    line += " --seq-len " + std::to_string(options.calibration.seq_len);
  }
  for (const LayerRule& rule : options.layers) {
    line += rule.keep_fp16 ? " --exclude " + quoted(rule.pattern)
                           : " --layer " + quoted(ruleText(rule));
  }
  return line;
}

}  // namespace salient::ui
