// SPDX-License-Identifier: Apache-2.0
#include "engine/export/consumers.h"

#include <algorithm>
#include <array>
#include <map>
#include <span>

#include "engine/export/format_row.h"
#include "engine/model/decoder.h"

namespace salient {
namespace {

using enum ExportFormat;

enum class Reads { Awq, Gptq, GptqV2, CompressedTensors, Dense, Gguf };
enum class Cuts { No, TensorParallel };

constexpr std::array<std::int64_t, 4> kUsualGroups = {QuantScheme::kWholeRow, 32, 64, 128};
constexpr std::array<std::int64_t, 3> kCutGroups = {32, 64, 128};
constexpr std::array<std::int64_t, 1> kGroup128 = {128};
constexpr std::array<std::int64_t, 2> kGroup32Or128 = {32, 128};
constexpr std::array kAllBits = {2, 3, 4, 8};
constexpr std::array kBits4 = {4};
constexpr std::array kBits48 = {4, 8};
constexpr std::array kBits248 = {2, 4, 8};

/// What one program's reader accepts of one kind of file.
struct ConsumerRow {
  std::string_view consumer;
  Reads reads;
  std::span<const int> bits = kAllBits;
  std::span<const std::int64_t> groups = kUsualGroups;
  Grids grids = Grids::Any;
  Mixing mixing = Mixing::OneScheme;
  Cuts cuts = Cuts::No;
  std::string_view note = {};
};

constexpr std::array kRows = {
    ConsumerRow{"vLLM", Reads::Awq, kBits4, kUsualGroups, Grids::Any, Mixing::OneScheme,
                Cuts::TensorParallel},
    ConsumerRow{"vLLM", Reads::Gptq, kBits48, kUsualGroups, Grids::SymmetricOnly, Mixing::PerLinear,
                Cuts::TensorParallel},
    ConsumerRow{"vLLM", Reads::CompressedTensors, kBits48, kUsualGroups, Grids::Any,
                Mixing::PerLinear, Cuts::TensorParallel},
    ConsumerRow{"vLLM", Reads::Dense, {}, {}, Grids::Any, Mixing::PerLinear, Cuts::TensorParallel},
    ConsumerRow{.consumer = "transformers",
                .reads = Reads::Awq,
                .bits = kBits4,
                .note = "through gptqmodel"},
    ConsumerRow{.consumer = "transformers",
                .reads = Reads::Gptq,
                .mixing = Mixing::PerLinear,
                .note = "through gptqmodel"},
    ConsumerRow{.consumer = "transformers",
                .reads = Reads::GptqV2,
                .mixing = Mixing::PerLinear,
                .note = "through gptqmodel"},
    ConsumerRow{.consumer = "transformers",
                .reads = Reads::CompressedTensors,
                .mixing = Mixing::PerLinear,
                .note = "through the compressed-tensors package"},
    ConsumerRow{.consumer = "transformers", .reads = Reads::Dense},
    ConsumerRow{"TGI", Reads::Awq, kBits4, kUsualGroups, Grids::Any, Mixing::OneScheme,
                Cuts::TensorParallel},
    ConsumerRow{"TGI", Reads::Gptq, kAllBits, kUsualGroups, Grids::SymmetricOnly, Mixing::OneScheme,
                Cuts::TensorParallel},
    ConsumerRow{"TGI", Reads::CompressedTensors, kBits48, kUsualGroups, Grids::SymmetricOnly,
                Mixing::OneScheme, Cuts::TensorParallel},
    ConsumerRow{"TGI", Reads::Dense, {}, {}, Grids::Any, Mixing::PerLinear, Cuts::TensorParallel},
    ConsumerRow{"lmdeploy", Reads::Awq, kBits4, kGroup128, Grids::Any, Mixing::OneScheme,
                Cuts::TensorParallel},
    ConsumerRow{"lmdeploy", Reads::Gptq, kBits4, kGroup128, Grids::SymmetricOnly, Mixing::OneScheme,
                Cuts::TensorParallel},
    ConsumerRow{"lmdeploy", Reads::CompressedTensors, kBits4, kGroup32Or128, Grids::Any,
                Mixing::OneScheme, Cuts::TensorParallel},
    ConsumerRow{
        "lmdeploy", Reads::Dense, {}, {}, Grids::Any, Mixing::PerLinear, Cuts::TensorParallel},
    ConsumerRow{.consumer = "llama.cpp", .reads = Reads::Gguf, .mixing = Mixing::PerLinear},
    ConsumerRow{.consumer = "llama.cpp",
                .reads = Reads::Gptq,
                .bits = kBits248,
                .note = "through its converter, which dequantizes"},
    ConsumerRow{.consumer = "llama.cpp",
                .reads = Reads::GptqV2,
                .bits = kBits248,
                .note = "through its converter, which dequantizes"},
    ConsumerRow{.consumer = "llama.cpp",
                .reads = Reads::CompressedTensors,
                .bits = kBits48,
                .groups = kCutGroups,
                .note = "through its converter, which dequantizes"},
    ConsumerRow{.consumer = "llama.cpp", .reads = Reads::Dense, .note = "through its converter"},
    ConsumerRow{.consumer = "Ollama", .reads = Reads::Gguf, .mixing = Mixing::PerLinear},
    ConsumerRow{.consumer = "LM Studio", .reads = Reads::Gguf, .mixing = Mixing::PerLinear},
};

constexpr std::array<std::string_view, 7> kConsumers = {
    "vLLM", "transformers", "TGI", "lmdeploy", "llama.cpp", "Ollama", "LM Studio"};

/// What kind of file `format` is for a reader; nothing for our own.
std::optional<Reads> kind_of(ExportFormat format) {
  if (format == Run) return std::nullopt;
  if (row_of(format).container == Container::Gguf) return Reads::Gguf;
  switch (format) {
    case Awq:
      return Reads::Awq;
    case Gptq:
      return Reads::Gptq;
    case GptqV2:
      return Reads::GptqV2;
    case CompressedTensors:
      return Reads::CompressedTensors;
    default:
      return Reads::Dense;
  }
}

std::vector<QuantScheme> schemes_in(const std::vector<LinearSettings>& settings) {
  std::vector<QuantScheme> schemes;
  for (const LinearSettings& linear : settings) {
    if (linear.keep_fp16) continue;
    if (std::ranges::find(schemes, linear.scheme) == schemes.end()) {
      schemes.push_back(linear.scheme);
    }
  }
  return schemes;
}

template <class T>
std::string list_text(std::span<const T> values) {
  std::string text;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i != 0) text += i + 1 == values.size() ? " or " : ", ";
    text += std::is_same_v<T, std::int64_t> && values[i] == 0 ? "row" : std::to_string(values[i]);
  }
  return text;
}

std::string scheme_objection(const ConsumerRow& row, const QuantScheme& scheme) {
  if (std::ranges::find(row.bits, scheme.bits) == row.bits.end()) {
    return "takes " + list_text(row.bits) + " bits, not " + std::to_string(scheme.bits);
  }
  if (std::ranges::find(row.groups, scheme.group_size) == row.groups.end()) {
    return "takes group " + list_text(row.groups) + ", not " +
           list_text(std::span<const std::int64_t>(&scheme.group_size, 1));
  }
  const bool zeros = scheme.symmetry != Symmetry::Symmetric;
  if (row.grids == Grids::SymmetricOnly && zeros) return "takes symmetric grids only";
  return "";
}

/// Linears that run as one matrix have to share a scheme, however mixed the rest is.
std::string fused_objection(const ModelConfig& config, const std::vector<LinearId>& linears,
                            const std::vector<LinearSettings>& settings) {
  const Architecture& row = *make_decoder_shape(config).architecture;
  std::map<std::pair<std::int64_t, Site>, const LinearSettings*> first;
  for (std::size_t i = 0; i < linears.size(); ++i) {
    const auto [seen, inserted] =
        first.try_emplace({linears[i].block, row.row(linears[i].role).input}, &settings[i]);
    const LinearSettings& other = *seen->second;
    const bool alike = other.keep_fp16 == settings[i].keep_fp16 &&
                       (other.keep_fp16 || other.scheme == settings[i].scheme);
    if (inserted || alike) continue;
    return "runs layer " + std::to_string(linears[i].block) + " " +
           std::string(short_name(linears[i].role)) +
           " as one matrix with linears of another scheme";
  }
  return "";
}

std::string objection(const ConsumerRow& row, const ModelConfig& config,
                      const std::vector<LinearId>& linears,
                      const std::vector<LinearSettings>& settings) {
  if (row.reads == Reads::Dense || row.reads == Reads::Gguf) return "";
  const std::vector<QuantScheme> schemes = schemes_in(settings);
  if (row.mixing == Mixing::OneScheme && schemes.size() > 1) {
    return "takes one scheme for all linears, these have " + to_string(schemes[0]) + " and " +
           to_string(schemes[1]);
  }
  for (const QuantScheme& scheme : schemes) {
    if (std::string why = scheme_objection(row, scheme); !why.empty()) return why;
  }
  return row.cuts == Cuts::No ? "" : fused_objection(config, linears, settings);
}

/// Whether every matrix can be cut into `parts`: heads whole, groups whole, words whole.
bool can_cut(const ModelConfig& config, ExportFormat format, const std::vector<LinearId>& linears,
             const std::vector<LinearSettings>& settings, std::int64_t parts) {
  const std::int64_t kv = config.num_kv_heads;
  if (config.num_heads % parts != 0 || (kv % parts != 0 && parts % kv != 0)) return false;
  if (config.intermediate_size % parts != 0) return false;
  const CodeForm* form = row_of(format).codes;
  if (form == nullptr) return true;
  for (std::size_t i = 0; i < linears.size(); ++i) {
    if (settings[i].keep_fp16) continue;
    const Shape shape = linear_shape(config, linears[i].role);
    const LinearRole role = linears[i].role;
    const bool by_inputs = role == LinearRole::Output || role == LinearRole::Down;
    const std::int64_t side = shape[by_inputs ? 1 : 0] / parts;
    const std::int64_t group = settings[i].scheme.group_size;
    const bool whole_groups = !by_inputs || group == QuantScheme::kWholeRow || side % group == 0;
    const std::int64_t packed =
        by_inputs ? form->limits.inputs_multiple : form->limits.outputs_multiple;
    if (!whole_groups || side % packed != 0) return false;
  }
  return true;
}

/// "vLLM (tensor parallel 1, 2)".
std::string with_details(const ConsumerVerdict& verdict) {
  std::string details = verdict.note;
  for (const int parts : verdict.tensor_parallel) {
    details += (parts == 1 ? "tensor parallel " : ", ") + std::to_string(parts);
  }
  return details.empty() ? verdict.consumer : verdict.consumer + " (" + details + ")";
}

}  // namespace

std::vector<ConsumerVerdict> consumers_of(ExportFormat format, const ModelConfig& config,
                                          const std::vector<LinearId>& linears,
                                          const std::vector<LinearSettings>& settings) {
  std::vector<ConsumerVerdict> verdicts;
  const std::optional<Reads> kind = kind_of(format);
  for (const std::string_view consumer : kConsumers) {
    ConsumerVerdict& verdict = verdicts.emplace_back();
    verdict.consumer = consumer;
    const auto* row = std::ranges::find_if(kRows, [&](const ConsumerRow& candidate) {
      return candidate.consumer == consumer && candidate.reads == kind;
    });
    if (row == kRows.end()) {
      verdict.why_not = "is not known to read " + std::string(label_of(format));
      continue;
    }
    verdict.note = row->note;
    verdict.why_not = objection(*row, config, linears, settings);
    verdict.loads = verdict.why_not.empty();
    if (!verdict.loads || row->cuts == Cuts::No) continue;
    for (const int parts : {1, 2, 4, 8}) {
      if (can_cut(config, format, linears, settings, parts)) {
        verdict.tensor_parallel.push_back(parts);
      }
    }
  }
  return verdicts;
}

std::string format_sentence(ExportFormat format, const ModelConfig& config,
                            const std::vector<LinearId>& linears,
                            const std::vector<LinearSettings>& settings) {
  const FormatRow& row = row_of(format);
  std::string programs;
  for (const ConsumerVerdict& verdict : consumers_of(format, config, linears, settings)) {
    if (verdict.loads) programs += (programs.empty() ? "" : ", ") + with_details(verdict);
  }
  std::string text = kFormatSentence + std::string(row.label);
  text += programs.empty() ? "." : "; known to load it: " + programs + ".";
  if (row.codes != nullptr && !row.codes->note.empty()) text += " " + std::string(row.codes->note);
  return text;
}

}  // namespace salient
