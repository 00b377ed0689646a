// SPDX-License-Identifier: Apache-2.0
#include <string>

#include <doctest/doctest.h>

#include "tests/kernels/device_array.h"

using salient::kernels::cuda::check;
using salient::kernels::cuda::CudaError;

TEST_CASE("a failed call is an error that names the call and the reason") {
  try {
    check(cudaErrorMemoryAllocation, "the KV cache");
    FAIL("no error");
  } catch (const CudaError& error) {
    CHECK(std::string(error.what()).starts_with("the KV cache: "));
    CHECK(error.out_of_memory());
    CHECK_FALSE(error.sticky());
  }
  CHECK(CudaError(cudaErrorIllegalAddress, "attention").sticky());
  CHECK_NOTHROW(check(cudaSuccess, "nothing"));
}

TEST_CASE("a device array gives back what it was given") {
  if (!salient::tests::has_cuda_device()) return;
  const std::vector<int> numbers = {3, -1, 4};
  CHECK(salient::tests::DeviceArray<int>(numbers).host() == numbers);
}
