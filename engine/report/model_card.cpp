// SPDX-License-Identifier: Apache-2.0
#include "engine/report/model_card.h"

#include "engine/report/captions.h"
#include "engine/report/numbers.h"

namespace salient {
namespace {

/// A YAML string in double quotes; names come from files.
std::string quoted(const std::string& text) {
  std::string yaml = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') yaml += '\\';
    yaml += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return yaml + "\"";
}

std::string head(const RunSummary& run) {
  std::string yaml = "---\nbase_model: " + quoted(run.model) + "\nbase_model_relation: quantized\n";
  if (!run.licence.empty()) yaml += "license: " + quoted(run.licence) + "\n";
  return yaml + "library_name: transformers\npipeline_tag: text-generation\ntags:\n  - awq\n  - " +
         quoted(std::to_string(run.scheme.bits) + "-bit") + "\nquantized_by: Salient\n---\n\n";
}

std::string quality(const RunSummary& run) {
  if (!run.awq_against_fp16 || !run.awq_against_fp16->b) return "";
  const Evaluation& awq = *run.awq_against_fp16;
  std::string text =
      "\n## Quality\n\n| | perplexity | KL to FP16 | same top token |\n|---|---|---|---|\n";
  text += "| FP16 | " + format_with_error(awq.a.value, awq.a.stderr_value) + " | | |\n";
  const auto row = [&](const char* name, const Evaluation& e) {
    text += std::string("| ") + name + " | " + format_with_error(e.b->value, e.b->stderr_value) +
            " | " + format_with_error(e.kl_mean, e.kl_stderr) + " | " +
            format_percent(e.top1_agreement) + " |\n";
  };
  if (run.rtn_against_fp16 && run.rtn_against_fp16->b) row("plain rounding", *run.rtn_against_fp16);
  row("this model", awq);
  return text + "\nOn " + format_count(awq.windows) + " windows of " + format_count(awq.window) +
         " tokens of " + awq.text_name + ".\n";
}

}  // namespace

std::string model_card(const RunSummary& run) {
  std::string text = head(run);
  text += "# " + run.model + ", " + to_string(run.scheme) + "\n\n";
  text += run.method == Method::Awq
              ? "Quantized with AWQ (activation-aware weight quantization, arXiv 2306.00978)"
              : "Quantized by plain rounding to nearest";
  text += run.method == Method::Awq && run.clip == ClipMode::Search ? " with clip search" : "";
  text +=
      ", calibrated on " + run.calibration + ". The source was " + run.source_precision + ".\n\n";
  if (!run.linears.empty()) {
    text += without_marks(map_caption(run.linears, static_cast<std::int64_t>(run.linears.size()))) +
            "\n\n";
  }
  text += "| | size |\n|---|---|\n| FP16 | " + format_bytes(static_cast<double>(run.fp16_bytes)) +
          " |\n| this model | " + format_bytes(static_cast<double>(run.output_bytes)) + " |\n";
  text += quality(run);
  for (const std::string& note : run.notes) text += "\n" + note + "\n";
  return text + "\n## Made with\n\n```\n" + run.command + "\n```\n";
}

}  // namespace salient
