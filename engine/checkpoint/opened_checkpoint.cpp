// SPDX-License-Identifier: Apache-2.0
#include "engine/checkpoint/opened_checkpoint.h"

#include <algorithm>
#include <array>
#include <utility>

#include "engine/checkpoint/architecture.h"
#include "engine/checkpoint/foreign_text.h"
#include "engine/error.h"

namespace salient {
namespace {

using Tensors = std::vector<StoredTensor>;

Tensors::const_iterator lower(const Tensors& sorted, std::string_view name) {
  return std::lower_bound(
      sorted.begin(), sorted.end(), name,
      [](const StoredTensor& t, std::string_view n) { return t.info.name < n; });
}

bool holds(const Tensors& sorted, std::string_view name) {
  const auto found = lower(sorted, name);
  return found != sorted.end() && found->info.name == name;
}

/// Whether a quantized form stands for the linear's weight.
bool holds_packed(const Tensors& sorted, const std::string& name) {
  static constexpr std::array<std::string_view, 3> kForms = {"qweight", "codes", "weight_packed"};
  constexpr std::string_view kWeight = "weight";
  if (!name.ends_with(kWeight)) return false;
  const std::string stem = name.substr(0, name.size() - kWeight.size());
  return std::any_of(kForms.begin(), kForms.end(), [&](std::string_view form) {
    return holds(sorted, stem + std::string(form));
  });
}

class OpenedCheckpoint final : public Checkpoint {
 public:
  explicit OpenedCheckpoint(CheckpointParts parts) : parts_(std::move(parts)) {
    std::sort(parts_.tensors.begin(), parts_.tensors.end(),
              [](const auto& a, const auto& b) { return a.info.name < b.info.name; });
    infos_.reserve(parts_.tensors.size());
    for (const StoredTensor& tensor : parts_.tensors) infos_.push_back(tensor.info);
  }

  SourceFormat format() const override { return parts_.format; }
  const ModelConfig& config() const override { return parts_.config; }
  const nlohmann::ordered_json& config_json() const override { return parts_.config_json; }
  const std::vector<SourceFile>& files() const override { return parts_.files; }
  const std::vector<TensorInfo>& tensors() const override { return infos_; }
  const TokenizerSource& tokenizer_source() const override { return parts_.tokenizer; }
  std::vector<std::filesystem::path> companion_files() const override { return parts_.companions; }
  const std::vector<std::string>& warnings() const override { return parts_.warnings; }
  std::string precision() const override { return parts_.precision; }
  std::string already_quantized() const override { return parts_.already_quantized; }

  Tensor read(std::string_view name, DType as) const override {
    const StoredTensor& tensor = stored(name);
    const FileSource& source = *parts_.sources[tensor.info.file];
    Tensor result = read_tensor(StoppableSource(source, parts_.stop), tensor, as);
    source.check_unchanged();
    return result;
  }

  std::optional<QuantizedMatrix> read_codes(std::string_view name) const override {
    const StoredTensor& tensor = stored(name);
    const FileSource& source = *parts_.sources[tensor.info.file];
    const StoppableSource stoppable(source, parts_.stop);
    std::optional<QuantizedMatrix> result = read_q8_0_codes(stoppable, tensor);
    source.check_unchanged();
    return result;
  }

 private:
  const StoredTensor& stored(std::string_view name) const {
    const TensorInfo* info = find(name);
    if (info != nullptr) return parts_.tensors[static_cast<std::size_t>(info - infos_.data())];
    if (holds_packed(parts_.tensors, std::string(name))) {
      throw Error(ErrorKind::Unsupported, parts_.config.name + ": tensor " + in_quotes(name) +
                                              ": stored as " + parts_.already_quantized +
                                              " in a form that is not read");
    }
    throw Error(ErrorKind::BadInput,
                parts_.config.name + ": there is no tensor " + in_quotes(name));
  }

  CheckpointParts parts_;
  std::vector<TensorInfo> infos_;
};

/// "a, b and 3 more".
std::string listed(const std::vector<std::string>& names) {
  constexpr std::size_t kShown = 6;
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), kShown); ++i) {
    text += (i == 0 ? "" : ", ") + escaped(names[i]);
  }
  if (names.size() > kShown) text += " and " + std::to_string(names.size() - kShown) + " more";
  return text;
}

[[noreturn]] void refuse_missing(const ModelConfig& config, const std::string& file,
                                 const std::vector<std::string>& missing) {
  if (missing.size() == 1 && missing.front() == "lm_head.weight") {
    throw Error(ErrorKind::BadInput,
                file + ": lm_head.weight is missing and embeddings are not tied");
  }
  throw Error(ErrorKind::BadInput, file + ": " + std::to_string(missing.size()) +
                                       (missing.size() == 1 ? " tensor is" : " tensors are") +
                                       " missing for a config of " +
                                       std::to_string(config.num_layers) +
                                       " layers: " + listed(missing));
}

/// Parts of one stored tensor are missing together: it is named once.
std::string stored_name(const Architecture& row, const std::string& name) {
  for (const LinearRow& linear : row.linears) {
    if (linear.rows == RowLayout::Own) continue;
    for (const std::string_view kind : {".weight", ".bias"}) {
      const std::string end = std::string(linear.tensor) + "." +
                              std::string(short_name(linear.role)) + std::string(kind);
      if (!name.ends_with(end)) continue;
      return name.substr(0, name.size() - end.size()) + std::string(linear.tensor) +
             std::string(kind);
    }
  }
  return name;
}

void warn_extras(const Architecture& row, const Tensors& sorted,
                 const std::vector<ExpectedTensor>& expected, const std::string& file,
                 std::vector<std::string>& warnings) {
  std::vector<std::string_view> wanted;
  wanted.reserve(expected.size());
  for (const ExpectedTensor& tensor : expected) wanted.push_back(tensor.name);
  std::sort(wanted.begin(), wanted.end());
  std::vector<std::string> extras;
  for (const StoredTensor& tensor : sorted) {
    const std::string& name = tensor.info.name;
    const bool known = std::binary_search(wanted.begin(), wanted.end(), name) ||
                       is_known_extra(name) || name == row.head;
    if (!known) extras.push_back(name);
  }
  if (extras.empty()) return;
  warnings.push_back(file + ": " + std::to_string(extras.size()) +
                     (extras.size() == 1 ? " tensor is" : " tensors are") +
                     " not used: " + listed(extras));
}

}  // namespace

std::size_t CheckpointParts::add_source(std::unique_ptr<FileSource> source,
                                        std::string header_sha256) {
  files.push_back(source->identity());
  files.back().header_sha256 = std::move(header_sha256);
  sources.push_back(std::move(source));
  return sources.size() - 1;
}

std::unique_ptr<Checkpoint> make_checkpoint(CheckpointParts parts) {
  return std::make_unique<OpenedCheckpoint>(std::move(parts));
}

void check_tensors(const ModelConfig& config, const std::string& file, bool quantized,
                   const Tensors& sorted, std::vector<std::string>& warnings) {
  const std::vector<ExpectedTensor> expected = expected_tensors(config);
  const Architecture& row = *find_architecture(config.model_type);
  std::vector<std::string> missing;
  for (const ExpectedTensor& wanted : expected) {
    const auto found = lower(sorted, wanted.name);
    if (found == sorted.end() || found->info.name != wanted.name) {
      if (quantized && holds_packed(sorted, wanted.name)) continue;
      const std::string name = stored_name(row, wanted.name);
      if (missing.empty() || missing.back() != name) missing.push_back(name);
      continue;
    }
    if (found->info.shape == wanted.shape) continue;
    throw Error(ErrorKind::BadInput, file + ": tensor " + in_quotes(wanted.name) + ": expected " +
                                         to_string(wanted.shape) + " by the config, the file has " +
                                         to_string(found->info.shape));
  }
  if (!missing.empty()) refuse_missing(config, file, missing);
  if (!quantized) warn_extras(row, sorted, expected, file, warnings);
}

}  // namespace salient
