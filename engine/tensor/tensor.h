// SPDX-License-Identifier: Apache-2.0
#pragma once

// A typed block of numbers: shape, dtype and memory, row-major and dense. Host memory is 64-byte
// aligned; memory of a device comes from its backend, and only that backend reads it. A tensor owns
// its memory or views memory that outlives it; copying copies the handle, not the numbers (use
// `clone`). Not synchronised: one writer, or many readers.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/tensor/dtype.h"

namespace salient {

using Shape = std::vector<std::int64_t>;

/// "[576, 1536]".
std::string to_string(const Shape& shape);
/// Product of the dimensions; 1 for a scalar. Throws Error(BadInput) when negative or overflowing.
std::int64_t element_count(const Shape& shape);

enum class Memory { Host, Device };

class Tensor {
 public:
  Tensor() = default;
  /// Owning, uninitialised. Throws Error(Resources) when the memory cannot be had.
  Tensor(DType dtype, Shape shape);
  /// Owning, all zero.
  static Tensor zeros(DType dtype, Shape shape);
  /// Viewing: `data` must outlive the tensor.
  static Tensor view(DType dtype, Shape shape, void* data);
  /// Device memory that a backend made; `owner` gives it back.
  static Tensor on_device(DType dtype, Shape shape, std::shared_ptr<std::byte> owner);

  bool empty() const { return data_ == nullptr; }
  DType dtype() const { return dtype_; }
  Memory memory() const { return memory_; }
  const Shape& shape() const { return shape_; }
  std::int64_t dim(std::size_t axis) const { return shape_.at(axis); }
  std::int64_t size() const { return size_; }
  std::size_t bytes() const { return static_cast<std::size_t>(size_) * size_of(dtype_); }

  std::byte* data() { return data_; }
  const std::byte* data() const { return data_; }
  /// The elements as T. Throws std::logic_error when T does not have the dtype's size or the memory
  /// is not the host's.
  template <class T>
  std::span<T> as() {
    check_element(sizeof(T));
    return {reinterpret_cast<T*>(data_), static_cast<std::size_t>(size_)};
  }
  template <class T>
  std::span<const T> as() const {
    check_element(sizeof(T));
    return {reinterpret_cast<const T*>(data_), static_cast<std::size_t>(size_)};
  }

  /// Host memory only, like `to`.
  Tensor clone() const;
  /// Same numbers converted (F32, F16, BF16 only); a plain copy of the handle when already `dtype`.
  Tensor to(DType dtype) const;
  /// Rows [begin, end) of the first axis, viewing this tensor's memory and sharing its ownership.
  Tensor rows(std::int64_t begin, std::int64_t end) const;
  /// The same memory under another shape of as many elements.
  Tensor reshaped(Shape shape) const;

 private:
  void check_element(std::size_t element_bytes) const;

  DType dtype_ = DType::F32;
  Memory memory_ = Memory::Host;
  Shape shape_;
  std::int64_t size_ = 0;
  std::shared_ptr<std::byte> owner_;
  std::byte* data_ = nullptr;
};

}  // namespace salient
