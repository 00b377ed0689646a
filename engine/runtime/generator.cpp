// SPDX-License-Identifier: Apache-2.0
#include "engine/runtime/generator.h"

#include <algorithm>
#include <bit>
#include <chrono>
#include <stdexcept>
#include <string>
#include <utility>

#include "engine/error.h"

namespace salient {
namespace {

/// Cached positions that a recorded step is made for at first.
constexpr std::int64_t kLeastBound = 128;

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
  state_.token = backend.allocate_zeros(DType::I32, {1});
  state_.position = sequence_.position;
  state_.picked = backend.allocate_zeros(DType::I32, {capacity});
  state_.count = backend.allocate_zeros(DType::I32, {1});
  state_.draws = backend.allocate_zeros(DType::I32, {2});
  step_logits_ = backend.allocate(DType::F32, {1, model_->decoder.shape.config.vocab_size});
}

void Generator::reset_throughput() {
  throughput_ = {.bytes_per_token = throughput_.bytes_per_token};
}

void Generator::reset_decoding() {
  throughput_.new_tokens = 0;
  throughput_.decode_seconds = 0;
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
  const auto chunk = static_cast<std::size_t>(backend_.prompt_chunk());
  for (std::size_t begin = kept; begin < ids.size(); begin += chunk) {
    if (stop.stop_requested())
      throw Error(ErrorKind::Cancelled, "stopped while reading the prompt");
    append(ids.subspan(begin, std::min(chunk, ids.size() - begin)));
  }
  throughput_.prompt_tokens += static_cast<std::int64_t>(ids.size() - kept);
  throughput_.prefill_seconds += seconds_since(start);
  return logits_;
}

std::span<const float> Generator::decode(std::int32_t id) {
  const auto start = Clock::now();
  start_decoding(id, 1);
  step(Next::Given).run();
  sequence_.length += 1;
  ids_.push_back(id);
  read_logits();
  throughput_.new_tokens += 1;
  throughput_.decode_seconds += seconds_since(start);
  return logits_;
}

std::vector<std::int32_t> Generator::decode_greedy(std::int32_t id, std::int64_t count) {
  return decode_many(id, count, Next::Greedy);
}

std::vector<std::int32_t> Generator::decode_sampled(std::int32_t id, std::int64_t count,
                                                    const SamplingOptions& sampling,
                                                    std::uint64_t draw) {
  Step& step = steps_[static_cast<std::size_t>(Next::Sampled)];
  if (sampling != sampling_) step = {};
  sampling_ = sampling;
  const std::array<std::int32_t, 2> words = {static_cast<std::int32_t>(draw & 0xFFFFFFFFU),
                                             static_cast<std::int32_t>(draw >> 32U)};
  backend_.write(words, state_.draws);
  if (sampling.repetition_penalty != 1.0) write_seen(id);
  return decode_many(id, count, Next::Sampled);
}

void Generator::write_seen(std::int32_t id) {
  const std::int64_t vocab = model_->decoder.shape.config.vocab_size;
  seen_words_.assign(static_cast<std::size_t>((vocab + 3) / 4), 0);
  const auto bytes = std::as_writable_bytes(std::span(seen_words_));
  for (const std::int32_t other : ids_) bytes[static_cast<std::size_t>(other)] = std::byte{1};
  if (id >= 0 && id < vocab) bytes[static_cast<std::size_t>(id)] = std::byte{1};
  if (state_.seen.empty()) state_.seen = backend_.allocate(DType::I32, {(vocab + 3) / 4});
  backend_.write(seen_words_, state_.seen);
}

std::vector<std::int32_t> Generator::decode_many(std::int32_t id, std::int64_t count, Next next) {
  const auto start = Clock::now();
  start_decoding(id, count);
  const std::int32_t none = 0;
  backend_.write({&none, 1}, state_.count);
  for (std::int64_t i = 0; i < count; ++i) {
    step(next).run();
    sequence_.length += 1;
  }
  const Tensor picked = backend_.download(state_.picked);
  const auto picks = picked.as<std::int32_t>().first(static_cast<std::size_t>(count));
  ids_.push_back(id);
  ids_.insert(ids_.end(), picks.begin(), picks.end() - 1);
  throughput_.new_tokens += count;
  throughput_.decode_seconds += seconds_since(start);
  read_logits();
  return {picks.begin(), picks.end()};
}

void Generator::keep_first(std::int64_t count) {
  if (count < 0 || count > sequence_.length)
    throw std::logic_error("keep_first: more than there is");
  ids_.resize(static_cast<std::size_t>(count));
  sequence_.length = count;
}

void Generator::start_decoding(std::int32_t id, std::int64_t count) {
  check_room(model_->decoder, sequence_, {&id, 1}, count);
  backend_.write({&id, 1}, state_.token);
  const auto position = static_cast<std::int32_t>(sequence_.length);
  backend_.write({&position, 1}, state_.position);
}

Program& Generator::step(Next next) {
  Step& step = steps_[static_cast<std::size_t>(next)];
  if (step.program && sequence_.length < step.limit) return *step.program;
  const auto wanted = std::bit_ceil(static_cast<std::uint64_t>(sequence_.length + 1));
  step.limit = std::min(std::max(static_cast<std::int64_t>(wanted), kLeastBound), capacity());
  step.program = backend_.record([this, next, limit = step.limit] {
    decode_step(backend_, model_->decoder, sequence_, state_, limit, step_logits_);
    if (next == Next::Greedy) backend_.pick_greedy(step_logits_, state_);
    if (next == Next::Sampled) backend_.pick_sampled(step_logits_, sampling_, state_);
  });
  return *step.program;
}

void Generator::read_logits() {
  const Tensor logits = backend_.download(step_logits_);
  logits_.assign(logits.as<float>().begin(), logits.as<float>().end());
}

void Generator::append(std::span<const std::int32_t> ids) {
  const Tensor logits =
      backend_.download(forward(backend_, model_->decoder, sequence_, ids, LogitsOf::LastToken));
  const auto row = logits.as<float>();
  logits_.assign(row.begin(), row.end());
  ids_.insert(ids_.end(), ids.begin(), ids.end());
}

}  // namespace salient
