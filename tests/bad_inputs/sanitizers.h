// SPDX-License-Identifier: Apache-2.0
#pragma once

// Whether this build runs under a sanitizer: limits of time are wider then, and memory is not ours
// to measure.

namespace salient::tests {

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
