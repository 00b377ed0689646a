// SPDX-License-Identifier: Apache-2.0
#include "engine/tokenizer/normalizer.h"

#include <algorithm>
#include <cstdlib>
#include <limits>

#include <utf8proc.h>

#include "engine/error.h"
#include "engine/tokenizer/utf8.h"

namespace salient {
namespace {

utf8proc_option_t options_of(UnicodeForm form) {
  switch (form) {
    case UnicodeForm::Nfc:
      return static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE);
    case UnicodeForm::Nfd:
      return static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_DECOMPOSE);
    case UnicodeForm::Nfkc:
      return static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT);
    case UnicodeForm::Nfkd:
      break;
  }
  return static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT);
}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

std::string run(const UnicodeStep& step, std::string text) {
  if (is_ascii(text)) return text;
  const void* source = text.data();
  utf8proc_uint8_t* mapped = nullptr;
  const utf8proc_ssize_t length =
      utf8proc_map(static_cast<const utf8proc_uint8_t*>(source),
                   static_cast<utf8proc_ssize_t>(text.size()), &mapped, options_of(step.form));
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owned(mapped, &std::free);
  if (length < 0) {
    throw Error(ErrorKind::BadInput,
                std::string("the text cannot be normalized: ") + utf8proc_errmsg(length));
  }
  const void* result = mapped;
  return {static_cast<const char*>(result), static_cast<std::size_t>(length)};
}

std::string run(const LowercaseStep& /*step*/, const std::string& text) {
  std::string lower;
  lower.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const char32_t c = utf8::next_code_point(text, at);
    utf8::append(lower, static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(c))));
  }
  return lower;
}

std::string run(const PrependStep& step, const std::string& text) {
  return text.empty() ? text : step.text + text;
}

std::string run(const ReplaceStep& step, const std::string& text) {
  std::vector<TextRange> matches;
  MatchScratch scratch;
  step.pattern.find_all(text, matches, scratch);
  std::string result;
  std::size_t at = 0;
  for (const TextRange& match : matches) {
    result.append(text, at, match.begin - at);
    result += step.replacement;
    at = match.end;
  }
  return result.append(text, at);
}

std::string run(const StripStep& step, const std::string& text) {
  const std::u32string points = utf8::to_code_points(text);
  std::size_t begin = 0;
  std::size_t end = points.size();
  while (step.left && begin < end && utf8::is_space(points[begin])) ++begin;
  while (step.right && end > begin && utf8::is_space(points[end - 1])) --end;
  return utf8::from_code_points(std::u32string_view(points).substr(begin, end - begin));
}

}  // namespace

void Normalizer::add(NormalizerStep step) {
  steps_.push_back(std::move(step));
}

std::string Normalizer::apply(std::string_view text) const {
  std::string result(text);
  for (const NormalizerStep& step : steps_) {
    result = std::visit([&](const auto& one) { return run(one, std::move(result)); }, step);
  }
  return result;
}

}  // namespace salient
