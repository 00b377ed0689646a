// SPDX-License-Identifier: Apache-2.0
#include "engine/checkpoint/gathered_source.h"

#include <cstring>

#include "engine/checkpoint/checked.h"
#include "engine/error.h"

namespace salient {
namespace {

/// Bytes from the first element to behind the last.
std::uint64_t span_of(const StoredTensor& tensor) {
  std::uint64_t last = 0;
  for (std::size_t i = 0; i < tensor.strides.size(); ++i) {
    last += static_cast<std::uint64_t>((tensor.shape_in_file()[i] - 1) * tensor.strides[i]);
  }
  return (last + 1) * tensor.type->block_bytes();
}

/// Where element `index` (row-major) stands, in elements.
std::uint64_t place_of(const StoredTensor& tensor, std::int64_t index) {
  std::int64_t place = 0;
  for (std::size_t i = tensor.strides.size(); i-- > 0;) {
    place += index % tensor.shape_in_file()[i] * tensor.strides[i];
    index /= tensor.shape_in_file()[i];
  }
  return static_cast<std::uint64_t>(place);
}

}  // namespace

GatheredSource::GatheredSource(const ByteSource& file, const StoredTensor& tensor) : file_(file) {
  std::vector<std::byte> stored(static_cast<std::size_t>(span_of(tensor)));
  file.read(tensor.info.offset, stored);
  const std::uint64_t width = tensor.type->block_bytes();
  const std::int64_t count = element_count(tensor.shape_in_file());
  const std::int64_t row = tensor.shape_in_file().back();
  const auto step = static_cast<std::uint64_t>(tensor.strides.back()) * width;
  bytes_.resize(static_cast<std::size_t>(count) * width);
  std::byte* to = bytes_.data();
  for (std::int64_t first = 0; first < count; first += row) {
    const std::byte* from = stored.data() + place_of(tensor, first) * width;
    for (std::int64_t i = 0; i < row; ++i, from += step, to += width) {
      std::memcpy(to, from, static_cast<std::size_t>(width));
    }
  }
}

void GatheredSource::read(std::uint64_t offset, std::span<std::byte> out) const {
  if (!checked::range_fits(offset, out.size(), bytes_.size())) {
    throw Error(ErrorKind::BadInput, name() + ": a read beyond a gathered tensor");
  }
  std::memcpy(out.data(), bytes_.data() + offset, out.size());
}

}  // namespace salient
