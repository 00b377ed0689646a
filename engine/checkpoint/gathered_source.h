// SPDX-License-Identifier: Apache-2.0
#pragma once

// A tensor that is stored with gaps or in another order of its dimensions (PyTorch keeps views as
// they are), as if it were row-major: its part of the file is read once and gathered.

#include <vector>

#include "engine/checkpoint/file_source.h"
#include "engine/checkpoint/tensor_reader.h"

namespace salient {

class GatheredSource : public ByteSource {
 public:
  /// `tensor` has strides, none of its elements twice, and a type without blocks.
  GatheredSource(const ByteSource& file, const StoredTensor& tensor);

  const std::string& name() const override { return file_.name(); }
  std::uint64_t size() const override { return bytes_.size(); }
  void read(std::uint64_t offset, std::span<std::byte> out) const override;

 private:
  const ByteSource& file_;
  std::vector<std::byte> bytes_;  ///< row-major
};

}  // namespace salient
