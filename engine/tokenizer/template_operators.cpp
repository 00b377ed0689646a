// SPDX-License-Identifier: Apache-2.0
#include "engine/tokenizer/template_operators.h"

#include <algorithm>
#include <cmath>

#include "engine/tokenizer/template_text_operations.h"

namespace salient::jinja {
namespace {

[[noreturn]] void refuse(std::string_view sign, const Value& left, const Value& right) {
  throw Failure("unsupported operand type(s) for " + std::string(sign) + ": '" + type_name(left) +
                "' and '" + type_name(right) + "'");
}

std::string_view sign_of(BinaryOperator operation) {
  switch (operation) {
    case BinaryOperator::Add:
      return "+";
    case BinaryOperator::Subtract:
      return "-";
    case BinaryOperator::Multiply:
      return "*";
    case BinaryOperator::Divide:
      return "/";
    case BinaryOperator::FloorDivide:
      return "//";
    case BinaryOperator::Modulo:
      return "%";
    default:
      return "**";
  }
}

[[noreturn]] void refuse_overflow() {
  throw Failure("a number does not fit into 64 bits");
}

Value negated(std::int64_t number) {
  if (number == INT64_MIN) refuse_overflow();
  return Value::integer(-number);
}

/// Python rounds the quotient down, C++ towards zero.
std::int64_t floor_quotient(std::int64_t left, std::int64_t right) {
  const std::int64_t quotient = left / right;
  return left % right != 0 && (left < 0) != (right < 0) ? quotient - 1 : quotient;
}

Value integer_power(std::int64_t base, std::int64_t exponent) {
  if (exponent < 0) return Value::number(std::pow(static_cast<double>(base), exponent));
  std::int64_t result = 1;
  for (std::int64_t i = 0; i < exponent && result != 0; ++i) {
    if (base == 1 || base == 0) return Value::integer(base);
    if (base == -1) return Value::integer(exponent % 2 == 0 ? 1 : -1);
    if (__builtin_mul_overflow(result, base, &result)) refuse_overflow();
  }
  return Value::integer(result);
}

Value integer_quotient(BinaryOperator operation, std::int64_t left, std::int64_t right) {
  if (right == 0) throw Failure("division by zero");
  if (operation == BinaryOperator::Divide) {
    return Value::number(static_cast<double>(left) / static_cast<double>(right));
  }
  if (right == -1) {
    return operation == BinaryOperator::Modulo ? Value::integer(0) : negated(left);
  }
  const std::int64_t quotient = floor_quotient(left, right);
  return Value::integer(operation == BinaryOperator::FloorDivide ? quotient
                                                                 : left - quotient * right);
}

Value integer_operator(BinaryOperator operation, std::int64_t left, std::int64_t right) {
  std::int64_t result = 0;
  bool overflow = false;
  switch (operation) {
    case BinaryOperator::Add:
      overflow = __builtin_add_overflow(left, right, &result);
      break;
    case BinaryOperator::Subtract:
      overflow = __builtin_sub_overflow(left, right, &result);
      break;
    case BinaryOperator::Multiply:
      overflow = __builtin_mul_overflow(left, right, &result);
      break;
    case BinaryOperator::Power:
      return integer_power(left, right);
    default:
      return integer_quotient(operation, left, right);
  }
  if (overflow) refuse_overflow();
  return Value::integer(result);
}

Value float_operator(BinaryOperator operation, double left, double right) {
  switch (operation) {
    case BinaryOperator::Add:
      return Value::number(left + right);
    case BinaryOperator::Subtract:
      return Value::number(left - right);
    case BinaryOperator::Multiply:
      return Value::number(left * right);
    case BinaryOperator::Power:
      return Value::number(std::pow(left, right));
    default:
      break;
  }
  if (right == 0.0) throw Failure("float division by zero");
  if (operation == BinaryOperator::Divide) return Value::number(left / right);
  const double quotient = std::floor(left / right);
  return Value::number(operation == BinaryOperator::FloorDivide ? quotient
                                                                : left - quotient * right);
}

Value repeat(const Value& value, std::int64_t times, Budget& budget) {
  const auto count = static_cast<std::size_t>(std::max<std::int64_t>(0, times));
  const bool is_text = value.is(Type::String);
  const std::size_t unit = is_text ? value.text().size() : value.items().size();
  if (unit != 0 && count > kMaxOutputBytes / unit) throw Failure("output over 1 MiB");
  budget.produce(unit * count * (is_text ? 1 : sizeof(Value)));
  if (is_text) {
    std::string text;
    text.reserve(unit * count);
    for (std::size_t i = 0; unit != 0 && i < count; ++i) text += value.text();
    return Value::string(std::move(text));
  }
  Values items;
  for (std::size_t i = 0; unit != 0 && i < count; ++i) {
    items.insert(items.end(), value.items().begin(), value.items().end());
  }
  return Value::list(std::move(items), value.list_kind());
}

Value as_markup(const Value& text) {
  if (text.text_kind() == TextKind::Markup) return text;
  return Value::string(escape_html(text.text()), TextKind::Markup);
}

Value add(const Value& left, const Value& right, Budget& budget) {
  if (left.is(Type::String) && right.is(Type::String)) {
    if (left.text_kind() != right.text_kind())
      return add(as_markup(left), as_markup(right), budget);
    budget.produce_text(left.text().size() + right.text().size());
    return Value::string(left.text() + right.text(), left.text_kind());
  }
  if (left.is(Type::List) && right.is(Type::List) && left.list_kind() == right.list_kind()) {
    budget.produce((left.items().size() + right.items().size()) * sizeof(Value));
    Values items = left.items();
    items.insert(items.end(), right.items().begin(), right.items().end());
    return Value::list(std::move(items), left.list_kind());
  }
  if (left.is(Type::String)) {
    throw Failure("can only concatenate str (not \"" + type_name(right) + "\") to str");
  }
  refuse("+", left, right);
}

/// Python asks the other operand the other way round.
bool greater(const Value& a, const Value& b) {
  return less(b, a);
}

}  // namespace

Value apply_operator(BinaryOperator operation, const Value& left, const Value& right,
                     Budget& budget) {
  require_defined(left);
  require_defined(right);
  if (left.is_integral() && right.is_integral()) {
    return integer_operator(operation, left.as_integer(), right.as_integer());
  }
  if (left.is_number() && right.is_number()) {
    return float_operator(operation, left.as_double(), right.as_double());
  }
  if (operation == BinaryOperator::Add) return add(left, right, budget);
  const auto is_sequence = [](const Value& v) { return v.is(Type::String) || v.is(Type::List); };
  if (operation == BinaryOperator::Multiply) {
    if (is_sequence(left) && right.is_integral()) return repeat(left, right.as_integer(), budget);
    if (is_sequence(right) && left.is_integral()) return repeat(right, left.as_integer(), budget);
  }
  refuse(sign_of(operation), left, right);
}

Value apply_operator(UnaryOperator operation, const Value& operand) {
  if (operation == UnaryOperator::Not) return Value::boolean(!is_true(operand));
  require_defined(operand);
  if (!operand.is_number())
    throw Failure("bad operand type for a sign: '" + type_name(operand) + "'");
  if (operation == UnaryOperator::Plus) return operand;
  if (operand.is(Type::Float)) return Value::number(-operand.as_double());
  return negated(operand.as_integer());
}

bool holds(Relation relation, const Value& left, const Value& right, Budget& budget) {
  budget.work(std::min(left.nesting().nodes, right.nesting().nodes));
  switch (relation) {
    case Relation::Equal:
      return equal(left, right);
    case Relation::NotEqual:
      return !equal(left, right);
    case Relation::Less:
      return less(left, right);
    case Relation::LessOrEqual:
      return less(left, right) || equal(left, right);
    case Relation::Greater:
      return greater(left, right);
    case Relation::GreaterOrEqual:
      return greater(left, right) || equal(left, right);
    case Relation::In:
      return contains(right, left, budget);
    case Relation::NotIn:
      return !contains(right, left, budget);
  }
  return false;
}

bool contains(const Value& container, const Value& item, Budget& budget) {
  budget.work(container.nesting().nodes);
  switch (container.type()) {
    case Type::Undefined:
      return false;
    case Type::String:
      require_defined(item);
      if (!item.is(Type::String)) {
        throw Failure("'in <string>' requires string as left operand, not " + type_name(item));
      }
      budget.work(container.text().size());
      return container.text().find(item.text()) != std::string::npos;
    case Type::List:
      return std::any_of(container.items().begin(), container.items().end(),
                         [&](const Value& candidate) { return equal(candidate, item); });
    case Type::Map:
      return find(container.entries(), item) != nullptr;
    default:
      throw Failure("argument of type '" + type_name(container) + "' is not iterable");
  }
}

}  // namespace salient::jinja
