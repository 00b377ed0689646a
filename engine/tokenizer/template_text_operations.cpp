// SPDX-License-Identifier: Apache-2.0
#include "engine/tokenizer/template_text_operations.h"

#include <algorithm>

#include <utf8proc.h>

#include "engine/tokenizer/utf8.h"

namespace salient::jinja {
namespace {

char32_t upper(char32_t c) {
  return static_cast<char32_t>(utf8proc_toupper(static_cast<utf8proc_int32_t>(c)));
}

char32_t lower(char32_t c) {
  return static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(c)));
}

bool is_letter(char32_t c) {
  const auto category = utf8proc_category(static_cast<utf8proc_int32_t>(c));
  return category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO;
}

std::vector<std::string> split_at_spaces(std::u32string_view text, std::int64_t limit) {
  std::vector<std::string> words;
  const auto skip = [&](std::size_t from, bool space) {
    while (from < text.size() && utf8::is_space(text[from]) == space) ++from;
    return from;
  };
  std::size_t start = skip(0, true);
  while (start < text.size()) {
    const bool last = limit >= 0 && static_cast<std::int64_t>(words.size()) == limit;
    std::size_t end = last ? text.size() : skip(start, false);
    while (last && utf8::is_space(text[end - 1])) --end;
    words.push_back(utf8::from_code_points(text.substr(start, end - start)));
    start = last ? text.size() : skip(end, true);
  }
  return words;
}

}  // namespace

std::string strip(std::string_view text, Side side, std::optional<std::string_view> characters) {
  const std::u32string points = utf8::to_code_points(text);
  const std::u32string set = utf8::to_code_points(characters.value_or(""));
  const auto goes = [&](char32_t c) {
    return characters ? set.find(c) != std::u32string::npos : utf8::is_space(c);
  };
  std::size_t start = 0;
  std::size_t end = points.size();
  while (side != Side::Right && start < end && goes(points[start])) ++start;
  while (side != Side::Left && end > start && goes(points[end - 1])) --end;
  return utf8::from_code_points(std::u32string_view(points).substr(start, end - start));
}

std::string upper(std::string_view text) {
  std::string result;
  for (const char32_t c : utf8::to_code_points(text)) {
    // The one common letter whose upper case is two letters.
    c == U'\u00DF' ? void(result += "SS") : utf8::append(result, upper(c));
  }
  return result;
}

std::string lower(std::string_view text) {
  std::u32string points = utf8::to_code_points(text);
  for (char32_t& c : points) c = lower(c);
  return utf8::from_code_points(points);
}

std::string capitalize(std::string_view text) {
  std::u32string points = utf8::to_code_points(text);
  for (char32_t& c : points) c = lower(c);
  if (!points.empty()) points.front() = upper(points.front());
  return utf8::from_code_points(points);
}

std::string title(std::string_view text) {
  std::u32string points = utf8::to_code_points(text);
  bool inside = false;
  for (char32_t& c : points) {
    const bool letter = is_letter(c);
    c = inside ? lower(c) : upper(c);
    inside = letter;
  }
  return utf8::from_code_points(points);
}

std::string replace(std::string_view text, std::string_view from, std::string_view to,
                    std::int64_t limit) {
  std::string result;
  std::size_t at = 0;
  for (std::int64_t count = 0; limit < 0 || count < limit; ++count) {
    if (from.empty()) {
      result += to;
      if (at == text.size()) return result;
      const std::size_t start = at;
      utf8::next_code_point(text, at);
      result += text.substr(start, at - start);
      continue;
    }
    const auto found = text.find(from, at);
    if (found == std::string_view::npos) break;
    result += text.substr(at, found - at);
    result += to;
    at = found + from.size();
  }
  return result += text.substr(at);
}

std::vector<std::string> split(std::string_view text, std::optional<std::string_view> separator,
                               std::int64_t limit) {
  if (!separator) return split_at_spaces(utf8::to_code_points(text), limit);
  std::vector<std::string> parts;
  std::size_t at = 0;
  while (limit < 0 || static_cast<std::int64_t>(parts.size()) < limit) {
    const auto found = text.find(*separator, at);
    if (found == std::string_view::npos) break;
    parts.emplace_back(text.substr(at, found - at));
    at = found + separator->size();
  }
  parts.emplace_back(text.substr(at));
  return parts;
}

std::vector<std::string> split_from_right(std::string_view text, std::string_view separator,
                                          std::int64_t limit) {
  std::vector<std::string> parts;
  while (limit < 0 || static_cast<std::int64_t>(parts.size()) < limit) {
    const auto found = text.rfind(separator);
    if (found == std::string_view::npos) break;
    parts.emplace_back(text.substr(found + separator.size()));
    text = text.substr(0, found);
  }
  parts.emplace_back(text);
  std::reverse(parts.begin(), parts.end());
  return parts;
}

std::vector<std::string> split_lines(std::string_view text) {
  std::vector<std::string> lines;
  std::size_t start = 0;
  while (start < text.size()) {
    const auto end = text.find_first_of("\n\r", start);
    lines.emplace_back(text.substr(start, end - start));
    if (end == std::string_view::npos) break;
    const bool pair = text[end] == '\r' && end + 1 < text.size() && text[end + 1] == '\n';
    start = end + (pair ? 2 : 1);
  }
  return lines;
}

std::string escape_html(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '&') {
      result += "&amp;";
    } else if (c == '<') {
      result += "&lt;";
    } else if (c == '>') {
      result += "&gt;";
    } else if (c == '"') {
      result += "&#34;";
    } else if (c == '\'') {
      result += "&#39;";
    } else {
      result += c;
    }
  }
  return result;
}

}  // namespace salient::jinja
