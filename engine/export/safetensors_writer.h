// SPDX-License-Identifier: Apache-2.0
#pragma once

// Writes safetensors files. The layout (which tensor at which byte) is fixed before the first byte
// is written, so tensors may come in any order, one in memory at a time, and the same tensors give
// the same bytes. Order in the file: wider elements first, then by name, so that nothing is
// misaligned.

#include <cstdint>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "engine/export/durable_file.h"
#include "engine/export/weights_file.h"
#include "engine/tensor/tensor.h"

namespace salient {

struct TensorSpec {
  std::string name;
  DType dtype = DType::F16;
  Shape shape;
  /// The file's own word for the type where no DType says it, of the same size: "I64", "Q4_0".
  std::string_view word = {};

  std::uint64_t bytes() const {
    return static_cast<std::uint64_t>(element_count(shape)) * size_of(dtype);
  }
};

class SafetensorsLayout {
 public:
  /// Names differ; `metadata` becomes "__metadata__" unless empty.
  SafetensorsLayout(std::vector<TensorSpec> tensors,
                    const std::map<std::string, std::string>& metadata);

  /// Length, JSON and padding to 8 bytes: the start of the file.
  const std::string& header() const { return header_; }
  /// In file order.
  const std::vector<TensorSpec>& tensors() const { return tensors_; }
  /// Absolute position; std::logic_error for an unknown name.
  std::uint64_t offset(std::string_view name) const;
  const TensorSpec& spec(std::string_view name) const;
  bool has(std::string_view name) const { return places_.contains(name); }
  std::uint64_t file_bytes() const { return file_bytes_; }

 private:
  struct Place {
    std::size_t index;
    std::uint64_t offset;
  };
  const Place& place(std::string_view name) const;

  std::vector<TensorSpec> tensors_;
  std::map<std::string, Place, std::less<>> places_;
  std::string header_;
  std::uint64_t file_bytes_ = 0;
};

/// A model's tensors as one model.safetensors, or as shards of at most `shard_bytes` with an index.
class SafetensorsFolder : public WeightsFile {
 public:
  static constexpr std::uint64_t kShardBytes = 5'000'000'000;

  /// Creates and reserves every file in `folder`, which must outlive this.
  SafetensorsFolder(const Folder& folder, std::vector<TensorSpec> tensors,
                    std::uint64_t shard_bytes = kShardBytes);
  ~SafetensorsFolder() override;

  /// Once per tensor; dtype and shape as announced, else std::logic_error. Error(Cancelled) soon
  /// after a request to stop.
  void write(std::string_view name, const Tensor& tensor,
             const std::stop_token& stop = {}) override;
  /// Publishes the files and the index. std::logic_error when a tensor was not written.
  void finish() override;

 private:
  struct Shard;
  std::string index_json() const;

  const Folder& folder_;
  std::vector<std::unique_ptr<Shard>> shards_;
  std::map<std::string, Shard*, std::less<>> shard_of_;
  std::map<std::string, bool, std::less<>> written_;
};

}  // namespace salient
