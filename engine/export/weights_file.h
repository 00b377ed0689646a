// SPDX-License-Identifier: Apache-2.0
#pragma once

// Where the tensors of an export go, by the names that the model's family has for them.

#include <stop_token>
#include <string_view>

#include "engine/tensor/tensor.h"

namespace salient {

class WeightsFile {
 public:
  virtual ~WeightsFile() = default;
  /// Once per tensor; dtype and shape as announced, else std::logic_error. Error(Cancelled) soon
  /// after a request to stop.
  virtual void write(std::string_view name, const Tensor& tensor, const std::stop_token& stop) = 0;
  /// Makes it appear. std::logic_error when a tensor was not written.
  virtual void finish() = 0;
};

}  // namespace salient
