// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "engine/error.h"
#include "engine/tokenizer/template_evaluator.h"
#include "engine/tokenizer/template_text.h"

namespace salient::jinja {
namespace {

[[noreturn]] void fail_on_line(int line, const std::string& sentence) {
  throw Error(ErrorKind::BadInput, "chat template line " + std::to_string(line) + ": " + sentence);
}

}  // namespace

std::string Evaluator::render(const Block& block, const nlohmann::ordered_json& variables) {
  std::string text;
  Scope scope;
  scope_ = &scope;
  output_ = &text;
  try {
    for (const auto& [name, value] : variables.items()) {
      scope.variables.emplace_back(name, Value::from_json(value));
    }
    run(block);
  } catch (const Failure& failure) {
    fail_on_line(line_, failure.what());
  } catch (const RaisedByTemplate& raised) {
    throw Error(ErrorKind::BadInput, raised.what());
  }
  return text;
}

void Evaluator::write(std::string_view text) {
  budget_.produce_text(output_->size() + text.size());
  output_->append(text);
}

std::string Evaluator::capture(const Block& block, Scope& scope) {
  std::string text;
  std::string* const outer_output = std::exchange(output_, &text);
  Scope* const outer_scope = std::exchange(scope_, &scope);
  run(block);
  output_ = outer_output;
  scope_ = outer_scope;
  return text;
}

Jump Evaluator::run(const Block& block) {
  for (const Statement& statement : block) {
    budget_.step();
    line_ = statement.line;
    const Jump jump =
        std::visit([this](const auto& node) { return execute(node); }, statement.node);
    if (jump != Jump::None) return jump;
  }
  return Jump::None;
}

Jump Evaluator::execute(const Text& node) {
  write(node.text);
  return Jump::None;
}

Jump Evaluator::execute(const Output& node) {
  write(to_text(evaluate(*node.expression), budget_));
  return Jump::None;
}

Jump Evaluator::execute(const If& node) {
  for (const auto& [condition, block] : node.branches) {
    if (is_true(evaluate(*condition))) return run(block);
  }
  return run(node.otherwise);
}

Values Evaluator::loop_items(const For& node) {
  Values items = iterate(evaluate(*node.items), budget_);
  if (node.condition == nullptr) return items;
  Values kept;
  Scope* const outer = scope_;
  for (Value& item : items) {
    Scope scope{outer, {}};
    bind(node.targets, item, scope);
    scope_ = &scope;
    const bool keep = is_true(evaluate(*node.condition));
    scope_ = outer;
    if (keep) kept.push_back(std::move(item));
  }
  return kept;
}

Jump Evaluator::execute(const For& node) {
  const Value items = Value::list(loop_items(node));
  Scope* const outer = scope_;
  Jump jump = Jump::None;
  for (std::size_t i = 0; i < items.items().size() && jump != Jump::Break; ++i) {
    budget_.step();
    Scope scope{outer, {}};
    scope.set("loop", Value::loop(std::make_shared<const LoopState>(LoopState{items, i})));
    bind(node.targets, items.items()[i], scope);
    scope_ = &scope;
    jump = run(node.body);
    scope_ = outer;
  }
  if (!items.items().empty()) return Jump::None;
  Scope scope{outer, {}};
  scope_ = &scope;
  jump = run(node.otherwise);
  scope_ = outer;
  return jump;
}

void Evaluator::bind(const std::vector<std::string>& targets, const Value& value, Scope& scope) {
  if (targets.size() == 1) {
    scope.set(targets.front(), value);
    return;
  }
  require_defined(value);
  const Values parts = iterate(value, budget_);
  if (parts.size() != targets.size()) {
    throw Failure("expected " + std::to_string(targets.size()) + " values to unpack, got " +
                  std::to_string(parts.size()));
  }
  for (std::size_t i = 0; i < parts.size(); ++i) scope.set(targets[i], parts[i]);
}

Jump Evaluator::execute(const Set& node) {
  Value value = evaluate(*node.value);
  if (node.attribute.empty()) {
    bind(node.targets, value, *scope_);
    return Jump::None;
  }
  const Value* target = scope_->find(node.targets.front());
  if (target == nullptr || !target->is(Type::Namespace)) {
    throw Failure("cannot assign attribute on non-namespace object");
  }
  assign(target->as_namespace(), node.attribute, std::move(value));
  return Jump::None;
}

Value Evaluator::apply_filters(const std::vector<FilterCall>& filters, Value value) {
  for (const FilterCall& filter : filters) {
    value = apply_filter(filter.name, value, evaluate(filter.arguments), context_);
  }
  return value;
}

Jump Evaluator::execute(const Capture& node) {
  Scope scope{scope_, {}};
  const Value value = apply_filters(node.filters, Value::string(capture(node.body, scope)));
  if (node.target.empty()) {
    write(to_text(value, budget_));
  } else {
    scope_->set(node.target, value);
  }
  return Jump::None;
}

Jump Evaluator::execute(const Macro& node) {
  scope_->set(
      node.name,
      Value::callable(std::make_shared<const Callable>(Callable{.macro = &node, .scope = scope_})));
  return Jump::None;
}

Jump Evaluator::execute(const CallBlock& node) {
  const auto& macro_call = std::get<Call>(node.call->node);
  const Value callee = evaluate(*macro_call.callee);
  Arguments arguments = evaluate(macro_call.arguments);
  const Callable caller{.macro = &node.caller, .scope = scope_};
  arguments.keywords.emplace_back("caller",
                                  Value::callable(std::make_shared<const Callable>(caller)));
  write(to_text(call(callee, arguments), budget_));
  return Jump::None;
}

Jump Evaluator::execute(const With& node) {
  Scope scope{scope_, {}};
  for (const auto& [name, expression] : node.variables) scope.set(name, evaluate(*expression));
  Scope* const outer = std::exchange(scope_, &scope);
  const Jump jump = run(node.body);
  scope_ = outer;
  return jump;
}

}  // namespace salient::jinja
