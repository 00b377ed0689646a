// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "engine/tokenizer/template_builtins.h"
#include "engine/tokenizer/template_operators.h"
#include "engine/tokenizer/template_text_operations.h"

namespace salient::jinja {
namespace {

using TestFunction = bool (*)(const Value& input, const Arguments& arguments, CallContext& context);

/// A test that looks only at the type.
template <Type... kTypes>
bool is_type(const Value& input, const Arguments& arguments, CallContext& /*context*/) {
  arguments.limit(0);
  return (input.is(kTypes) || ...);
}

template <Relation kRelation>
bool relates(const Value& input, const Arguments& arguments, CallContext& context) {
  return holds(kRelation, input, arguments.require(0, "other"), context.budget);
}

template <bool kExpected>
bool is_boolean(const Value& input, const Arguments& /*arguments*/, CallContext& /*context*/) {
  return input.is(Type::Boolean) && input.as_boolean() == kExpected;
}

bool is_defined(const Value& input, const Arguments& /*arguments*/, CallContext& /*context*/) {
  return !input.is(Type::Undefined);
}

bool is_sequence(const Value& input, const Arguments& /*arguments*/, CallContext& /*context*/) {
  const bool generator = input.is(Type::List) && input.list_kind() == ListKind::Generator;
  return (input.is(Type::List) && !generator) || input.is(Type::String) || input.is(Type::Map) ||
         input.is(Type::Undefined);
}

bool is_divisible(const Value& input, const Arguments& arguments, CallContext& context) {
  const Value& divisor = arguments.require(0, "num");
  const Value rest = apply_operator(BinaryOperator::Modulo, input, divisor, context.budget);
  return equal(rest, Value::integer(0));
}

template <int kRest>
bool has_parity(const Value& input, const Arguments& /*arguments*/, CallContext& context) {
  const Value rest =
      apply_operator(BinaryOperator::Modulo, input, Value::integer(2), context.budget);
  return equal(rest, Value::integer(kRest));
}

bool is_same(const Value& input, const Arguments& arguments, CallContext& /*context*/) {
  const Value& other = arguments.require(0, "other");
  return input.type() == other.type() && equal(input, other);
}

bool is_lower(const Value& input, const Arguments& /*arguments*/, CallContext& /*context*/) {
  const std::string& text = require_text(input);
  return lower(text) == text && upper(text) != text;
}

bool is_upper(const Value& input, const Arguments& /*arguments*/, CallContext& /*context*/) {
  const std::string& text = require_text(input);
  return upper(text) == text && lower(text) != text;
}

bool is_filter(const Value& input, const Arguments& /*arguments*/, CallContext& /*context*/) {
  const std::string& name = require_text(input);
  return find_text_filter(name) != nullptr || find_list_filter(name) != nullptr;
}

struct Entry {
  std::string_view name;
  TestFunction function;
};

constexpr auto kIterable = is_type<Type::Undefined, Type::String, Type::List, Type::Map>;

constexpr std::array<Entry, 37> kTests = {{
    {"!=", relates<Relation::NotEqual>},
    {"<", relates<Relation::Less>},
    {"<=", relates<Relation::LessOrEqual>},
    {"==", relates<Relation::Equal>},
    {">", relates<Relation::Greater>},
    {">=", relates<Relation::GreaterOrEqual>},
    {"boolean", is_type<Type::Boolean>},
    {"callable", is_type<Type::Callable>},
    {"defined", is_defined},
    {"divisibleby", is_divisible},
    {"eq", relates<Relation::Equal>},
    {"equalto", relates<Relation::Equal>},
    {"even", has_parity<0>},
    {"false", is_boolean<false>},
    {"filter", is_filter},
    {"float", is_type<Type::Float>},
    {"ge", relates<Relation::GreaterOrEqual>},
    {"greaterthan", relates<Relation::Greater>},
    {"gt", relates<Relation::Greater>},
    {"in", relates<Relation::In>},
    {"integer", is_type<Type::Integer>},
    {"iterable", kIterable},
    {"le", relates<Relation::LessOrEqual>},
    {"lessthan", relates<Relation::Less>},
    {"lower", is_lower},
    {"lt", relates<Relation::Less>},
    {"mapping", is_type<Type::Map>},
    {"ne", relates<Relation::NotEqual>},
    {"none", is_type<Type::None>},
    {"number", is_type<Type::Boolean, Type::Integer, Type::Float>},
    {"odd", has_parity<1>},
    {"sameas", is_same},
    {"sequence", is_sequence},
    {"string", is_type<Type::String>},
    {"true", is_boolean<true>},
    {"undefined", is_type<Type::Undefined>},
    {"upper", is_upper},
}};

}  // namespace

bool apply_test(const std::string& name, const Value& input, const Arguments& arguments,
                CallContext& context) {
  context.budget.step();
  const auto* found = std::find_if(kTests.begin(), kTests.end(),
                                   [&](const Entry& entry) { return entry.name == name; });
  if (found == kTests.end()) throw Failure("No test named '" + name + "' found.");
  return found->function(input, arguments, context);
}

}  // namespace salient::jinja
