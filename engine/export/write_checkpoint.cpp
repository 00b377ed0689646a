// SPDX-License-Identifier: Apache-2.0
#include "engine/export/write_checkpoint.h"

#include "engine/error.h"
#include "engine/export/folder_files.h"
#include "engine/export/safetensors_writer.h"

namespace salient {
namespace {

constexpr const char* kWriting = "writing";

void write_tensors(const CheckpointCopy& copy, const Folder& staging, const std::stop_token& stop,
                   const ExportProgressSink& progress) {
  const Checkpoint& source = *copy.source;
  std::vector<TensorSpec> specs;
  for (const TensorInfo& info : source.tensors()) {
    specs.push_back({info.name, DType::F16, info.shape});
  }
  SafetensorsFolder file(staging, std::move(specs), copy.shard_bytes);
  const auto total = static_cast<double>(float16_bytes(source));
  double done = 0;
  for (const TensorInfo& info : source.tensors()) {
    if (stop.stop_requested()) throw Error(ErrorKind::Cancelled, "cancelled");
    progress(kWriting, done / total);
    const Tensor tensor = source.read(info.name, DType::F16);
    file.write(info.name, tensor);
    done += static_cast<double>(tensor.bytes());
  }
  file.finish();
  progress(kWriting, 1);
}

nlohmann::ordered_json float16_config(const Checkpoint& source) {
  nlohmann::ordered_json config = source.config_json();
  for (const char* key : {"quantization_config", "auto_map"}) config.erase(key);
  config["torch_dtype"] = "float16";
  if (config.contains("dtype")) config["dtype"] = "float16";
  return config;
}

}  // namespace

std::uint64_t float16_bytes(const Checkpoint& source) {
  return 2 * source.parameter_count();
}

void write_checkpoint(const CheckpointCopy& copy, const std::filesystem::path& target,
                      const std::stop_token& stop, const ExportProgressSink& progress) {
  if (const std::string why = why_not_layout(copy.source->config()); !why.empty()) {
    throw Error(ErrorKind::Unsupported, why);
  }
  check_target(target, copy.existing);
  JobFolder job(system_files(), target);
  try {
    const Folder staging = job.fresh_staging();
    write_tensors(copy, staging, stop, progress);
    put_file(staging, "config.json", json_text(float16_config(*copy.source)));
    for (const auto& [name, text] : copy.small_files) put_file(staging, name, text);
    staging.sync();
    job.publish(copy.existing);
  } catch (...) {
    job.remove();
    throw;
  }
  job.remove();
}

}  // namespace salient
