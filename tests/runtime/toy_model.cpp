// SPDX-License-Identifier: Apache-2.0
#include "tests/runtime/toy_model.h"

#include "tests/shared_data.h"

namespace salient::tests {

Backend& cpu_backend() {
  static const std::unique_ptr<Backend> backend = make_cpu_backend(1);
  return *backend;
}

std::shared_ptr<const LoadedModel> toy() {
  static const auto model = load_model(cpu_backend(), source_file("resources/toy"));
  return model;
}

std::shared_ptr<const LoadedModel> toy_with_8_bit_head() {
  static const auto model =
      load_model(cpu_backend(), source_file("resources/toy"), {.head = HeadPrecision::Int8});
  return model;
}

}  // namespace salient::tests
