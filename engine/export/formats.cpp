// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "engine/export/format_row.h"
#include "engine/model/decoder.h"

namespace salient {
namespace {

using enum ExportFormat;

constexpr FormatRow gguf_row(ExportFormat format, std::string_view key, std::string_view label,
                             Content content, const CodeForm* codes, std::uint32_t file_type) {
  return {.format = format,
          .key = key,
          .label = label,
          .content = content,
          .container = Container::Gguf,
          .vectors = DType::F32,
          .codes = codes,
          .gguf_file_type = file_type};
}

constexpr std::array kRows = {
    FormatRow{.format = Awq, .key = "awq", .label = "AWQ", .codes = &kAwqForm},
    FormatRow{.format = Gptq, .key = "gptq", .label = "GPTQ v1", .codes = &kGptqForm},
    FormatRow{.format = GptqV2, .key = "gptq-v2", .label = "GPTQ v2", .codes = &kGptqV2Form},
    FormatRow{.format = CompressedTensors,
              .key = "compressed-tensors",
              .label = "compressed-tensors",
              .codes = &kCompressedTensorsForm},
    FormatRow{.format = Fp16, .key = "fp16", .label = "FP16", .content = Content::Folded},
    FormatRow{.format = Bf16,
              .key = "bf16",
              .label = "BF16",
              .content = Content::Folded,
              .dense = DType::BF16,
              .vectors = DType::BF16},
    FormatRow{.format = FakeFp16,
              .key = "fp16-fake",
              .label = "FP16, fake quantized",
              .content = Content::Dequantized},
    FormatRow{.format = FakeBf16,
              .key = "bf16-fake",
              .label = "BF16, fake quantized",
              .content = Content::Dequantized,
              .dense = DType::BF16,
              .vectors = DType::BF16},
    gguf_row(GgufQ4_0, "gguf-q4_0", "GGUF Q4_0", Content::Codes, &kGgufQ4_0Form, 2),
    gguf_row(GgufQ4_1, "gguf-q4_1", "GGUF Q4_1", Content::Codes, &kGgufQ4_1Form, 3),
    gguf_row(GgufQ8_0, "gguf-q8_0", "GGUF Q8_0", Content::Codes, &kGgufQ8_0Form, 7),
    gguf_row(GgufF16, "gguf-f16", "GGUF F16", Content::Folded, nullptr, 1),
    FormatRow{.format = Run,
              .key = "run",
              .label = "Salient run",
              .vectors = DType::F32,
              .codes = &kRunForm},
};

std::string linear_text(const LinearId& id) {
  return "layer " + std::to_string(id.block) + " " + std::string(short_name(id.role));
}

/// "4 or 8".
std::string bits_text(const std::array<int, 4>& bits) {
  std::string text;
  const auto count = static_cast<std::size_t>(std::ranges::find(bits, 0) - bits.begin());
  for (std::size_t i = 0; i < count; ++i) {
    if (i != 0) text += i + 1 == count ? " or " : ", ";
    text += std::to_string(bits[i]);
  }
  return text;
}

std::string scheme_objection(const FormatRow& row, const std::string& linear,
                             const QuantScheme& scheme, const QuantScheme& common) {
  const FormLimits& limits = row.codes->limits;
  const std::string label(row.label);
  if (std::ranges::find(limits.bits, scheme.bits) == limits.bits.end()) {
    return label + " holds " + bits_text(limits.bits) + " bits, " + linear + " has " +
           std::to_string(scheme.bits);
  }
  const bool same = scheme.group_size == common.group_size && scheme.symmetry == common.symmetry;
  if (limits.mixing == Mixing::OneScheme && !same) {
    return label + " has one scheme for all linears, " + linear + " has " + to_string(scheme) +
           " where others have " + to_string(common);
  }
  if (limits.grids == Grids::SymmetricOnly && scheme.symmetry != Symmetry::Symmetric) {
    return label + " holds symmetric grids, " + linear + " has " + to_string(scheme) +
           " with zero points";
  }
  const std::string more = row.codes->objection ? row.codes->objection(scheme) : std::string();
  return more.empty() ? more : linear + ": " + more;
}

std::string shape_objection(const FormatRow& row, const std::string& linear, const Shape& shape,
                            const QuantScheme& scheme) {
  const FormLimits& limits = row.codes->limits;
  const std::string label(row.label);
  const bool divides =
      scheme.group_size == QuantScheme::kWholeRow || shape[1] % scheme.group_size == 0;
  if (limits.groups == Groups::Dividing && !divides) {
    return "group " + std::to_string(scheme.group_size) + " does not divide the " +
           std::to_string(shape[1]) + " inputs of " + linear;
  }
  if (shape[0] % limits.outputs_multiple != 0) {
    return label + " packs outputs by " + std::to_string(limits.outputs_multiple) + ", " + linear +
           " has " + std::to_string(shape[0]);
  }
  if (shape[1] % limits.inputs_multiple != 0) {
    return label + " packs inputs by " + std::to_string(limits.inputs_multiple) + ", " + linear +
           " has " + std::to_string(shape[1]);
  }
  return "";
}

}  // namespace

std::span<const FormatRow> format_rows() {
  return kRows;
}

const FormatRow& row_of(ExportFormat format) {
  return *std::ranges::find(kRows, format, &FormatRow::format);
}

std::string_view key_of(ExportFormat format) {
  return row_of(format).key;
}

std::string_view label_of(ExportFormat format) {
  return row_of(format).label;
}

std::optional<ExportFormat> find_export_format(std::string_view key) {
  const auto* found = std::ranges::find(kRows, key, &FormatRow::key);
  if (found == kRows.end()) return std::nullopt;
  return found->format;
}

std::string export_format_keys() {
  std::string keys;
  for (const FormatRow& row : kRows) {
    if (!keys.empty()) keys += &row == &kRows.back() ? " or " : ", ";
    keys += row.key;
  }
  return keys;
}

bool needs_source_weights(ExportFormat format) {
  return row_of(format).content == Content::Folded;
}

DType dense_type(ExportFormat format) {
  return row_of(format).dense;
}

bool runs_fused(ExportFormat format) {
  return row_of(format).codes != nullptr && row_of(format).codes->fused == FusedLinears::Alike;
}

std::string why_not_layout(const ModelConfig& config) {
  const Architecture* row = find_architecture(config.model_type);
  if (row == nullptr || row->stored_as_used()) return "";
  return std::string(row->display_name) +
         " files hold q, k, v as one matrix or turned, and only Salient's run format holds them "
         "apart";
}

std::string why_not(ExportFormat format, const ModelConfig& config,
                    const std::vector<LinearId>& linears,
                    const std::vector<LinearSettings>& settings) {
  if (format != ExportFormat::Run) {
    if (std::string layout = why_not_layout(config); !layout.empty()) return layout;
  }
  const FormatRow& row = row_of(format);
  if (row.codes == nullptr) return "";
  const LinearSettings* common = nullptr;
  for (std::size_t i = 0; i < linears.size(); ++i) {
    if (settings.at(i).keep_fp16) continue;
    if (common == nullptr) common = &settings[i];
    const std::string linear = linear_text(linears[i]);
    const QuantScheme& scheme = settings[i].scheme;
    std::string objection = scheme_objection(row, linear, scheme, common->scheme);
    if (objection.empty()) {
      objection = shape_objection(row, linear, linear_shape(config, linears[i].role), scheme);
    }
    if (!objection.empty()) return objection;
  }
  const bool nothing = common == nullptr && format != ExportFormat::Run;
  return nothing ? "every linear is kept in FP16, nothing is left to quantize" : "";
}

}  // namespace salient
