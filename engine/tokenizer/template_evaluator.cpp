// SPDX-License-Identifier: Apache-2.0
#include "engine/tokenizer/template_evaluator.h"

#include <algorithm>

#include "engine/tokenizer/template_lookup.h"
#include "engine/tokenizer/template_operators.h"
#include "engine/tokenizer/template_text.h"

namespace salient::jinja {
namespace {

/// Expressions inside expressions, over all macros being called: bounds the stack (under 2 KiB
/// each).
constexpr int kMaxEvaluationDepth = 1500;

class DepthGuard {
 public:
  explicit DepthGuard(int& depth) : depth_(depth) {
    if (depth_ >= kMaxEvaluationDepth) throw Failure("expressions nested deeper than 1500");
    ++depth_;
  }
  ~DepthGuard() { --depth_; }
  DepthGuard(const DepthGuard&) = delete;
  DepthGuard& operator=(const DepthGuard&) = delete;

 private:
  int& depth_;
};

}  // namespace

void Scope::set(const std::string& name, Value value) {
  for (auto& [variable, current] : variables) {
    if (variable == name) {
      current = std::move(value);
      return;
    }
  }
  variables.emplace_back(name, std::move(value));
}

const Value* Scope::find(const std::string& name) const {
  for (const Scope* scope = this; scope != nullptr; scope = scope->parent) {
    for (const auto& [variable, value] : scope->variables) {
      if (variable == name) return &value;
    }
  }
  return nullptr;
}

Value Evaluator::evaluate(const Expression& expression) {
  const DepthGuard guard(evaluation_depth_);
  budget_.step();
  line_ = expression.line;
  return std::visit([this](const auto& node) { return visit(node); }, expression.node);
}

Value Evaluator::evaluate_optional(const ExpressionPtr& expression) {
  return expression == nullptr ? Value() : evaluate(*expression);
}

Value Evaluator::visit(const Constant& node) {
  return node.value;
}

Value Evaluator::visit(const Name& node) {
  if (const Value* variable = scope_->find(node.name)) return *variable;
  if (!has_function(node.name)) return Value::undefined("'" + node.name + "' is undefined");
  return Value::callable(std::make_shared<const Callable>(
      Callable{.name = node.name, .kind = Callable::Kind::Function}));
}

Value Evaluator::visit(const ListLiteral& node) {
  budget_.produce(node.items.size() * sizeof(Value));
  Values items;
  for (const ExpressionPtr& item : node.items) items.push_back(evaluate(*item));
  return Value::list(std::move(items), node.kind);
}

Value Evaluator::visit(const MapLiteral& node) {
  budget_.produce(node.entries.size() * 2 * sizeof(Value));
  Entries entries;
  for (const auto& [key_expression, value_expression] : node.entries) {
    Value key = evaluate(*key_expression);
    Value value = evaluate(*value_expression);
    budget_.work(entries.size());
    const auto same = std::find_if(entries.begin(), entries.end(),
                                   [&](const auto& entry) { return equal(entry.first, key); });
    if (same != entries.end()) {
      same->second = std::move(value);
    } else {
      entries.emplace_back(std::move(key), std::move(value));
    }
  }
  return Value::map(std::move(entries));
}

Value Evaluator::visit(const Unary& node) {
  return apply_operator(node.operation, evaluate(*node.operand));
}

Value Evaluator::visit(const Binary& node) {
  Value left = evaluate(*node.left);
  if (node.operation == BinaryOperator::And) return is_true(left) ? evaluate(*node.right) : left;
  if (node.operation == BinaryOperator::Or) return is_true(left) ? left : evaluate(*node.right);
  return apply_operator(node.operation, left, evaluate(*node.right), budget_);
}

Value Evaluator::visit(const Concatenation& node) {
  std::string text;
  for (const ExpressionPtr& part : node.parts) {
    text += to_text(evaluate(*part), budget_);
    budget_.produce_text(text.size());
  }
  return Value::string(std::move(text));
}

Value Evaluator::visit(const Comparison& node) {
  Value left = evaluate(*node.first);
  for (const auto& [relation, expression] : node.rest) {
    Value right = evaluate(*expression);
    if (!holds(relation, left, right, budget_)) return Value::boolean(false);
    left = std::move(right);
  }
  return Value::boolean(true);
}

Value Evaluator::visit(const Conditional& node) {
  if (is_true(evaluate(*node.condition))) return evaluate(*node.then);
  if (node.otherwise != nullptr) return evaluate(*node.otherwise);
  return Value::undefined("the inline if-expression evaluated to false and has no else");
}

Value Evaluator::visit(const Attribute& node) {
  const Value object = evaluate(*node.object);
  if (!has_method(object, node.name)) return attribute_of(object, node.name, budget_);
  return Value::callable(std::make_shared<const Callable>(
      Callable{.receiver = object, .name = node.name, .kind = Callable::Kind::Method}));
}

Value Evaluator::visit(const Subscript& node) {
  const Value object = evaluate(*node.object);
  const Value key = evaluate(*node.key);
  Value item = item_of(object, key, budget_);
  if (!item.is(Type::Undefined) || !key.is(Type::String) || !has_method(object, key.text())) {
    return item;
  }
  return Value::callable(std::make_shared<const Callable>(
      Callable{.receiver = object, .name = key.text(), .kind = Callable::Kind::Method}));
}

Value Evaluator::visit(const Slice& node) {
  const Value object = evaluate(*node.object);
  const Value start = evaluate_optional(node.start);
  const Value stop = evaluate_optional(node.stop);
  const Value step = evaluate_optional(node.step);
  return slice_of(object, &start, &stop, &step, budget_);
}

Value Evaluator::visit(const FilterCall& node) {
  const Value input = evaluate(*node.input);
  return apply_filter(node.name, input, evaluate(node.arguments), context_);
}

Value Evaluator::visit(const TestCall& node) {
  const Value input = evaluate(*node.input);
  const bool result = apply_test(node.name, input, evaluate(node.arguments), context_);
  return Value::boolean(result != node.negated);
}

Value Evaluator::visit(const Call& node) {
  // A method that is called at once needs no value of its own.
  if (const auto* attribute = std::get_if<Attribute>(&node.callee->node)) {
    const Value object = evaluate(*attribute->object);
    const Value callee = has_method(object, attribute->name)
                             ? Value()
                             : attribute_of(object, attribute->name, budget_);
    const Arguments arguments = evaluate(node.arguments);
    line_ = node.callee->line;
    return callee.is(Type::None) ? call_method(object, attribute->name, arguments, context_)
                                 : call(callee, arguments);
  }
  const Value callee = evaluate(*node.callee);
  require_defined(callee);
  const Arguments arguments = evaluate(node.arguments);
  line_ = node.callee->line;
  return call(callee, arguments);
}

Arguments Evaluator::evaluate(const ArgumentList& list) {
  Arguments arguments;
  for (const ExpressionPtr& expression : list.positional) {
    arguments.positional.push_back(evaluate(*expression));
  }
  for (const auto& [name, expression] : list.keywords) {
    arguments.keywords.emplace_back(name, evaluate(*expression));
  }
  return arguments;
}

Value Evaluator::call(const Value& callee, const Arguments& arguments) {
  require_defined(callee);
  if (!callee.is(Type::Callable))
    throw Failure("'" + type_name(callee) + "' object is not callable");
  const Callable& callable = *callee.as_callable();
  switch (callable.kind) {
    case Callable::Kind::Method:
      return call_method(callable.receiver, callable.name, arguments, context_);
    case Callable::Kind::Function:
      return call_function(callable.name, arguments, context_);
    case Callable::Kind::Macro:
      break;
  }
  return call_macro(callable, arguments);
}

Value Evaluator::call_macro(const Callable& callable, const Arguments& arguments) {
  if (macro_depth_ >= kMaxDepth) throw Failure("macros call each other deeper than depth 64");
  Scope scope{callable.scope, {}};
  ++macro_depth_;
  Scope* const outer = std::exchange(scope_, &scope);
  bind_parameters(*callable.macro, arguments, scope);
  std::string text = capture(callable.macro->body, scope);
  scope_ = outer;
  --macro_depth_;
  return Value::string(std::move(text));
}

void Evaluator::bind_parameters(const Macro& macro, const Arguments& arguments, Scope& scope) {
  if (arguments.positional.size() > macro.parameters.size()) {
    throw Failure("macro '" + macro.name + "' takes not more than " +
                  std::to_string(macro.parameters.size()) + " argument(s)");
  }
  std::size_t used = arguments.positional.size();
  for (std::size_t i = 0; i < macro.parameters.size(); ++i) {
    const auto& [name, otherwise] = macro.parameters[i];
    const Value* given = arguments.get(i, name);
    if (given != nullptr && i >= arguments.positional.size()) ++used;
    if (given != nullptr) {
      scope.set(name, *given);
    } else if (otherwise != nullptr) {
      scope.set(name, evaluate(*otherwise));
    } else {
      scope.set(name, Value::undefined("parameter '" + name + "' was not provided"));
    }
  }
  const Value* caller = arguments.get(arguments.positional.size(), "caller");
  if (caller != nullptr) scope.set("caller", *caller);
  used += caller != nullptr ? 1 : 0;
  if (used < arguments.positional.size() + arguments.keywords.size()) {
    throw Failure("macro '" + macro.name + "' got an unexpected or repeated named argument");
  }
}

}  // namespace salient::jinja
