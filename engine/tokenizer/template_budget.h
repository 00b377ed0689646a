// SPDX-License-Identifier: Apache-2.0
#pragma once

// The bounds of one rendering and the failure that ends it. A template is foreign code: it can
// loop, recurse and multiply strings, so every step and every byte made is charged here.

#include <chrono>
#include <cstddef>
#include <stdexcept>
#include <string>

namespace salient::jinja {

inline constexpr std::size_t kMaxSourceBytes = std::size_t{1} << 20U;
inline constexpr std::size_t kMaxOutputBytes = std::size_t{1} << 20U;
inline constexpr std::size_t kMaxSteps = std::size_t{1} << 20U;
inline constexpr std::size_t kMaxProducedBytes = std::size_t{256} << 20U;
inline constexpr std::chrono::milliseconds kMaxTime{1000};
/// Nested values, nested syntax and macros calling macros.
inline constexpr int kMaxDepth = 64;

/// What is wrong, without its place; the evaluator adds the line.
struct Failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// raise_exception(sentence): the template's own words, shown as they are.
struct RaisedByTemplate : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class Budget {
 public:
  void step();
  /// Charges time only: values compared, characters looked at.
  void work(std::size_t items);
  /// Charges memory that a value is about to take; call before allocating it.
  void produce(std::size_t bytes);
  /// Charges a string; a single one may not exceed the output's limit.
  void produce_text(std::size_t bytes);

 private:
  void check_time();

  std::size_t steps_ = 0;
  std::size_t produced_ = 0;
  std::size_t unchecked_ = 0;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace salient::jinja
