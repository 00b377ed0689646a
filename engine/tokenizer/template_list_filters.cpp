// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <charconv>

#include "engine/tokenizer/template_builtins.h"
#include "engine/tokenizer/template_lookup.h"
#include "engine/tokenizer/template_operators.h"
#include "engine/tokenizer/template_text.h"
#include "engine/tokenizer/template_text_operations.h"

namespace salient::jinja {
namespace {

using Input = const Value&;
using Given = const Arguments&;
using Context = CallContext&;

Value generator(Values items) {
  return Value::list(std::move(items), ListKind::Generator);
}

/// A part of a path: digits are an index.
Value path_key(const std::string& part) {
  std::int64_t index = 0;
  const char* end = part.data() + part.size();
  const auto result = std::from_chars(part.data(), end, index);
  const bool number = result.ec == std::errc() && result.ptr == end && index >= 0;
  return number ? Value::integer(index) : Value::string(part);
}

/// What `attribute="a.b"` means: lookups one after the other, numbers as indices.
Value dotted_item(const Value& item, const Value& path, Context context) {
  if (!path.is(Type::String)) return item_of(item, path, context.budget);
  Value current = item;
  for (const std::string& part : split(path.text(), ".", -1)) {
    current = item_of(current, path_key(part), context.budget);
  }
  return current;
}

/// The value that sorting compares: an attribute if one is named, folded to lower case by default.
Value sort_key(const Value& item, const Value* attribute, bool case_sensitive, Context context) {
  const bool whole = attribute == nullptr || attribute->is(Type::None);
  const Value key = whole ? item : dotted_item(item, *attribute, context);
  if (case_sensitive || !key.is(Type::String)) return key;
  return Value::string(lower(key.text()));
}

Values sorted(Values items, const Value* attribute, bool case_sensitive, bool reverse,
              Context context) {
  std::vector<std::pair<Value, Value>> keyed;
  for (Value& item : items) {
    Value key = sort_key(item, attribute, case_sensitive, context);
    keyed.emplace_back(std::move(key), std::move(item));
  }
  std::stable_sort(keyed.begin(), keyed.end(), [&](const auto& left, const auto& right) {
    context.budget.step();
    return reverse ? less(right.first, left.first) : less(left.first, right.first);
  });
  items.clear();
  for (auto& [key, item] : keyed) items.push_back(std::move(item));
  return items;
}

Value filter_sort(Input input, Given given, Context context) {
  const bool reverse = given.flag_or(0, "reverse", false);
  const bool case_sensitive = given.flag_or(1, "case_sensitive", false);
  return Value::list(sorted(iterate(input, context.budget), given.get(2, "attribute"),
                            case_sensitive, reverse, context));
}

Values pairs_of(const Value& map, Context context) {
  context.budget.produce(map.entries().size() * 4 * sizeof(Value));
  Values pairs;
  for (const auto& [key, value] : map.entries()) {
    pairs.push_back(Value::list({key, value}, ListKind::Tuple));
  }
  return pairs;
}

Value filter_items(Input input, Given given, Context context) {
  given.limit(0);
  if (input.is(Type::Undefined)) return generator({});
  if (!input.is(Type::Map)) throw Failure("Can only get item pairs from a mapping.");
  return generator(pairs_of(input, context));
}

Value filter_dictsort(Input input, Given given, Context context) {
  require_defined(input);
  if (!input.is(Type::Map))
    throw Failure("'" + type_name(input) + "' object has no attribute 'items'");
  const bool case_sensitive = given.flag_or(0, "case_sensitive", false);
  const Value position = Value::integer(given.text_or(1, "by", "key") == "value" ? 1 : 0);
  return Value::list(sorted(pairs_of(input, context), &position, case_sensitive,
                            given.flag_or(2, "reverse", false), context));
}

Value filter_unique(Input input, Given given, Context context) {
  const bool case_sensitive = given.flag_or(0, "case_sensitive", false);
  const Value* attribute = given.get(1, "attribute");
  Values keys;
  Values kept;
  for (const Value& item : iterate(input, context.budget)) {
    const Value key = sort_key(item, attribute, case_sensitive, context);
    context.budget.work(keys.size());
    const bool seen = std::any_of(keys.begin(), keys.end(),
                                  [&](const Value& other) { return equal(key, other); });
    if (seen) continue;
    keys.push_back(key);
    kept.push_back(item);
  }
  return generator(std::move(kept));
}

Value filter_list(Input input, Given given, Context context) {
  given.limit(0);
  return Value::list(iterate(input, context.budget));
}

Value filter_length(Input input, Given given, Context /*context*/) {
  given.limit(0);
  return Value::integer(length_of(input));
}

Value filter_first(Input input, Given given, Context context) {
  given.limit(0);
  const Values items = iterate(input, context.budget);
  return items.empty() ? Value::undefined("No first item, sequence was empty.") : items.front();
}

Value filter_last(Input input, Given given, Context context) {
  given.limit(0);
  const Values items = iterate(input, context.budget);
  return items.empty() ? Value::undefined("No last item, sequence was empty.") : items.back();
}

Value filter_reverse(Input input, Given given, Context context) {
  given.limit(0);
  Values items = iterate(input, context.budget);
  std::reverse(items.begin(), items.end());
  if (!input.is(Type::String)) return generator(std::move(items));
  std::string text;
  for (const Value& item : items) text += item.text();
  return Value::string(std::move(text));
}

Value filter_join(Input input, Given given, Context context) {
  given.limit(2);
  const std::string separator = given.text_or(0, "d", "");
  const Value* attribute = given.get(1, "attribute");
  std::string text;
  bool first = true;
  for (const Value& item : iterate(input, context.budget)) {
    context.budget.step();
    if (!std::exchange(first, false)) text += separator;
    text += to_text(attribute != nullptr ? dotted_item(item, *attribute, context) : item,
                    context.budget);
    if (text.size() > kMaxOutputBytes) throw Failure("output over 1 MiB");
  }
  return Value::string(std::move(text));
}

Value filter_sum(Input input, Given given, Context context) {
  const Value* attribute = given.get(0, "attribute");
  const Value* start = given.get(1, "start");
  Value total = start != nullptr ? *start : Value::integer(0);
  for (const Value& item : iterate(input, context.budget)) {
    const Value term = attribute != nullptr && !attribute->is(Type::None)
                           ? dotted_item(item, *attribute, context)
                           : item;
    total = apply_operator(BinaryOperator::Add, total, term, context.budget);
  }
  return total;
}

Value extreme(Input input, Given given, Context context, bool largest) {
  const Values items = sorted(iterate(input, context.budget), given.get(1, "attribute"),
                              given.flag_or(0, "case_sensitive", false), largest, context);
  return items.empty() ? Value::undefined("No aggregated item, sequence was empty.")
                       : items.front();
}

Value filter_min(Input input, Given given, Context context) {
  return extreme(input, given, context, false);
}

Value filter_max(Input input, Given given, Context context) {
  return extreme(input, given, context, true);
}

Value filter_map(Input input, Given given, Context context) {
  const Value* attribute = given.get(given.positional.size(), "attribute");
  const Value* otherwise = given.get(given.positional.size(), "default");
  Values mapped;
  if (!is_true(input)) return generator({});
  for (const Value& item : iterate(input, context.budget)) {
    context.budget.step();
    if (attribute != nullptr) {
      Value found = dotted_item(item, *attribute, context);
      const bool replaces = found.is(Type::Undefined) && otherwise != nullptr;
      mapped.push_back(replaces ? *otherwise : std::move(found));
    } else {
      const std::string& name = require_text(given.require(0, "name"));
      mapped.push_back(apply_filter(name, item, given.without_first(1), context));
    }
  }
  return generator(std::move(mapped));
}

enum class Keep { Matching, Others };

Values select_if(Input input, Given given, Context context, bool by_attribute, Keep keep) {
  const std::size_t skipped = by_attribute ? 1 : 0;
  const Value* test = given.get(skipped, "test");
  const Arguments rest = given.without_first(skipped + 1);
  Values kept;
  if (!is_true(input)) return kept;
  for (const Value& item : iterate(input, context.budget)) {
    context.budget.step();
    const Value subject =
        by_attribute ? dotted_item(item, given.require(0, "attribute"), context) : item;
    const bool matches = test != nullptr ? apply_test(require_text(*test), subject, rest, context)
                                         : is_true(subject);
    if (matches == (keep == Keep::Matching)) kept.push_back(item);
  }
  return kept;
}

Value filter_select(Input input, Given given, Context context) {
  return generator(select_if(input, given, context, false, Keep::Matching));
}
Value filter_reject(Input input, Given given, Context context) {
  return generator(select_if(input, given, context, false, Keep::Others));
}
Value filter_selectattr(Input input, Given given, Context context) {
  return generator(select_if(input, given, context, true, Keep::Matching));
}
Value filter_rejectattr(Input input, Given given, Context context) {
  return generator(select_if(input, given, context, true, Keep::Others));
}

Value filter_batch(Input input, Given given, Context context) {
  const std::int64_t size = require_integer(given.require(0, "linecount"));
  if (size < 1) throw Failure("batch needs a size of at least 1");
  const Value* fill = given.get(1, "fill_with");
  Values batches;
  Values batch;
  for (const Value& item : iterate(input, context.budget)) {
    batch.push_back(item);
    if (static_cast<std::int64_t>(batch.size()) < size) continue;
    batches.push_back(Value::list(std::exchange(batch, {})));
  }
  if (!batch.empty()) {
    while (fill != nullptr && static_cast<std::int64_t>(batch.size()) < size) {
      context.budget.step();
      batch.push_back(*fill);
    }
    batches.push_back(Value::list(std::move(batch)));
  }
  return generator(std::move(batches));
}

struct Entry {
  std::string_view name;
  FilterFunction function;
};

constexpr std::array<Entry, 20> kFilters = {{
    {"batch", filter_batch},
    {"count", filter_length},
    {"dictsort", filter_dictsort},
    {"first", filter_first},
    {"items", filter_items},
    {"join", filter_join},
    {"last", filter_last},
    {"length", filter_length},
    {"list", filter_list},
    {"map", filter_map},
    {"max", filter_max},
    {"min", filter_min},
    {"reject", filter_reject},
    {"rejectattr", filter_rejectattr},
    {"reverse", filter_reverse},
    {"select", filter_select},
    {"selectattr", filter_selectattr},
    {"sort", filter_sort},
    {"sum", filter_sum},
    {"unique", filter_unique},
}};

}  // namespace

FilterFunction find_list_filter(std::string_view name) {
  const auto* found = std::find_if(kFilters.begin(), kFilters.end(),
                                   [&](const Entry& entry) { return entry.name == name; });
  return found == kFilters.end() ? nullptr : found->function;
}

Value apply_filter(const std::string& name, const Value& input, const Arguments& arguments,
                   CallContext& context) {
  context.budget.step();
  FilterFunction filter = find_text_filter(name);
  if (filter == nullptr) filter = find_list_filter(name);
  if (filter == nullptr) throw Failure("No filter named '" + name + "' found.");
  return filter(input, arguments, context);
}

}  // namespace salient::jinja
