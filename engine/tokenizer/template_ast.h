// SPDX-License-Identifier: Apache-2.0
#pragma once

// A parsed template as plain data. The parser bounds the height of every tree, so visiting and
// destroying one recursively is safe.

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "engine/tokenizer/template_lexer.h"
#include "engine/tokenizer/template_value.h"

namespace salient::jinja {

struct Expression;
using ExpressionPtr = std::unique_ptr<Expression>;
using Expressions = std::vector<ExpressionPtr>;

struct ArgumentList {
  Expressions positional;
  std::vector<std::pair<std::string, ExpressionPtr>> keywords;
};

struct Constant {
  Value value;
};
struct Name {
  std::string name;
};
struct ListLiteral {
  Expressions items;
  ListKind kind = ListKind::List;
};
struct MapLiteral {
  std::vector<std::pair<ExpressionPtr, ExpressionPtr>> entries;
};
enum class UnaryOperator { Not, Negate, Plus };
struct Unary {
  UnaryOperator operation;
  ExpressionPtr operand;
};
enum class BinaryOperator { And, Or, Add, Subtract, Multiply, Divide, FloorDivide, Modulo, Power };
struct Binary {
  BinaryOperator operation;
  ExpressionPtr left, right;
};
/// `a ~ b ~ c`: all parts as text.
struct Concatenation {
  Expressions parts;
};
enum class Relation { Equal, NotEqual, Less, LessOrEqual, Greater, GreaterOrEqual, In, NotIn };
/// `a < b <= c`: every neighbouring pair holds.
struct Comparison {
  ExpressionPtr first;
  std::vector<std::pair<Relation, ExpressionPtr>> rest;
};
struct Conditional {
  ExpressionPtr condition, then, otherwise;  ///< otherwise may be null: undefined
};
struct Attribute {
  ExpressionPtr object;
  std::string name;
};
struct Subscript {
  ExpressionPtr object, key;
};
struct Slice {
  ExpressionPtr object, start, stop, step;  ///< the last three may be null
};
struct Call {
  ExpressionPtr callee;
  ArgumentList arguments;
};
struct FilterCall {
  ExpressionPtr input;  ///< null inside {% filter %} and {% set x | filter %}
  std::string name;
  ArgumentList arguments;
};
struct TestCall {
  ExpressionPtr input;
  std::string name;
  ArgumentList arguments;
  bool negated = false;
};

struct Expression {
  std::variant<Constant, Name, ListLiteral, MapLiteral, Unary, Binary, Concatenation, Comparison,
               Conditional, Attribute, Subscript, Slice, Call, FilterCall, TestCall>
      node;
  int line = 1;
};

struct Statement;
using Block = std::vector<Statement>;

struct Text {
  std::string text;
};
struct Output {
  ExpressionPtr expression;
};
struct If {
  std::vector<std::pair<ExpressionPtr, Block>> branches;
  Block otherwise;
};
struct For {
  std::vector<std::string> targets;
  ExpressionPtr items, condition;  ///< condition may be null
  Block body, otherwise;
};
/// `{% set a = 1 %}`, `{% set a, b = pair %}`, `{% set ns.a = 1 %}`.
struct Set {
  std::vector<std::string> targets;
  std::string attribute;  ///< of the single target; empty: the variable itself
  ExpressionPtr value;
};
/// `{% set a %}...{% endset %}` and `{% filter f %}...{% endfilter %}` (no target).
struct Capture {
  std::string target;
  std::vector<FilterCall> filters;
  Block body;
};
struct Macro {
  std::string name;
  std::vector<std::pair<std::string, ExpressionPtr>> parameters;  ///< null: no default
  Block body;
};
struct CallBlock {
  Macro caller;
  ExpressionPtr call;
};
struct With {
  std::vector<std::pair<std::string, ExpressionPtr>> variables;
  Block body;
};
enum class Jump { None, Break, Continue };

struct Statement {
  std::variant<Text, Output, If, For, Set, Capture, Macro, CallBlock, With, Jump> node;
  int line = 1;
};

}  // namespace salient::jinja
