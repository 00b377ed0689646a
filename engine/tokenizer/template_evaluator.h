// SPDX-License-Identifier: Apache-2.0
#pragma once

// Runs a parsed template over its variables. One Evaluator renders once; the tree is only read, so
// several may share it. Failures carry the line they happened in.

#include <ctime>
#include <string>
#include <utility>
#include <vector>

#include "engine/tokenizer/template_arguments.h"
#include "engine/tokenizer/template_ast.h"
#include "engine/tokenizer/template_budget.h"
#include "engine/tokenizer/template_builtins.h"

namespace salient::jinja {

/// Variables of one block; what is not found here is looked up in the block around it. Loops,
/// macros and captures open a scope, `if` does not.
struct Scope {
  const Scope* parent = nullptr;
  std::vector<std::pair<std::string, Value>> variables;

  void set(const std::string& name, Value value);
  const Value* find(const std::string& name) const;
};

/// A macro with the scope it was defined in, a method with its receiver, or a global function.
/// Scopes are borrowed: a callable is never stored in a container, so it can't outlive its scope.
struct Callable {
  const Macro* macro = nullptr;
  const Scope* scope = nullptr;
  Value receiver{};    ///< of a method
  std::string name{};  ///< of a method or function
  enum class Kind { Macro, Method, Function } kind = Kind::Macro;
};

class Evaluator {
 public:
  explicit Evaluator(const std::tm& now) : context_{budget_, now} {}

  /// Throws Error(BadInput) when a bound is passed, a type is wrong or the template raises.
  std::string render(const Block& block, const nlohmann::ordered_json& variables);

 private:
  Value evaluate(const Expression& expression);
  Value visit(const Constant& node);
  Value visit(const Name& node);
  Value visit(const ListLiteral& node);
  Value visit(const MapLiteral& node);
  Value visit(const Unary& node);
  Value visit(const Binary& node);
  Value visit(const Concatenation& node);
  Value visit(const Comparison& node);
  Value visit(const Conditional& node);
  Value visit(const Attribute& node);
  Value visit(const Subscript& node);
  Value visit(const Slice& node);
  Value visit(const Call& node);
  Value visit(const FilterCall& node);
  Value visit(const TestCall& node);

  Jump run(const Block& block);
  Jump execute(const Text& node);
  Jump execute(const Output& node);
  Jump execute(const If& node);
  Jump execute(const For& node);
  Jump execute(const Set& node);
  Jump execute(const Capture& node);
  Jump execute(const Macro& node);
  Jump execute(const CallBlock& node);
  Jump execute(const With& node);
  Jump execute(Jump node) { return node; }

  Values loop_items(const For& node);
  void bind(const std::vector<std::string>& targets, const Value& value, Scope& scope);
  Arguments evaluate(const ArgumentList& list);
  Value evaluate_optional(const ExpressionPtr& expression);
  Value call(const Value& callee, const Arguments& arguments);
  Value call_macro(const Callable& callable, const Arguments& arguments);
  void bind_parameters(const Macro& macro, const Arguments& arguments, Scope& scope);
  Value apply_filters(const std::vector<FilterCall>& filters, Value value);
  std::string capture(const Block& block, Scope& scope);
  void write(std::string_view text);

  Budget budget_;
  CallContext context_;
  Scope* scope_ = nullptr;
  std::string* output_ = nullptr;
  int line_ = 1;
  int macro_depth_ = 0;
  int evaluation_depth_ = 0;
};

}  // namespace salient::jinja
