// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "engine/tokenizer/template_builtins.h"
#include "engine/tokenizer/template_operators.h"
#include "engine/tokenizer/template_text.h"
#include "engine/tokenizer/template_text_operations.h"

namespace salient::jinja {
namespace {

using Input = const Value&;
using Given = const Arguments&;
using Context = CallContext&;

Value text_of(std::string text, Context context) {
  context.budget.produce_text(text.size());
  return Value::string(std::move(text));
}

Value filter_string(Input input, Given given, Context context) {
  given.limit(0);
  return Value::string(to_text(input, context.budget));
}

Value filter_upper(Input input, Given given, Context context) {
  given.limit(0);
  return text_of(upper(to_text(input, context.budget)), context);
}

Value filter_lower(Input input, Given given, Context context) {
  given.limit(0);
  return text_of(lower(to_text(input, context.budget)), context);
}

Value filter_capitalize(Input input, Given given, Context context) {
  given.limit(0);
  return text_of(capitalize(to_text(input, context.budget)), context);
}

Value filter_title(Input input, Given given, Context context) {
  given.limit(0);
  return text_of(title(to_text(input, context.budget)), context);
}

Value filter_trim(Input input, Given given, Context context) {
  given.limit(1);
  const Value* characters = given.get(0, "chars");
  const std::string text = to_text(input, context.budget);
  if (characters == nullptr || characters->is(Type::None)) {
    return text_of(strip(text, Side::Both, std::nullopt), context);
  }
  return text_of(strip(text, Side::Both, require_text(*characters)), context);
}

Value filter_replace(Input input, Given given, Context context) {
  given.limit(3);
  const std::string text = to_text(input, context.budget);
  const std::string from = to_text(given.require(0, "old"), context.budget);
  const std::string to = to_text(given.require(1, "new"), context.budget);
  context.budget.produce_text((text.size() + 1) / std::max<std::size_t>(1, from.size()) +
                              text.size());
  std::string result = replace(text, from, to, given.integer_or(2, "count", -1));
  return text_of(std::move(result), context);
}

Value filter_indent(Input input, Given given, Context context) {
  given.limit(3);
  const Value* width = given.get(0, "width");
  std::string margin(4, ' ');
  if (width != nullptr && width->is(Type::String)) {
    margin = width->text();
  } else if (width != nullptr) {
    const std::int64_t spaces = require_integer(*width);
    margin.assign(static_cast<std::size_t>(std::clamp<std::int64_t>(spaces, 0, 1024)), ' ');
  }
  const bool first = given.flag_or(1, "first", false);
  const bool blank = given.flag_or(2, "blank", false);
  const std::string text = to_text(input, context.budget);
  std::string result;
  bool at_first = true;
  for (const std::string& line : split(text, "\n", -1)) {
    if (!at_first) result += '\n';
    if ((at_first && first) || (!at_first && (blank || !line.empty()))) result += margin;
    at_first = false;
    result += line;
    if (result.size() > kMaxOutputBytes) break;
  }
  return text_of(std::move(result), context);
}

Value filter_force_escape(Input input, Given given, Context context) {
  given.limit(0);
  std::string escaped = escape_html(to_text(input, context.budget));
  context.budget.produce_text(escaped.size());
  return Value::string(std::move(escaped), TextKind::Markup);
}

Value filter_escape(Input input, Given given, Context context) {
  const bool done = input.is(Type::String) && input.text_kind() == TextKind::Markup;
  return done ? input : filter_force_escape(input, given, context);
}

Value filter_wordcount(Input input, Given given, Context context) {
  given.limit(0);
  const auto words = split(to_text(input, context.budget), std::nullopt, -1);
  return Value::integer(static_cast<std::int64_t>(words.size()));
}

Value filter_tojson(Input input, Given given, Context context) {
  JsonStyle style;
  if (given.flag_or(0, "ensure_ascii", false)) style.characters = JsonCharacters::EscapeNonAscii;
  style.indent =
      static_cast<int>(std::clamp<std::int64_t>(given.integer_or(1, "indent", -1), -1, 64));
  if (style.indent >= 0) style.item_separator = ",";
  const Value* separators = given.get(2, "separators");
  if (separators != nullptr && separators->is(Type::List) && separators->items().size() == 2) {
    style.item_separator = require_text(separators->items()[0]);
    style.key_separator = require_text(separators->items()[1]);
  }
  if (given.flag_or(3, "sort_keys", false)) style.keys = JsonKeys::Sort;
  return Value::string(to_json(input, style, context.budget));
}

template <typename Number>
std::optional<Number> parse_number(const std::string& source) {
  const std::string text = strip(source, Side::Both, std::nullopt);
  const char* begin = text.data() + (text.starts_with('+') ? 1 : 0);
  Number number{};
  const auto [end, error] = std::from_chars(begin, text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

Value filter_int(Input input, Given given, Context /*context*/) {
  require_defined(input);
  const Value otherwise = Value::integer(given.integer_or(0, "default", 0));
  double number = 0;
  if (input.is_integral()) return Value::integer(input.as_integer());
  if (input.is(Type::String)) {
    if (const auto integer = parse_number<std::int64_t>(input.text()))
      return Value::integer(*integer);
    const auto parsed = parse_number<double>(input.text());
    if (!parsed) return otherwise;
    number = *parsed;
  } else if (input.is(Type::Float)) {
    number = input.as_double();
  } else {
    return otherwise;
  }
  if (!(std::abs(number) < 9.2e18)) return otherwise;
  return Value::integer(static_cast<std::int64_t>(number));
}

Value filter_float(Input input, Given given, Context /*context*/) {
  require_defined(input);
  if (input.is_number()) return Value::number(input.as_double());
  const auto parsed = input.is(Type::String) ? parse_number<double>(input.text()) : std::nullopt;
  if (parsed) return Value::number(*parsed);
  const Value* otherwise = given.get(0, "default");
  return otherwise != nullptr ? *otherwise : Value::number(0.0);
}

Value filter_abs(Input input, Given given, Context /*context*/) {
  given.limit(0);
  if (!input.is_number()) throw Failure("bad operand type for abs(): '" + type_name(input) + "'");
  if (input.is(Type::Float)) return Value::number(std::abs(input.as_double()));
  return input.as_integer() < 0 ? apply_operator(UnaryOperator::Negate, input)
                                : Value::integer(input.as_integer());
}

Value filter_round(Input input, Given given, Context /*context*/) {
  if (!input.is_number()) throw Failure("type " + type_name(input) + " doesn't define round");
  const std::int64_t digits = std::clamp<std::int64_t>(given.integer_or(0, "precision", 0), 0, 15);
  const std::string method = given.text_or(1, "method", "common");
  const double scale = std::pow(10.0, static_cast<double>(digits));
  const double scaled = input.as_double() * scale;
  const double rounded = method == "ceil"    ? std::ceil(scaled)
                         : method == "floor" ? std::floor(scaled)
                                             : std::nearbyint(scaled);
  return Value::number(rounded / scale);
}

Value filter_default(Input input, Given given, Context /*context*/) {
  given.limit(2);
  const Value* otherwise = given.get(0, "default_value");
  const bool replaces =
      input.is(Type::Undefined) || (given.flag_or(1, "boolean", false) && !is_true(input));
  if (!replaces) return input;
  return otherwise != nullptr ? *otherwise : Value::string("");
}

/// Output is never escaped here, but what is added to a safe text is.
Value filter_safe(Input input, Given given, Context context) {
  given.limit(0);
  return Value::string(to_text(input, context.budget), TextKind::Markup);
}

struct Entry {
  std::string_view name;
  FilterFunction function;
};

constexpr std::array<Entry, 20> kFilters = {{
    {"abs", filter_abs},       {"capitalize", filter_capitalize},
    {"d", filter_default},     {"default", filter_default},
    {"e", filter_escape},      {"escape", filter_escape},
    {"float", filter_float},   {"forceescape", filter_force_escape},
    {"indent", filter_indent}, {"int", filter_int},
    {"lower", filter_lower},   {"replace", filter_replace},
    {"round", filter_round},   {"safe", filter_safe},
    {"string", filter_string}, {"title", filter_title},
    {"tojson", filter_tojson}, {"trim", filter_trim},
    {"upper", filter_upper},   {"wordcount", filter_wordcount},
}};

}  // namespace

FilterFunction find_text_filter(std::string_view name) {
  const auto* found = std::find_if(kFilters.begin(), kFilters.end(),
                                   [&](const Entry& entry) { return entry.name == name; });
  return found == kFilters.end() ? nullptr : found->function;
}

}  // namespace salient::jinja
