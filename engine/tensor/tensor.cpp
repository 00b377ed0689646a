// SPDX-License-Identifier: Apache-2.0
#include "engine/tensor/tensor.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <stdexcept>

#include "engine/error.h"
#include "kernels/half.h"

namespace salient {
namespace {

constexpr std::size_t kAlignment = 64;

std::shared_ptr<std::byte> allocate(std::size_t bytes) {
  // aligned_alloc wants a multiple of the alignment; one spare line keeps empty tensors distinct.
  const std::size_t rounded = (bytes / kAlignment + 1) * kAlignment;
  void* memory = std::aligned_alloc(kAlignment, rounded);
  if (memory == nullptr) {
    throw Error(ErrorKind::Resources, "cannot get " + std::to_string(bytes) + " bytes of memory");
  }
  return {static_cast<std::byte*>(memory), [](std::byte* p) { std::free(p); }};
}

float element(const Tensor& tensor, std::size_t i) {
  switch (tensor.dtype()) {
    case DType::F32:
      return tensor.as<float>()[i];
    case DType::F16:
      return f16_to_f32(tensor.as<std::uint16_t>()[i]);
    case DType::BF16:
      return bf16_to_f32(tensor.as<std::uint16_t>()[i]);
    case DType::F64:
    case DType::I32:
    case DType::U8:
      break;
  }
  throw std::logic_error("Tensor::to converts floating point only");
}

void set_element(Tensor& tensor, std::size_t i, float value) {
  switch (tensor.dtype()) {
    case DType::F32:
      tensor.as<float>()[i] = value;
      return;
    case DType::F16:
      tensor.as<std::uint16_t>()[i] = f32_to_f16(value);
      return;
    case DType::BF16:
      tensor.as<std::uint16_t>()[i] = f32_to_bf16(value);
      return;
    case DType::F64:
    case DType::I32:
    case DType::U8:
      break;
  }
  throw std::logic_error("Tensor::to converts floating point only");
}

}  // namespace

std::string to_string(const Shape& shape) {
  std::string text = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (i != 0) text += ", ";
    text += std::to_string(shape[i]);
  }
  return text + "]";
}

std::int64_t element_count(const Shape& shape) {
  std::int64_t count = 1;
  for (const std::int64_t dim : shape) {
    if (dim < 0 || __builtin_mul_overflow(count, dim, &count)) {
      throw Error(ErrorKind::BadInput, "shape " + to_string(shape) + " is negative or too large");
    }
  }
  return count;
}

Tensor::Tensor(DType dtype, Shape shape) : dtype_(dtype), shape_(std::move(shape)) {
  size_ = element_count(shape_);
  if (size_ > std::numeric_limits<std::int64_t>::max() / 8) {
    throw Error(ErrorKind::BadInput, "shape " + to_string(shape_) + " is too large");
  }
  owner_ = allocate(bytes());
  data_ = owner_.get();
}

Tensor Tensor::zeros(DType dtype, Shape shape) {
  Tensor tensor(dtype, std::move(shape));
  std::memset(tensor.data_, 0, tensor.bytes());
  return tensor;
}

Tensor Tensor::view(DType dtype, Shape shape, void* data) {
  Tensor tensor;
  tensor.dtype_ = dtype;
  tensor.size_ = element_count(shape);
  tensor.shape_ = std::move(shape);
  tensor.data_ = static_cast<std::byte*>(data);
  return tensor;
}

Tensor Tensor::on_device(DType dtype, Shape shape, std::shared_ptr<std::byte> owner) {
  Tensor tensor = view(dtype, std::move(shape), owner.get());
  tensor.owner_ = std::move(owner);
  tensor.memory_ = Memory::Device;
  return tensor;
}

Tensor Tensor::clone() const {
  if (empty()) return {};
  check_element(size_of(dtype_));
  Tensor copy(dtype_, shape_);
  std::memcpy(copy.data_, data_, bytes());
  return copy;
}

Tensor Tensor::to(DType dtype) const {
  if (dtype == dtype_) return *this;
  Tensor converted(dtype, shape_);
  for (std::size_t i = 0; i < static_cast<std::size_t>(size_); ++i) {
    set_element(converted, i, element(*this, i));
  }
  return converted;
}

Tensor Tensor::reshaped(Shape shape) const {
  if (element_count(shape) != size_) {
    throw std::logic_error("a tensor of " + to_string(shape_) + " cannot be " + to_string(shape));
  }
  Tensor tensor = *this;
  tensor.shape_ = std::move(shape);
  return tensor;
}

Tensor Tensor::rows(std::int64_t begin, std::int64_t end) const {
  if (shape_.empty() || begin < 0 || end < begin || end > shape_[0]) {
    throw std::logic_error("Tensor::rows out of range");
  }
  Tensor part = *this;
  part.shape_[0] = end - begin;
  part.size_ = element_count(part.shape_);
  const std::int64_t row = shape_[0] == 0 ? 0 : size_ / shape_[0];
  part.data_ = data_ + static_cast<std::size_t>(begin * row) * size_of(dtype_);
  return part;
}

void Tensor::check_element(std::size_t element_bytes) const {
  if (memory_ == Memory::Device) throw std::logic_error("the tensor is in a device's memory");
  if (element_bytes != size_of(dtype_)) {
    throw std::logic_error("Tensor holds " + std::string(name_of(dtype_)));
  }
}

}  // namespace salient
