// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "engine/checkpoint/foreign_text.h"
#include "engine/error.h"
#include "engine/export/source_check.h"
#include "engine/job/calibration_text.h"
#include "engine/job/estimate.h"
#include "engine/job/journal.h"
#include "engine/job/layer_rules.h"
#include "engine/job/plan_identity.h"
#include "engine/job/run_log.h"

namespace salient {
namespace {

constexpr std::int64_t kMaxSamples = 1 << 20;
constexpr std::int64_t kMaxSeqLen = 1 << 16;

void check_source(const Checkpoint& checkpoint) {
  const std::string quantized = checkpoint.already_quantized();
  if (!quantized.empty()) {
    throw Error(ErrorKind::BadInput, escaped(checkpoint.config().name) + ": already quantized (" +
                                         quantized + "); quantize the unquantized model instead");
  }
  if (!has_tokenizer(checkpoint.tokenizer_source())) {
    throw Error(ErrorKind::BadInput,
                escaped(checkpoint.config().name) +
                    ": has no tokenizer, and calibration text cannot be read without one");
  }
}

void check_calibration(const CalibrationOptions& calibration) {
  if (calibration.samples < 1 || calibration.samples > kMaxSamples) {
    throw Error(ErrorKind::BadInput, std::to_string(calibration.samples) +
                                         " calibration windows asked, 1 to " +
                                         std::to_string(kMaxSamples) + " are possible");
  }
  if (calibration.seq_len < 1 || calibration.seq_len > kMaxSeqLen) {
    throw Error(ErrorKind::BadInput,
                "calibration windows of " + std::to_string(calibration.seq_len) +
                    " tokens asked, 1 to " + std::to_string(kMaxSeqLen) + " are possible");
  }
}

/// The first in_features that `group` does not divide; 0 when it divides all.
std::int64_t undivided_input(const ModelConfig& config, std::int64_t group) {
  if (group == QuantScheme::kWholeRow) return 0;
  for (const LinearRow& row : find_architecture(config.model_type)->linears) {
    const std::int64_t in_features = linear_shape(config, row.role)[1];
    if (in_features % group != 0) return in_features;
  }
  return 0;
}

/// "32, 64 or row", the group sizes that divide every row.
std::string groups_that_fit(const ModelConfig& config) {
  std::string text;
  for (const std::int64_t group : {32, 64, 128}) {
    if (undivided_input(config, group) == 0) text += std::to_string(group) + ", ";
  }
  return text + "row";
}

void choose_group(const ModelConfig& config, Plan& plan) {
  JobOptions& options = plan.options;
  const QuantScheme asked = options.scheme;
  if (!options.group_size_given) options.scheme = fitting_scheme(config, asked);
  if (options.scheme.group_size != asked.group_size) {
    plan.notes.push_back("Group " + std::to_string(asked.group_size) + " does not divide " +
                         std::to_string(undivided_input(config, asked.group_size)) +
                         " inputs: group " + std::to_string(options.scheme.group_size) +
                         " is used.");
  }
}

/// Sites whose columns nothing can scale, once for all blocks.
void note_unscaled_groups(const DecoderShape& shape, Plan& plan) {
  if (plan.options.method == Method::Rtn) return;
  for (const ScaleGroupRow& group : shape.architecture->scale_groups) {
    const std::string why = unscaled_because(shape.config, group);
    if (why.empty()) continue;
    std::string names;
    for (const LinearRole role : group.consumers) {
      names.append(names.empty() ? "" : ", ").append(short_name(role));
    }
    plan.notes.push_back("No channel scales for " + names + ": " + why +
                         "; it is clipped and rounded.");
  }
}

void choose_format(const DecoderShape& shape, Plan& plan) {
  JobOptions& options = plan.options;
  if (options.format && *options.format != ExportFormat::Run) {
    const std::string why = why_not_layout(shape.config);
    if (!why.empty()) {
      throw Error(ErrorKind::Unsupported, why + "; --format run holds it");
    }
  }
  std::vector<LinearSettings> widened = plan.settings;
  const std::vector<std::string> touched = widen_fused_linears(shape, plan.linears, widened);
  const std::string why =
      why_not(options.format.value_or(ExportFormat::Awq), shape.config, plan.linears, widened);
  if (!options.format) {
    options.format = why.empty() ? ExportFormat::Awq : ExportFormat::Run;
    if (!why.empty()) {
      plan.notes.push_back("Written in Salient's own run format: " + why + ".");
    }
  } else if (*options.format != ExportFormat::Run && !why.empty()) {
    throw Error(ErrorKind::BadInput,
                why + "; group sizes that fit every row: " + groups_that_fit(shape.config) +
                    "; --format run holds anything");
  }
  if (!runs_fused(*options.format) || touched.empty()) return;
  plan.settings = widened;
  plan.notes.push_back(std::to_string(touched.size()) + " more linears stay in FP16, " +
                       touched.front() + " first: engines that load " +
                       std::string(label_of(*options.format)) +
                       " run q, k, v as one matrix, and gate and up as another.");
}

void note_ragged_groups(const ModelConfig& config, Plan& plan) {
  const std::int64_t group = plan.options.scheme.group_size;
  if (group == QuantScheme::kWholeRow) return;
  for (const LinearRow& row : find_architecture(config.model_type)->linears) {
    const LinearRole role = row.role;
    const std::int64_t in_features = linear_shape(config, role)[1];
    if (in_features < group) {
      plan.notes.push_back("Group " + std::to_string(group) + " is larger than the " +
                           std::to_string(in_features) + " inputs of " +
                           std::string(short_name(role)) + ": one group per row there.");
      return;
    }
    if (in_features % group != 0) {
      plan.notes.push_back("Group " + std::to_string(group) + " does not divide " +
                           std::to_string(in_features) + " inputs: the last group of a row has " +
                           std::to_string(in_features % group) + ".");
      return;
    }
  }
}

void check_calibration_text(Plan& plan) {
  const CalibrationText text = read_calibration_text(plan.options);
  plan.calibration_name = text.name;
  plan.calibration_sha256 = text.sha256;
  plan.calibration_bytes = text.text.size();
  for (const std::string& warning : text.warnings) plan.warnings.push_back(warning);
  // No tokenizer gives more than one token a byte, and few give more than one for two.
  const auto possible = static_cast<std::int64_t>(text.text.size());
  const CalibrationOptions& asked = plan.options.calibration;
  if (possible < asked.samples * asked.seq_len) {
    plan.warnings.push_back(text.name + " has " + std::to_string(possible) +
                            " bytes, too few for " + std::to_string(asked.samples) +
                            " windows of " + std::to_string(asked.seq_len) +
                            " tokens: there will be fewer.");
  }
}

/// A target inside the source, or the source itself, would be destroyed by publishing.
void check_apart(const JobOptions& options) {
  std::error_code ignored;
  const auto source = std::filesystem::weakly_canonical(options.source, ignored);
  const auto target = std::filesystem::weakly_canonical(options.target, ignored);
  const auto [target_end, source_end] = std::ranges::mismatch(target, source);
  if (target_end != target.end()) return;
  throw Error(ErrorKind::BadInput,
              escaped(options.target.string(), 4096) + ": holds the source; choose another name");
}

void find_journal(Plan& plan) {
  const std::filesystem::path folder = job_folder_path(plan.options.target);
  std::error_code ignored;
  if (!std::filesystem::exists(folder / "plan.json", ignored)) return;
  std::string differs;
  try {
    differs = difference(read_plan_file(folder / "plan.json"), plan_identity(plan));
  } catch (const Error& error) {
    differs = error.what();
  }
  if (differs.empty()) {
    plan.resumes = true;
    plan.finished_blocks = count_steps(folder);
    const std::string last = last_log_line(folder);
    plan.notes.push_back(std::to_string(plan.finished_blocks) + " of " +
                         std::to_string(plan.config.num_layers) +
                         " blocks are finished already; the run goes on from there." +
                         (last.empty() ? "" : " Last in its log: " + last + "."));
    return;
  }
  if (!plan.options.overwrite) refuse_other_plan(folder, differs);
  plan.notes.push_back("An unfinished run with another plan is dropped (" + differs + ").");
}

void check_target_of(Plan& plan) {
  if (plan.options.target.empty()) return;
  check_apart(plan.options);
  remove_litter(plan.options.target);
  check_target(plan.options.target,
               plan.options.overwrite ? ExistingTarget::Replace : ExistingTarget::Refuse);
  find_journal(plan);
  check_disk(plan);
}

/// Without threads: sums do not depend on their number.
std::string platform_of(const Backend& backend) {
  const DeviceInfo device = backend.device();
  return device.name + ", " + device.details.substr(0, device.details.find(','));
}

}  // namespace

QuantScheme fitting_scheme(const ModelConfig& config, QuantScheme scheme) {
  constexpr std::int64_t kLarge = 128;
  constexpr std::int64_t kSmall = 64;
  if (scheme.group_size == kLarge && undivided_input(config, kLarge) != 0) {
    scheme.group_size = kSmall;
  }
  return scheme;
}

Plan make_plan(const Backend& backend, const Checkpoint& checkpoint, const JobOptions& options) {
  check_source(checkpoint);
  const DecoderShape shape = make_decoder_shape(checkpoint);
  require_stages(backend, shape);
  validate(options.scheme);
  check_calibration(options.calibration);

  Plan plan;
  plan.options = options;
  plan.config = checkpoint.config();
  plan.architecture = shape.architecture->display_name;
  plan.source_precision = checkpoint.precision();
  plan.files = checkpoint.files();
  plan.numeric_platform = platform_of(backend);
  plan.linears = linears_of(shape);
  choose_group(plan.config, plan);
  plan.settings = settings_of(shape, plan.linears, plan.options);
  choose_format(shape, plan);
  check_source(*plan.options.format, checkpoint);
  note_ragged_groups(plan.config, plan);
  note_unscaled_groups(shape, plan);
  if (plan.source_precision.starts_with("dequantized")) {
    plan.notes.push_back("FP16 means " + plan.source_precision + " here.");
  }
  if (options.method == Method::Rtn) {
    plan.notes.push_back(
        "Plain rounding uses no calibration: the text only measures its error and the channels.");
  }
  for (const std::string& warning : checkpoint.warnings()) plan.warnings.push_back(warning);
  check_calibration_text(plan);
  add_estimates(backend, checkpoint, shape, plan);
  check_target_of(plan);
  return plan;
}

}  // namespace salient
