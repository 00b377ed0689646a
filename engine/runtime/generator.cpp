// SPDX-License-Identifier: Apache-2.0
#include "engine/runtime/generator.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "engine/error.h"

namespace salient {
namespace {

/// Tokens per forward pass of a prompt: large enough for the matrix kernels, small enough that stop
/// answers well under 200 ms on a small model.
constexpr std::size_t kPrefillChunk = 128;

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

}  // namespace

Generator::Generator(Backend& backend, std::shared_ptr<const LoadedModel> model,
                     std::int64_t capacity)
    : backend_(backend),
      model_(std::move(model)),
      sequence_(make_sequence(backend, model_->decoder.shape, capacity)) {
  throughput_.bytes_per_token = model_->decoder.bytes_per_token();
}

void Generator::reset_throughput() {
  throughput_ = {.bytes_per_token = throughput_.bytes_per_token};
}

std::span<const float> Generator::prefill(std::span<const std::int32_t> ids, std::stop_token stop) {
  if (ids.empty()) throw Error(ErrorKind::BadInput, "the prompt is empty");
  if (static_cast<std::int64_t>(ids.size()) > sequence_.capacity) {
    throw Error(ErrorKind::BadInput,
                "the prompt has " + std::to_string(ids.size()) + " tokens, there is room for " +
                    std::to_string(sequence_.capacity) + "; shorten it or clear the conversation");
  }
  const auto start = Clock::now();
  // The last id is always computed, because its logits are what the caller wants.
  const auto shared = std::mismatch(ids_.begin(), ids_.end(), ids.begin(), ids.end()).first;
  const auto kept = std::min(static_cast<std::size_t>(shared - ids_.begin()), ids.size() - 1);
  ids_.resize(kept);
  sequence_.length = static_cast<std::int64_t>(kept);
  for (std::size_t begin = kept; begin < ids.size(); begin += kPrefillChunk) {
    if (stop.stop_requested())
      throw Error(ErrorKind::Cancelled, "stopped while reading the prompt");
    append(ids.subspan(begin, std::min(kPrefillChunk, ids.size() - begin)));
  }
  throughput_.prompt_tokens += static_cast<std::int64_t>(ids.size() - kept);
  throughput_.prefill_seconds += seconds_since(start);
  return logits_;
}

std::span<const float> Generator::decode(std::int32_t id) {
  const auto start = Clock::now();
  append({&id, 1});
  throughput_.new_tokens += 1;
  throughput_.decode_seconds += seconds_since(start);
  return logits_;
}

void Generator::append(std::span<const std::int32_t> ids) {
  const Tensor logits =
      backend_.download(forward(backend_, model_->decoder, sequence_, ids, LogitsOf::LastToken));
  const auto row = logits.as<float>();
  logits_.assign(row.begin(), row.end());
  ids_.insert(ids_.end(), ids.begin(), ids.end());
}

}  // namespace salient
