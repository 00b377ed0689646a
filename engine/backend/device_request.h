// SPDX-License-Identifier: Apache-2.0
#pragma once

// From what a user types to a backend.

#include <cstdint>
#include <memory>
#include <string>

#include "engine/backend/backend.h"

namespace salient {

struct DeviceRequest {
  std::string name = "cpu";       ///< "cpu", "cuda" or "cuda:1"
  int threads = 0;                ///< of the CPU; 0: one per physical core
  std::int64_t memory_limit = 0;  ///< bytes of a GPU; 0: all of it
};

/// Throws Error(BadInput) for another name or a GPU that does not exist, Error(Unsupported) where
/// CUDA cannot be used, with the reason.
std::unique_ptr<Backend> make_backend(const DeviceRequest& request);

/// Bytes that other programs leave of that CUDA device now; 0 where that cannot be asked.
std::int64_t cuda_free_memory(int device);

/// "8g", "512m", "1.5g" to bytes. Throws Error(BadInput).
std::int64_t parse_memory(const std::string& text);

}  // namespace salient
