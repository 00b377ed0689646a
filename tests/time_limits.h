// SPDX-License-Identifier: Apache-2.0
#pragma once

// The processor's time, because a machine that is busy with something else is nobody's fault, and
// whether this build runs under a sanitizer: limits of time are wider then, and memory is not ours
// to measure.

#include <ctime>

namespace salient::tests {

inline double processor_seconds() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

#if defined(__has_feature)
#define SALIENT_HAS_FEATURE(name) __has_feature(name)
#else
#define SALIENT_HAS_FEATURE(name) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || \
    SALIENT_HAS_FEATURE(address_sanitizer) || SALIENT_HAS_FEATURE(thread_sanitizer)
inline constexpr bool kSanitized = true;
inline constexpr double kSanitizerSlowdown = 10.0;
#else
inline constexpr bool kSanitized = false;
inline constexpr double kSanitizerSlowdown = 1.0;
#endif

}  // namespace salient::tests
