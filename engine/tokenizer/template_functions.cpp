// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cstdio>

#include "engine/tokenizer/template_builtins.h"
#include "engine/tokenizer/template_text.h"

namespace salient::jinja {
namespace {

using Given = const Arguments&;
using Context = CallContext&;
using Function = Value (*)(Given arguments, Context context);

constexpr std::array<std::string_view, 12> kMonths = {
    "January", "February", "March",     "April",   "May",      "June",
    "July",    "August",   "September", "October", "November", "December"};
constexpr std::array<std::string_view, 7> kDays = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                   "Thursday", "Friday", "Saturday"};

std::string digits(int number, int width, char fill = '0') {
  std::string text = std::to_string(number);
  const std::size_t wanted = static_cast<std::size_t>(width);
  return text.size() < wanted ? std::string(wanted - text.size(), fill) + text : text;
}

std::string_view name_of(int index, const auto& names) {
  return names.at(
      static_cast<std::size_t>(std::clamp(index, 0, static_cast<int>(names.size()) - 1)));
}

/// One conversion of strftime, in English whatever the locale; empty text for an unknown letter.
std::string time_field(char letter, const std::tm& now) {
  const int hour12 = now.tm_hour % 12 == 0 ? 12 : now.tm_hour % 12;
  switch (letter) {
    case 'Y':
      return std::to_string(now.tm_year + 1900);
    case 'y':
      return digits(now.tm_year % 100, 2);
    case 'm':
      return digits(now.tm_mon + 1, 2);
    case 'd':
      return digits(now.tm_mday, 2);
    case 'e':
      return digits(now.tm_mday, 2, ' ');
    case 'H':
      return digits(now.tm_hour, 2);
    case 'I':
      return digits(hour12, 2);
    case 'M':
      return digits(now.tm_min, 2);
    case 'S':
      return digits(now.tm_sec, 2);
    case 'j':
      return digits(now.tm_yday + 1, 3);
    case 'p':
      return now.tm_hour < 12 ? "AM" : "PM";
    case 'B':
      return std::string(name_of(now.tm_mon, kMonths));
    case 'b':
    case 'h':
      return std::string(name_of(now.tm_mon, kMonths).substr(0, 3));
    case 'A':
      return std::string(name_of(now.tm_wday, kDays));
    case 'a':
      return std::string(name_of(now.tm_wday, kDays).substr(0, 3));
    case 'F':
      return time_field('Y', now) + "-" + time_field('m', now) + "-" + time_field('d', now);
    case 'T':
      return time_field('H', now) + ":" + time_field('M', now) + ":" + time_field('S', now);
    case '%':
      return "%";
    default:
      return {};
  }
}

std::string format_time(std::string_view format, const std::tm& now) {
  std::string text;
  for (std::size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%' || i + 1 == format.size()) {
      text += format[i];
      continue;
    }
    const bool bare = format[i + 1] == '-' && i + 2 < format.size();
    i += bare ? 2 : 1;
    std::string field = time_field(format[i], now);
    if (field.empty()) field = std::string{'%', format[i]};
    if (bare && field.size() > 1 && (field[0] == '0' || field[0] == ' ')) field.erase(0, 1);
    text += field;
  }
  return text;
}

Value function_strftime_now(Given given, Context context) {
  given.limit(1);
  const std::string& format = require_text(given.require(0, "format"));
  if (format.size() > 1024) throw Failure("a time format of more than 1024 characters");
  std::string text = format_time(format, context.now);
  context.budget.produce_text(text.size());
  return Value::string(std::move(text));
}

Value function_raise_exception(Given given, Context context) {
  throw RaisedByTemplate(to_text(given.require(0, "message"), context.budget));
}

Value function_range(Given given, Context context) {
  given.limit(3);
  const bool one = given.positional.size() == 1;
  const std::int64_t start = one ? 0 : require_integer(given.require(0, "start"));
  const std::int64_t stop = require_integer(given.require(one ? 0 : 1, "stop"));
  const std::int64_t step = given.integer_or(2, "step", 1);
  if (step == 0) throw Failure("range() arg 3 must not be zero");
  Values items;
  for (std::int64_t i = start; step > 0 ? i < stop : i > stop;) {
    context.budget.step();
    context.budget.produce(sizeof(Value));
    items.push_back(Value::integer(i));
    if (__builtin_add_overflow(i, step, &i)) break;
  }
  return Value::list(std::move(items));
}

/// dict(map, key=value) and namespace(map, key=value).
Entries entries_of(Given given) {
  if (given.positional.size() > 1) throw Failure("at most one map can be given");
  Entries entries;
  if (!given.positional.empty()) {
    const Value& map = given.positional.front();
    if (!map.is(Type::Map)) throw Failure("'" + type_name(map) + "' is not a dict");
    entries = map.entries();
  }
  for (const auto& [name, value] : given.keywords) {
    const auto found =
        std::find_if(entries.begin(), entries.end(), [&key = name](const auto& entry) {
          return entry.first.is(Type::String) && entry.first.text() == key;
        });
    if (found != entries.end()) {
      found->second = value;
    } else {
      entries.emplace_back(Value::string(name), value);
    }
  }
  return entries;
}

Value function_dict(Given given, Context /*context*/) {
  return Value::map(entries_of(given));
}

Value function_namespace(Given given, Context /*context*/) {
  return Value::new_namespace(entries_of(given));
}

struct Entry {
  std::string_view name;
  Function function;
};

constexpr std::array<Entry, 5> kFunctions = {{
    {"dict", function_dict},
    {"namespace", function_namespace},
    {"raise_exception", function_raise_exception},
    {"range", function_range},
    {"strftime_now", function_strftime_now},
}};

const Entry* find_function(std::string_view name) {
  const auto* found = std::find_if(kFunctions.begin(), kFunctions.end(),
                                   [&](const Entry& entry) { return entry.name == name; });
  return found == kFunctions.end() ? nullptr : found;
}

}  // namespace

bool has_function(std::string_view name) {
  return find_function(name) != nullptr;
}

Value call_function(const std::string& name, const Arguments& arguments, CallContext& context) {
  context.budget.step();
  const Entry* entry = find_function(name);
  if (entry == nullptr) throw Failure("'" + name + "' is undefined");
  return entry->function(arguments, context);
}

}  // namespace salient::jinja
