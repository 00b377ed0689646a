// SPDX-License-Identifier: Apache-2.0
#define PCRE2_CODE_UNIT_WIDTH 8
#include "engine/tokenizer/split_pattern.h"

#include <array>

#include <pcre2.h>

#include "engine/error.h"

namespace salient {
namespace {

constexpr std::size_t kMaxPatternBytes = std::size_t{64} << 10U;
/// About 10 ms of backtracking; honest split patterns need a few steps per character.
constexpr std::uint32_t kMatchLimit = 1'000'000;
constexpr std::size_t kJitStackStart = std::size_t{32} << 10U;
constexpr std::size_t kJitStackLimit = std::size_t{1} << 20U;

struct Deleter {
  void operator()(pcre2_code* code) const { pcre2_code_free(code); }
  void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
  void operator()(pcre2_match_context* context) const { pcre2_match_context_free(context); }
  void operator()(pcre2_jit_stack* stack) const { pcre2_jit_stack_free(stack); }
};

template <typename T>
using Owned = std::unique_ptr<T, Deleter>;

std::string message_of(int code) {
  std::array<PCRE2_UCHAR, 256> buffer{};
  if (pcre2_get_error_message(code, buffer.data(), buffer.size()) < 0) return "unknown error";
  std::string text;
  for (const PCRE2_UCHAR c : buffer) {
    if (c == 0) break;
    text.push_back(static_cast<char>(c));
  }
  return text;
}

PCRE2_SPTR bytes_of(std::string_view text) {
  const void* address = text.data();
  return static_cast<PCRE2_SPTR>(address);
}

}  // namespace

struct SplitPattern::Code {
  Owned<pcre2_code> compiled;
};

SplitPattern::SplitPattern(std::string_view pattern, std::string where)
    : code_(std::make_unique<Code>()), where_(std::move(where)) {
  if (pattern.size() > kMaxPatternBytes) {
    throw Error(ErrorKind::BadInput, where_ + ": the pattern has " +
                                         std::to_string(pattern.size()) +
                                         " bytes, at most 65536 are read");
  }
  int error = 0;
  PCRE2_SIZE position = 0;
  code_->compiled.reset(pcre2_compile(bytes_of(pattern), pattern.size(),
                                      PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C, &error,
                                      &position, nullptr));
  if (code_->compiled == nullptr) {
    throw Error(ErrorKind::BadInput, where_ + ": the pattern is wrong at position " +
                                         std::to_string(position) + ": " + message_of(error));
  }
  // Where JIT is not available the interpreter serves; nothing else changes.
  pcre2_jit_compile(code_->compiled.get(), PCRE2_JIT_COMPLETE);
}

SplitPattern::~SplitPattern() = default;
SplitPattern::SplitPattern(SplitPattern&&) noexcept = default;
SplitPattern& SplitPattern::operator=(SplitPattern&&) noexcept = default;

struct MatchScratch::State {
  Owned<pcre2_match_data> data{pcre2_match_data_create(1, nullptr)};
  Owned<pcre2_match_context> context{pcre2_match_context_create(nullptr)};
  Owned<pcre2_jit_stack> stack{pcre2_jit_stack_create(kJitStackStart, kJitStackLimit, nullptr)};
};

MatchScratch::MatchScratch() : state_(std::make_unique<State>()) {
  if (state_->data == nullptr || state_->context == nullptr) throw std::bad_alloc();
  pcre2_set_match_limit(state_->context.get(), kMatchLimit);
  pcre2_jit_stack_assign(state_->context.get(), nullptr, state_->stack.get());
}

MatchScratch::~MatchScratch() = default;

void SplitPattern::find_all(std::string_view text, std::vector<TextRange>& matches,
                            MatchScratch& scratch) const {
  const pcre2_code* code = code_->compiled.get();
  pcre2_match_data* data = scratch.state_->data.get();
  std::size_t at = 0;
  while (at < text.size()) {
    const int result =
        pcre2_match(code, bytes_of(text), text.size(), at, PCRE2_NO_UTF_CHECK | PCRE2_NOTEMPTY,
                    data, scratch.state_->context.get());
    if (result == PCRE2_ERROR_NOMATCH) return;
    if (result < 0) {
      throw Error(
          ErrorKind::BadInput,
          where_ + ": the pattern cannot be matched against this text: " + message_of(result));
    }
    const PCRE2_SIZE* ends = pcre2_get_ovector_pointer(data);
    // \K can put the start behind the end or before where the search began.
    if (ends[0] < at || ends[1] <= ends[0]) {
      throw Error(ErrorKind::BadInput, where_ + ": the pattern moves the start of its match");
    }
    matches.push_back({ends[0], ends[1]});
    at = ends[1];
  }
}

std::string SplitPattern::quoted(std::string_view literal) {
  std::string pattern;
  for (const char c : literal) {
    const bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      static_cast<unsigned char>(c) >= 0x80;
    if (!word) pattern.push_back('\\');
    pattern.push_back(c);
  }
  return pattern;
}

}  // namespace salient
