// SPDX-License-Identifier: Apache-2.0
#pragma once

// Jinja's expressions: tokens to a tree, with Jinja's precedence. Nesting is bounded by kMaxDepth
// and the operators, attributes and filters of one expression by kMaxOperators, so that trees stay
// low.

#include <string>

#include "engine/tokenizer/template_ast.h"
#include "engine/tokenizer/template_token_stream.h"

namespace salient::jinja {

inline constexpr int kMaxOperators = 1024;

class ExpressionParser {
 public:
  explicit ExpressionParser(TokenStream& tokens) : tokens_(tokens) {}

  /// One expression, `a if b else c` included.
  ExpressionPtr parse();
  /// The same without the conditional form, for `for x in items if ...`.
  ExpressionPtr parse_without_condition();
  /// `a, b, c` without brackets is a tuple.
  ExpressionPtr parse_tuple();
  /// The expression behind `in` of a for: a tuple may follow, a condition may not.
  ExpressionPtr parse_loop_items();
  /// `name(arguments)` behind a "|"; its input is left empty.
  FilterCall parse_filter();

 private:
  ExpressionPtr parse_or();
  ExpressionPtr parse_and();
  ExpressionPtr parse_not();
  ExpressionPtr parse_comparison();
  ExpressionPtr parse_sum();
  ExpressionPtr parse_concatenation();
  ExpressionPtr parse_product();
  ExpressionPtr parse_power();
  enum class Filters { Allow, Refuse };
  ExpressionPtr parse_unary(Filters filters);
  ExpressionPtr parse_signed();
  ExpressionPtr parse_primary();
  ExpressionPtr parse_postfix(ExpressionPtr object);
  ExpressionPtr parse_subscript(ExpressionPtr object);
  ExpressionPtr parse_filters_and_tests(ExpressionPtr input);
  ExpressionPtr parse_test(ExpressionPtr input);
  ExpressionPtr parse_parentheses();
  ExpressionPtr parse_list();
  ExpressionPtr parse_map();
  ExpressionPtr parse_number();
  ExpressionPtr parse_name();
  ExpressionPtr finish_tuple(ExpressionPtr first);
  ArgumentList parse_arguments();
  bool at_expression_end() const;
  bool at_test_argument() const;

  template <typename Node>
  ExpressionPtr make(Node node) const {
    return std::make_unique<Expression>(Expression{std::move(node), tokens_.peek().position.line});
  }
  void count_operator();

  TokenStream& tokens_;
  int depth_ = 0;
  int operators_ = 0;
};

}  // namespace salient::jinja
