// SPDX-License-Identifier: Apache-2.0
#include "engine/job/journal.h"

#include <algorithm>
#include <charconv>

#include "engine/error.h"
#include "engine/export/sealed_file.h"
#include "engine/job/run_log.h"
#include "engine/job/settings_json.h"

namespace salient {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kSteps = "steps";
constexpr std::string_view kActivations = "acts.";
constexpr std::size_t kStepDigits = 4;
constexpr std::size_t kWindowDigits = 6;

std::string padded(std::int64_t number, std::size_t digits) {
  const std::string text = std::to_string(number);
  return std::string(digits - std::min(digits, text.size()), '0') + text;
}

std::string step_file_name(std::int64_t block) {
  return padded(block + 1, kStepDigits) + "-layer" + padded(block, 2) + ".st";
}

/// N of "acts.N" or of the digits that a step's name begins with.
std::optional<std::int64_t> number_in(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failed != std::errc{} || end != text.data() + text.size() || number < 0) return std::nullopt;
  return number;
}

std::optional<std::int64_t> block_of_step(const std::string& name) {
  const auto step = number_in(std::string_view(name).substr(0, name.find('-')));
  if (!step || *step < 1 || step_file_name(*step - 1) != name) return std::nullopt;
  return *step - 1;
}

std::optional<std::int64_t> block_of_activations(const std::string& name) {
  if (!name.starts_with(kActivations)) return std::nullopt;
  return number_in(std::string_view(name).substr(kActivations.size()));
}

bool is_temporary(const std::string& name) {
  return name.ends_with(".tmp");
}

}  // namespace

Journal::Journal(const JobFolder& folder, const DecoderShape& shape, std::string job_id,
                 std::string chain_start, std::stop_token stop)
    : job_(folder),
      steps_(folder.folder().subfolder(kSteps)),
      shape_(shape),
      job_id_(std::move(job_id)),
      stop_(std::move(stop)),
      seals_{std::move(chain_start)} {}

std::string Journal::step_name(std::int64_t block) const {
  return step_file_name(block);
}

BlockRecord Journal::read_chained(std::int64_t block, const std::string& previous,
                                  std::string& seal) const {
  const std::string name = step_name(block);
  SealedFile file = read_sealed(steps_.path() / name, stop_);
  const JsonReader json(file.meta, name);
  if (json.text("job") != job_id_) json.refuse("belongs to another run");
  if (json.integer("step") != block + 1) json.refuse("is another step");
  if (json.text("previous") != previous) json.refuse("does not follow the step before");
  seal = file.seal;
  return read_step(shape_, block, file.meta, file.tensors, name);
}

std::int64_t Journal::recover() {
  seals_.resize(1);
  for (std::int64_t block = 0; block < num_blocks(); ++block) {
    try {
      std::string seal;
      static_cast<void>(read_chained(block, seals_.back(), seal));
      seals_.push_back(std::move(seal));
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::Cancelled) throw;
      break;
    }
  }
  const auto finished = static_cast<std::int64_t>(seals_.size()) - 1;
  for (const std::string& name : steps_.list()) {
    const auto block = block_of_step(name);
    if (is_temporary(name) || (block && *block >= finished)) steps_.remove_file(name);
  }
  for (const std::string& name : job_.folder().list()) {
    const auto block = block_of_activations(name);
    if (is_temporary(name) || (block && *block > finished)) job_.folder().remove_file(name);
  }
  return finished;
}

void Journal::put(const BlockRecord& record) {
  const auto block = static_cast<std::int64_t>(seals_.size()) - 1;
  Json meta = {{"job", job_id_}, {"step", block + 1}, {"previous", seals_.back()}};
  meta.update(step_meta(record));
  seals_.push_back(put_sealed(steps_, step_name(block), meta, step_tensors(record), stop_));
}

BlockRecord Journal::read(std::int64_t block) const {
  const auto index = static_cast<std::size_t>(block);
  std::string seal;
  BlockRecord record = read_chained(block, seals_.at(index), seal);
  if (seal != seals_.at(index + 1)) {
    throw Error(ErrorKind::Failure, step_name(block) + " changed while it was in use");
  }
  return record;
}

void Journal::put_activations(std::int64_t block, const CalibrationState& state) {
  std::vector<NamedTensor> tensors;
  for (std::size_t i = 0; i < state.hidden.size(); ++i) {
    tensors.emplace_back("window." + padded(static_cast<std::int64_t>(i), kWindowDigits),
                         state.hidden[i]);
  }
  const Json meta = {{"job", job_id_},
                     {"block", block},
                     {"start", seals_.front()},
                     {"windows", state.hidden.size()}};
  const Folder& folder = job_.folder();
  put_sealed(folder, std::string(kActivations) + std::to_string(block), meta, std::move(tensors),
             stop_);
  for (const std::string& name : folder.list()) {
    const auto other = block_of_activations(name);
    if (other && *other + 1 < block) folder.remove_file(name);
  }
}

std::optional<std::pair<std::int64_t, CalibrationState>> Journal::activations(
    std::int64_t at_most) const {
  std::vector<std::int64_t> blocks;
  for (const std::string& name : job_.folder().list()) {
    const auto block = block_of_activations(name);
    if (block && *block <= at_most) blocks.push_back(*block);
  }
  std::ranges::sort(blocks, std::greater<>());
  for (const std::int64_t block : blocks) {
    const std::string name = std::string(kActivations) + std::to_string(block);
    try {
      const SealedFile file = read_sealed(job_.folder().path() / name, stop_);
      const JsonReader json(file.meta, name);
      const bool ours = json.text("job") == job_id_ && json.text("start") == seals_.front() &&
                        json.integer("block") == block &&
                        json.integer("windows") == static_cast<std::int64_t>(file.tensors.size());
      if (!ours) continue;
      CalibrationState state;
      for (const auto& [ignored, tensor] : file.tensors) {
        const bool fits = tensor.dtype() == DType::F32 && tensor.shape().size() == 2 &&
                          tensor.dim(1) == shape_.config.hidden_size;
        if (!fits) json.refuse("holds other tensors");
        state.hidden.push_back(tensor);
      }
      return std::pair(block, std::move(state));
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::Cancelled) throw;
      continue;
    }
  }
  return std::nullopt;
}

void remove_journal_files(const Folder& job_folder) {
  for (const std::string& name : job_folder.list()) {
    if (name == "plan.json" || name == kRunLog || is_temporary(name) ||
        block_of_activations(name)) {
      job_folder.remove_file(name);
    }
  }
  const Folder steps = job_folder.subfolder(kSteps);
  for (const std::string& name : steps.list()) {
    if (is_temporary(name) || block_of_step(name)) steps.remove_file(name);
  }
  // What others put there keeps the folder alive.
  job_folder.files().remove_folder(job_folder.descriptor(), kSteps);
}

std::int64_t count_steps(const std::filesystem::path& job_folder) {
  std::int64_t count = 0;
  std::error_code ignored;
  while (std::filesystem::is_regular_file(job_folder / kSteps / step_file_name(count), ignored)) {
    ++count;
  }
  return count;
}

}  // namespace salient
