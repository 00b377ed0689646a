// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include <utf8proc.h>

#include "engine/tokenizer/template_builtins.h"
#include "engine/tokenizer/template_lookup.h"
#include "engine/tokenizer/template_text.h"
#include "engine/tokenizer/template_text_operations.h"
#include "engine/tokenizer/utf8.h"

namespace salient::jinja {
namespace {

using Input = const Value&;
using Given = const Arguments&;
using Context = CallContext&;

Value text_of(std::string text, Context context) {
  context.budget.produce_text(text.size());
  return Value::string(std::move(text));
}

Value list_of(const std::vector<std::string>& parts, Context context) {
  Values items;
  for (const std::string& part : parts) {
    context.budget.produce(part.size() + sizeof(Value) + sizeof(std::string));
    items.push_back(Value::string(part));
  }
  return Value::list(std::move(items));
}

/// A string argument that may be absent or none.
std::optional<std::string_view> optional_text(const Value* value) {
  if (value == nullptr || value->is(Type::None)) return std::nullopt;
  return require_text(*value);
}

template <Side kSide>
Value method_strip(Input receiver, Given given, Context context) {
  given.limit(1);
  return text_of(strip(receiver.text(), kSide, optional_text(given.get(0, "chars"))), context);
}

template <std::string (*kOperation)(std::string_view)>
Value method_convert(Input receiver, Given given, Context context) {
  given.limit(0);
  return text_of(kOperation(receiver.text()), context);
}

std::optional<std::string_view> separator_of(Given given) {
  const auto separator = optional_text(given.get(0, "sep"));
  if (separator && separator->empty()) throw Failure("empty separator");
  return separator;
}

Value method_split(Input receiver, Given given, Context context) {
  context.budget.work(receiver.text().size());
  const std::int64_t limit = given.integer_or(1, "maxsplit", -1);
  return list_of(split(receiver.text(), separator_of(given), limit), context);
}

Value method_rsplit(Input receiver, Given given, Context context) {
  const auto separator = separator_of(given);
  const std::int64_t limit = given.integer_or(1, "maxsplit", -1);
  if (separator) return list_of(split_from_right(receiver.text(), *separator, limit), context);
  if (limit >= 0) throw Failure("rsplit at white space with a limit is not known here");
  return list_of(split(receiver.text(), std::nullopt, -1), context);
}

Value method_splitlines(Input receiver, Given given, Context context) {
  given.limit(0);
  return list_of(split_lines(receiver.text()), context);
}

Value parted(std::string_view before, std::string_view separator, std::string_view after) {
  return Value::list({Value::string(std::string(before)), Value::string(std::string(separator)),
                      Value::string(std::string(after))},
                     ListKind::Tuple);
}

Value method_partition(Input receiver, Given given, Context context) {
  const std::string_view text = receiver.text();
  context.budget.produce(text.size());
  const std::string& separator = require_text(given.require(0, "sep"));
  if (separator.empty()) throw Failure("empty separator");
  const auto at = text.find(separator);
  if (at == std::string_view::npos) return parted(text, "", "");
  return parted(text.substr(0, at), separator, text.substr(at + separator.size()));
}

Value method_rpartition(Input receiver, Given given, Context context) {
  const std::string_view text = receiver.text();
  context.budget.produce(text.size());
  const std::string& separator = require_text(given.require(0, "sep"));
  if (separator.empty()) throw Failure("empty separator");
  const auto at = text.rfind(separator);
  if (at == std::string_view::npos) return parted("", "", text);
  return parted(text.substr(0, at), separator, text.substr(at + separator.size()));
}

/// startswith and endswith take one string or a tuple of them.
template <typename Matches>
Value matches_any(const Value& candidates, Matches matches) {
  if (!candidates.is(Type::List)) return Value::boolean(matches(require_text(candidates)));
  return Value::boolean(std::any_of(candidates.items().begin(), candidates.items().end(),
                                    [&](const Value& one) { return matches(require_text(one)); }));
}

Value method_startswith(Input receiver, Given given, Context /*context*/) {
  given.limit(1);
  return matches_any(given.require(0, "prefix"), [&](const std::string& prefix) {
    return receiver.text().starts_with(prefix);
  });
}

Value method_endswith(Input receiver, Given given, Context /*context*/) {
  given.limit(1);
  return matches_any(given.require(0, "suffix"),
                     [&](const std::string& suffix) { return receiver.text().ends_with(suffix); });
}

Value method_removeprefix(Input receiver, Given given, Context context) {
  const std::string& prefix = require_text(given.require(0, "prefix"));
  const std::string& text = receiver.text();
  return text_of(text.starts_with(prefix) ? text.substr(prefix.size()) : text, context);
}

Value method_removesuffix(Input receiver, Given given, Context context) {
  const std::string& suffix = require_text(given.require(0, "suffix"));
  const std::string& text = receiver.text();
  return text_of(text.ends_with(suffix) ? text.substr(0, text.size() - suffix.size()) : text,
                 context);
}

Value method_replace(Input receiver, Given given, Context context) {
  given.limit(3);
  return apply_filter("replace", receiver, given, context);
}

Value method_find(Input receiver, Given given, Context /*context*/) {
  given.limit(1);
  const auto at = receiver.text().find(require_text(given.require(0, "sub")));
  if (at == std::string::npos) return Value::integer(-1);
  return Value::integer(static_cast<std::int64_t>(utf8::length(receiver.text().substr(0, at))));
}

Value method_rfind(Input receiver, Given given, Context /*context*/) {
  given.limit(1);
  const auto at = receiver.text().rfind(require_text(given.require(0, "sub")));
  if (at == std::string::npos) return Value::integer(-1);
  return Value::integer(static_cast<std::int64_t>(utf8::length(receiver.text().substr(0, at))));
}

Value method_index(Input receiver, Given given, Context context) {
  const Value found = method_find(receiver, given, context);
  if (found.as_integer() < 0) throw Failure("substring not found");
  return found;
}

Value method_count(Input receiver, Given given, Context context) {
  given.limit(1);
  const std::string& part = require_text(given.require(0, "sub"));
  if (part.empty()) return Value::integer(length_of(receiver) + 1);
  context.budget.work(receiver.text().size());
  std::int64_t count = 0;
  for (auto at = receiver.text().find(part); at != std::string::npos;
       at = receiver.text().find(part, at + part.size())) {
    ++count;
  }
  return Value::integer(count);
}

Value method_join(Input receiver, Given given, Context context) {
  given.limit(1);
  const Value& items = given.require(0, "iterable");
  require_defined(items);
  for (const Value& item : iterate(items, context.budget)) require_text(item);
  return apply_filter("join", items, {{receiver}, {}}, context);
}

/// Whether there is a character and all of them are in general categories first to last.
template <int kFirst, int kLast>
Value method_all_in(Input receiver, Given given, Context /*context*/) {
  given.limit(0);
  const std::u32string points = utf8::to_code_points(receiver.text());
  return Value::boolean(!points.empty() &&
                        std::all_of(points.begin(), points.end(), [](char32_t c) {
                          const int category = utf8proc_category(static_cast<utf8proc_int32_t>(c));
                          return category >= kFirst && category <= kLast;
                        }));
}

Value method_isalnum(Input receiver, Given given, Context /*context*/) {
  given.limit(0);
  const std::u32string points = utf8::to_code_points(receiver.text());
  return Value::boolean(
      !points.empty() && std::all_of(points.begin(), points.end(), [](char32_t c) {
        const int category = utf8proc_category(static_cast<utf8proc_int32_t>(c));
        const bool letter = category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO;
        return letter || (category >= UTF8PROC_CATEGORY_ND && category <= UTF8PROC_CATEGORY_NO);
      }));
}

Value method_isspace(Input receiver, Given given, Context /*context*/) {
  given.limit(0);
  const std::u32string points = utf8::to_code_points(receiver.text());
  return Value::boolean(!points.empty() &&
                        std::all_of(points.begin(), points.end(), utf8::is_space));
}

Value method_islower(Input receiver, Given given, Context context) {
  return Value::boolean(apply_test("lower", receiver, given, context));
}

Value method_isupper(Input receiver, Given given, Context context) {
  return Value::boolean(apply_test("upper", receiver, given, context));
}

enum class Pad { Left, Right, Center };

template <Pad kPad>
Value method_pad(Input receiver, Given given, Context context) {
  given.limit(2);
  const std::int64_t width = require_integer(given.require(0, "width"));
  const std::string fill = given.text_or(1, "fillchar", " ");
  const std::int64_t missing = width - length_of(receiver);
  if (missing <= 0) return receiver;
  if (missing > static_cast<std::int64_t>(kMaxOutputBytes)) throw Failure("output over 1 MiB");
  const std::int64_t left = kPad == Pad::Left     ? missing
                            : kPad == Pad::Center ? missing / 2 + (missing & width & 1)
                                                  : 0;
  std::string text;
  for (std::int64_t i = 0; i < left; ++i) text += fill;
  text += receiver.text();
  for (std::int64_t i = left; i < missing; ++i) text += fill;
  return text_of(std::move(text), context);
}

struct Entry {
  std::string_view name;
  MethodFunction function;
};

constexpr std::array kMethods = {
    Entry{"capitalize", method_convert<capitalize>},
    Entry{"center", method_pad<Pad::Center>},
    Entry{"count", method_count},
    Entry{"endswith", method_endswith},
    Entry{"find", method_find},
    Entry{"index", method_index},
    Entry{"isalnum", method_isalnum},
    Entry{"isalpha", method_all_in<UTF8PROC_CATEGORY_LU, UTF8PROC_CATEGORY_LO>},
    Entry{"isdigit", method_all_in<UTF8PROC_CATEGORY_ND, UTF8PROC_CATEGORY_ND>},
    Entry{"isnumeric", method_all_in<UTF8PROC_CATEGORY_ND, UTF8PROC_CATEGORY_NO>},
    Entry{"islower", method_islower},
    Entry{"isspace", method_isspace},
    Entry{"isupper", method_isupper},
    Entry{"join", method_join},
    Entry{"ljust", method_pad<Pad::Right>},
    Entry{"lower", method_convert<lower>},
    Entry{"lstrip", method_strip<Side::Left>},
    Entry{"partition", method_partition},
    Entry{"removeprefix", method_removeprefix},
    Entry{"removesuffix", method_removesuffix},
    Entry{"replace", method_replace},
    Entry{"rfind", method_rfind},
    Entry{"rjust", method_pad<Pad::Left>},
    Entry{"rpartition", method_rpartition},
    Entry{"rsplit", method_rsplit},
    Entry{"rstrip", method_strip<Side::Right>},
    Entry{"split", method_split},
    Entry{"splitlines", method_splitlines},
    Entry{"startswith", method_startswith},
    Entry{"strip", method_strip<Side::Both>},
    Entry{"title", method_convert<title>},
    Entry{"upper", method_convert<upper>},
};

}  // namespace

MethodFunction find_string_method(std::string_view name) {
  const auto* found = std::find_if(kMethods.begin(), kMethods.end(),
                                   [&](const Entry& entry) { return entry.name == name; });
  return found == kMethods.end() ? nullptr : found->function;
}

}  // namespace salient::jinja
