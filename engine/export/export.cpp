// SPDX-License-Identifier: Apache-2.0
#include "engine/export/export.h"

#include "engine/error.h"
#include "engine/export/dequantized_weights.h"
#include "engine/export/folded_weights.h"
#include "engine/export/folder_files.h"
#include "engine/export/format_row.h"
#include "engine/export/gguf_model_file.h"
#include "engine/export/model_layout.h"
#include "engine/export/sealed_file.h"
#include "engine/export/source_check.h"
#include "engine/export/verify_export.h"
#include "engine/stop.h"

namespace salient {
namespace {

constexpr const char* kWriting = "writing";

std::string two_digits(std::int64_t number) {
  return (number < 10 ? "0" : "") + std::to_string(number);
}

void write_tensors(WeightsFile& file, const std::vector<NamedTensor>& tensors,
                   const std::stop_token& stop) {
  for (const auto& [name, tensor] : tensors) file.write(name, tensor, stop);
}

/// The record of one block under OUT/salient/.
void write_record(const BlockSource& blocks, std::int64_t index, const Folder& folder) {
  const std::vector<NamedTensor> tensors = blocks.record(index);
  if (tensors.empty()) return;
  put_tensors(folder, "layer" + two_digits(index) + ".safetensors", tensors);
}

const std::string& model_name_of(const ExportRequest& request) {
  return request.model_name.empty() ? request.source->config().name : request.model_name;
}

std::unique_ptr<WeightsFile> make_weights_file(const ModelLayout& layout,
                                               const ExportRequest& request,
                                               const Folder& staging) {
  if (layout.row->container == Container::Gguf) {
    return make_gguf_file(staging, model_name_of(request), layout, *request.source);
  }
  return std::make_unique<SafetensorsFolder>(staging, layout.tensors, request.shard_bytes);
}

std::filesystem::path written_path(const ModelLayout& layout, const ExportRequest& request,
                                   const Folder& staging) {
  if (layout.row->container == Container::Safetensors) return staging.path();
  return staging.path() / gguf_file_name(model_name_of(request), *layout.row);
}

void write_weights(const ModelLayout& layout, const ExportRequest& request,
                   const BlockSource& blocks, const Folder& staging, const std::stop_token& stop,
                   const ExportProgressSink& progress) {
  const std::unique_ptr<WeightsFile> made = make_weights_file(layout, request, staging);
  WeightsFile& file = *made;
  const Folder record = staging.subfolder("salient");
  for (const std::string& name : table_names(layout.shape)) {
    throw_if_stopped(stop);
    write_tensors(file, tensors_of_table(layout, *request.source, name), stop);
  }
  const std::int64_t count = blocks.num_blocks();
  for (std::int64_t index = 0; index < count; ++index) {
    throw_if_stopped(stop);
    progress(kWriting, static_cast<double>(index) / static_cast<double>(count));
    const QuantizedBlock block = blocks.block(index);
    write_tensors(file, norms_of(layout, block), stop);
    for (const QuantizedBlock::Entry& entry : block.linears) {
      throw_if_stopped(stop);
      write_tensors(file, tensors_of(layout, entry), stop);
    }
    write_record(*request.blocks, index, record);
  }
  file.finish();
  progress(kWriting, 1);
  if (!request.record_json.empty()) put_file(record, "record.json", request.record_json);
  if (record.list().empty()) staging.remove_tree("salient");
}

const BlockSource& blocks_for(Content content, const BlockSource& codes, const BlockSource& folded,
                              const BlockSource& dequantized) {
  switch (content) {
    case Content::Codes:
      return codes;
    case Content::Folded:
      return folded;
    case Content::Dequantized:
      return dequantized;
  }
  return codes;
}

}  // namespace

std::uint64_t export_bytes(ExportFormat format, const Checkpoint& source,
                           const std::vector<LinearId>& linears,
                           const std::vector<LinearSettings>& settings) {
  std::uint64_t bytes = 0;
  const ModelLayout layout =
      make_model_layout(format, source, linears, settings, CodedTables::ByType);
  for (const TensorSpec& tensor : layout.tensors) bytes += tensor.bytes();
  return bytes;
}

void check_source(ExportFormat format, const Checkpoint& source) {
  if (row_of(format).container == Container::Gguf) check_gguf_source(source);
}

void stage_export(const ExportRequest& request, const Folder& staging, const std::stop_token& stop,
                  const ExportProgressSink& progress) {
  const Checkpoint& source = *request.source;
  const std::string objection =
      why_not(request.format, source.config(), request.linears, request.settings);
  if (!objection.empty()) throw Error(ErrorKind::BadInput, objection + "; choose --format run");
  check_source(request.format, source);
  const ModelLayout layout = make_model_layout(request.format, source, request.linears,
                                               request.settings, CodedTables::ByValue);
  const FoldedWeights folded(source, *request.blocks);
  const DequantizedWeights dequantized(*request.blocks);
  const BlockSource& blocks = blocks_for(layout.row->content, *request.blocks, folded, dequantized);

  write_weights(layout, request, blocks, staging, stop, progress);
  write_folder_files(layout, source, request.scheme, staging);
  if (!request.model_card.empty()) put_file(staging, "README.md", request.model_card);
  staging.sync();
  verify_export(layout, source, blocks, written_path(layout, request, staging), stop, progress);
}

void export_model(const ExportRequest& request, const std::filesystem::path& target,
                  const std::stop_token& stop, const ExportProgressSink& progress) {
  check_target(target, request.existing);
  JobFolder job(system_files(), target);
  try {
    stage_export(request, job.fresh_staging(), stop, progress);
    job.publish(request.existing);
  } catch (...) {
    job.remove();
    throw;
  }
  job.remove();
}

}  // namespace salient
