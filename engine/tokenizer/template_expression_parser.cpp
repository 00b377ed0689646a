// SPDX-License-Identifier: Apache-2.0
#include "engine/tokenizer/template_expression_parser.h"

#include <algorithm>
#include <array>
#include <optional>

namespace salient::jinja {
namespace {

struct OperatorName {
  std::string_view text;
  BinaryOperator operation;
};

constexpr std::array<OperatorName, 2> kSums = {
    {{"+", BinaryOperator::Add}, {"-", BinaryOperator::Subtract}}};
constexpr std::array<OperatorName, 4> kProducts = {{{"*", BinaryOperator::Multiply},
                                                    {"/", BinaryOperator::Divide},
                                                    {"//", BinaryOperator::FloorDivide},
                                                    {"%", BinaryOperator::Modulo}}};

template <std::size_t Count>
std::optional<BinaryOperator> take_operator(TokenStream& tokens,
                                            const std::array<OperatorName, Count>& names) {
  for (const OperatorName& name : names) {
    if (tokens.skip_operator(name.text)) return name.operation;
  }
  return std::nullopt;
}

std::optional<Relation> take_relation(TokenStream& tokens) {
  if (tokens.skip_operator("==")) return Relation::Equal;
  if (tokens.skip_operator("!=")) return Relation::NotEqual;
  if (tokens.skip_operator("<=")) return Relation::LessOrEqual;
  if (tokens.skip_operator(">=")) return Relation::GreaterOrEqual;
  if (tokens.skip_operator("<")) return Relation::Less;
  if (tokens.skip_operator(">")) return Relation::Greater;
  if (tokens.skip_name("in")) return Relation::In;
  const Token& next = tokens.peek(1);
  if (tokens.at_name("not") && next.kind == TokenKind::Name && next.text == "in") {
    tokens.take();
    tokens.take();
    return Relation::NotIn;
  }
  return std::nullopt;
}

}  // namespace

void ExpressionParser::count_operator() {
  if (++operators_ > kMaxOperators) {
    fail_at(tokens_.peek().position, "more than 1024 operators in one expression");
  }
}

ExpressionPtr ExpressionParser::parse() {
  if (depth_ == 0) operators_ = 0;
  const NestingGuard guard(depth_, tokens_.peek().position);
  ExpressionPtr expression = parse_or();
  while (tokens_.skip_name("if")) {
    count_operator();
    ExpressionPtr condition = parse_or();
    ExpressionPtr otherwise = tokens_.skip_name("else") ? parse() : nullptr;
    expression =
        make(Conditional{std::move(condition), std::move(expression), std::move(otherwise)});
  }
  return expression;
}

ExpressionPtr ExpressionParser::parse_without_condition() {
  if (depth_ == 0) operators_ = 0;
  const NestingGuard guard(depth_, tokens_.peek().position);
  return parse_or();
}

ExpressionPtr ExpressionParser::parse_tuple() {
  return finish_tuple(parse());
}

ExpressionPtr ExpressionParser::parse_loop_items() {
  return finish_tuple(parse_without_condition());
}

bool ExpressionParser::at_expression_end() const {
  return tokens_.at(TokenKind::BlockEnd) || tokens_.at(TokenKind::OutputEnd) ||
         tokens_.at(TokenKind::End) || tokens_.at_operator(")");
}

ExpressionPtr ExpressionParser::finish_tuple(ExpressionPtr first) {
  if (!tokens_.at_operator(",")) return first;
  ListLiteral tuple{.items = {}, .kind = ListKind::Tuple};
  tuple.items.push_back(std::move(first));
  while (tokens_.skip_operator(",") && !at_expression_end()) {
    tuple.items.push_back(parse_without_condition());
  }
  return make(std::move(tuple));
}

ExpressionPtr ExpressionParser::parse_or() {
  ExpressionPtr left = parse_and();
  while (tokens_.skip_name("or")) {
    count_operator();
    left = make(Binary{BinaryOperator::Or, std::move(left), parse_and()});
  }
  return left;
}

ExpressionPtr ExpressionParser::parse_and() {
  ExpressionPtr left = parse_not();
  while (tokens_.skip_name("and")) {
    count_operator();
    left = make(Binary{BinaryOperator::And, std::move(left), parse_not()});
  }
  return left;
}

ExpressionPtr ExpressionParser::parse_not() {
  if (!tokens_.skip_name("not")) return parse_comparison();
  const NestingGuard guard(depth_, tokens_.peek().position);
  return make(Unary{UnaryOperator::Not, parse_not()});
}

ExpressionPtr ExpressionParser::parse_comparison() {
  ExpressionPtr first = parse_sum();
  Comparison comparison;
  while (const auto relation = take_relation(tokens_)) {
    comparison.rest.emplace_back(*relation, parse_sum());
  }
  if (comparison.rest.empty()) return first;
  comparison.first = std::move(first);
  return make(std::move(comparison));
}

ExpressionPtr ExpressionParser::parse_sum() {
  ExpressionPtr left = parse_concatenation();
  while (const auto operation = take_operator(tokens_, kSums)) {
    count_operator();
    left = make(Binary{*operation, std::move(left), parse_concatenation()});
  }
  return left;
}

ExpressionPtr ExpressionParser::parse_concatenation() {
  ExpressionPtr first = parse_product();
  if (!tokens_.at_operator("~")) return first;
  Concatenation concatenation;
  concatenation.parts.push_back(std::move(first));
  while (tokens_.skip_operator("~")) concatenation.parts.push_back(parse_product());
  return make(std::move(concatenation));
}

ExpressionPtr ExpressionParser::parse_product() {
  ExpressionPtr left = parse_power();
  while (const auto operation = take_operator(tokens_, kProducts)) {
    count_operator();
    left = make(Binary{*operation, std::move(left), parse_power()});
  }
  return left;
}

ExpressionPtr ExpressionParser::parse_power() {
  ExpressionPtr left = parse_unary(Filters::Allow);
  while (tokens_.skip_operator("**")) {
    count_operator();
    left = make(Binary{BinaryOperator::Power, std::move(left), parse_unary(Filters::Allow)});
  }
  return left;
}

ExpressionPtr ExpressionParser::parse_unary(Filters filters) {
  ExpressionPtr expression = parse_postfix(parse_signed());
  return filters == Filters::Allow ? parse_filters_and_tests(std::move(expression))
                                   : std::move(expression);
}

ExpressionPtr ExpressionParser::parse_signed() {
  if (!tokens_.at_operator("-") && !tokens_.at_operator("+")) return parse_primary();
  const NestingGuard guard(depth_, tokens_.peek().position);
  const UnaryOperator sign =
      tokens_.take().text == "-" ? UnaryOperator::Negate : UnaryOperator::Plus;
  return make(Unary{sign, parse_unary(Filters::Refuse)});
}

ExpressionPtr ExpressionParser::parse_postfix(ExpressionPtr object) {
  for (;; count_operator()) {
    if (tokens_.skip_operator(".")) {
      if (tokens_.at(TokenKind::Integer)) {
        object = make(Subscript{std::move(object), parse_number()});
      } else {
        object = make(Attribute{std::move(object), tokens_.expect_name()});
      }
    } else if (tokens_.skip_operator("[")) {
      object = parse_subscript(std::move(object));
    } else if (tokens_.at_operator("(")) {
      object = make(Call{std::move(object), parse_arguments()});
    } else {
      return object;
    }
  }
}

ExpressionPtr ExpressionParser::parse_subscript(ExpressionPtr object) {
  std::array<ExpressionPtr, 3> parts;
  std::size_t colons = 0;
  while (!tokens_.at_operator("]")) {
    if (tokens_.skip_operator(":")) {
      if (++colons > 2) tokens_.fail_expected("']'");
    } else if (parts.at(colons) == nullptr) {
      parts.at(colons) = parse();
    } else {
      tokens_.fail_expected("']'");
    }
  }
  if (colons == 0 && parts[0] == nullptr) tokens_.fail_expected("an index");
  tokens_.take();
  if (colons == 0) return make(Subscript{std::move(object), std::move(parts[0])});
  return make(
      Slice{std::move(object), std::move(parts[0]), std::move(parts[1]), std::move(parts[2])});
}

ExpressionPtr ExpressionParser::parse_filters_and_tests(ExpressionPtr input) {
  for (;; count_operator()) {
    if (tokens_.skip_operator("|")) {
      FilterCall filter = parse_filter();
      filter.input = std::move(input);
      input = make(std::move(filter));
    } else if (tokens_.skip_name("is")) {
      input = parse_test(std::move(input));
    } else if (tokens_.at_operator("(")) {
      input = make(Call{std::move(input), parse_arguments()});
    } else {
      return input;
    }
  }
}

FilterCall ExpressionParser::parse_filter() {
  FilterCall filter;
  filter.name = tokens_.expect_name();
  while (tokens_.skip_operator(".")) filter.name += "." + tokens_.expect_name();
  if (tokens_.at_operator("(")) filter.arguments = parse_arguments();
  return filter;
}

bool ExpressionParser::at_test_argument() const {
  switch (tokens_.peek().kind) {
    case TokenKind::String:
    case TokenKind::Integer:
    case TokenKind::Float:
      return true;
    case TokenKind::Operator:
      return tokens_.at_operator("[") || tokens_.at_operator("{");
    case TokenKind::Name:
      return !(tokens_.at_name("else") || tokens_.at_name("or") || tokens_.at_name("and") ||
               tokens_.at_name("is") || tokens_.at_name("if") || tokens_.at_name("not") ||
               tokens_.at_name("in"));
    default:
      return false;
  }
}

ExpressionPtr ExpressionParser::parse_test(ExpressionPtr input) {
  TestCall test;
  test.negated = tokens_.skip_name("not");
  test.name = tokens_.expect_name();
  if (tokens_.at_operator("(")) {
    test.arguments = parse_arguments();
  } else if (at_test_argument()) {
    const NestingGuard guard(depth_, tokens_.peek().position);
    test.arguments.positional.push_back(parse_postfix(parse_primary()));
  }
  test.input = std::move(input);
  return make(std::move(test));
}

ArgumentList ExpressionParser::parse_arguments() {
  ArgumentList arguments;
  tokens_.expect_operator("(");
  while (!tokens_.at_operator(")")) {
    const Token& next = tokens_.peek(1);
    const bool keyword =
        tokens_.at(TokenKind::Name) && next.kind == TokenKind::Operator && next.text == "=";
    if (keyword) {
      std::string name = tokens_.take().text;
      tokens_.take();
      arguments.keywords.emplace_back(std::move(name), parse());
    } else if (arguments.keywords.empty()) {
      arguments.positional.push_back(parse());
    } else {
      tokens_.fail_expected("a named argument");
    }
    if (!tokens_.skip_operator(",") && !tokens_.at_operator(")")) {
      tokens_.fail_expected("',' or ')'");
    }
  }
  tokens_.take();
  return arguments;
}

}  // namespace salient::jinja
