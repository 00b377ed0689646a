// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "engine/tokenizer/template_builtins.h"

namespace salient::jinja {
namespace {

using Input = const Value&;
using Given = const Arguments&;
using Context = CallContext&;

Value method_list_index(Input receiver, Given given, Context context) {
  const Value& item = given.require(0, "value");
  context.budget.work(receiver.nesting().nodes);
  const Values& items = receiver.items();
  const auto found = std::find_if(items.begin(), items.end(),
                                  [&](const Value& other) { return equal(item, other); });
  if (found == items.end()) throw Failure("the value is not in the list");
  return Value::integer(found - items.begin());
}

Value method_list_count(Input receiver, Given given, Context context) {
  const Value& item = given.require(0, "value");
  context.budget.work(receiver.nesting().nodes);
  const Values& items = receiver.items();
  return Value::integer(std::count_if(items.begin(), items.end(),
                                      [&](const Value& other) { return equal(item, other); }));
}

Value method_get(Input receiver, Given given, Context context) {
  given.limit(2);
  context.budget.work(receiver.entries().size());
  const Value* found = find(receiver.entries(), given.require(0, "key"));
  if (found != nullptr) return *found;
  const Value* otherwise = given.get(1, "default");
  return otherwise != nullptr ? *otherwise : Value();
}

Value method_items(Input receiver, Given given, Context context) {
  const Value pairs = apply_filter("items", receiver, given, context);
  return Value::list(pairs.items());
}

Value method_keys(Input receiver, Given given, Context context) {
  given.limit(0);
  return Value::list(iterate(receiver, context.budget));
}

Value method_values(Input receiver, Given given, Context context) {
  given.limit(0);
  context.budget.produce(receiver.entries().size() * sizeof(Value));
  Values values;
  for (const auto& [key, value] : receiver.entries()) values.push_back(value);
  return Value::list(std::move(values));
}

Value method_copy(Input receiver, Given given, Context /*context*/) {
  given.limit(0);
  return receiver;
}

Value method_cycle(Input receiver, Given given, Context /*context*/) {
  if (given.positional.empty()) throw Failure("no items for cycling given");
  return given.positional[receiver.as_loop().index % given.positional.size()];
}

/// Exists in Python; the sandbox that transformers uses refuses it, because it changes its value.
Value method_refused(Input /*receiver*/, Given /*arguments*/, Context /*context*/) {
  throw Failure("the method is unsafe");
}

struct Entry {
  Type type;
  std::string_view name;
  MethodFunction function;
};

constexpr std::array kMethods = {
    Entry{Type::List, "append", method_refused},   Entry{Type::List, "clear", method_refused},
    Entry{Type::List, "count", method_list_count}, Entry{Type::List, "extend", method_refused},
    Entry{Type::List, "index", method_list_index}, Entry{Type::List, "insert", method_refused},
    Entry{Type::List, "pop", method_refused},      Entry{Type::List, "remove", method_refused},
    Entry{Type::List, "reverse", method_refused},  Entry{Type::List, "sort", method_refused},
    Entry{Type::Map, "clear", method_refused},     Entry{Type::Map, "copy", method_copy},
    Entry{Type::Map, "get", method_get},           Entry{Type::Map, "items", method_items},
    Entry{Type::Map, "keys", method_keys},         Entry{Type::Map, "pop", method_refused},
    Entry{Type::Map, "popitem", method_refused},   Entry{Type::Map, "setdefault", method_refused},
    Entry{Type::Map, "update", method_refused},    Entry{Type::Map, "values", method_values},
    Entry{Type::Loop, "cycle", method_cycle},
};

MethodFunction find_method(const Value& receiver, std::string_view name) {
  if (receiver.is(Type::String)) return find_string_method(name);
  const auto* found = std::find_if(kMethods.begin(), kMethods.end(), [&](const Entry& entry) {
    return receiver.is(entry.type) && entry.name == name;
  });
  return found == kMethods.end() ? nullptr : found->function;
}

}  // namespace

bool has_method(const Value& receiver, std::string_view name) {
  return find_method(receiver, name) != nullptr;
}

Value call_method(const Value& receiver, const std::string& name, const Arguments& arguments,
                  CallContext& context) {
  context.budget.step();
  const MethodFunction method = find_method(receiver, name);
  if (method == nullptr) {
    throw Failure("'" + type_name(receiver) + " object' has no attribute '" + name + "'");
  }
  if (method == method_refused) {
    throw Failure("access to attribute '" + name + "' of '" + type_name(receiver) +
                  "' object is unsafe.");
  }
  return method(receiver, arguments, context);
}

}  // namespace salient::jinja
