// SPDX-License-Identifier: Apache-2.0
#include <charconv>

#include "engine/tokenizer/template_expression_parser.h"

namespace salient::jinja {

ExpressionPtr ExpressionParser::parse_primary() {
  if (tokens_.at(TokenKind::Name)) return parse_name();
  if (tokens_.at(TokenKind::Integer) || tokens_.at(TokenKind::Float)) return parse_number();
  if (tokens_.at(TokenKind::String)) {
    std::string text;
    while (tokens_.at(TokenKind::String)) text += tokens_.take().text;
    return make(Constant{Value::string(std::move(text))});
  }
  if (tokens_.at_operator("(")) return parse_parentheses();
  if (tokens_.at_operator("[")) return parse_list();
  if (tokens_.at_operator("{")) return parse_map();
  tokens_.fail_expected("an expression");
}

ExpressionPtr ExpressionParser::parse_name() {
  std::string name = tokens_.take().text;
  if (name == "true" || name == "True") return make(Constant{Value::boolean(true)});
  if (name == "false" || name == "False") return make(Constant{Value::boolean(false)});
  if (name == "none" || name == "None") return make(Constant{Value()});
  return make(Name{std::move(name)});
}

ExpressionPtr ExpressionParser::parse_number() {
  const Token token = tokens_.take();
  const char* begin = token.text.data();
  const char* end = begin + token.text.size();
  if (token.kind == TokenKind::Float) {
    double number = 0;
    std::from_chars(begin, end, number);
    return make(Constant{Value::number(number)});
  }
  std::int64_t number = 0;
  if (std::from_chars(begin, end, number).ec != std::errc()) {
    fail_at(token.position, "the number does not fit into 64 bits");
  }
  return make(Constant{Value::integer(number)});
}

ExpressionPtr ExpressionParser::parse_parentheses() {
  tokens_.expect_operator("(");
  if (tokens_.skip_operator(")")) return make(ListLiteral{.items = {}, .kind = ListKind::Tuple});
  ExpressionPtr inside = parse_tuple();
  tokens_.expect_operator(")");
  return inside;
}

ExpressionPtr ExpressionParser::parse_list() {
  ListLiteral list;
  tokens_.expect_operator("[");
  while (!tokens_.skip_operator("]")) {
    if (!list.items.empty()) tokens_.expect_operator(",");
    if (tokens_.skip_operator("]")) break;
    list.items.push_back(parse());
  }
  return make(std::move(list));
}

ExpressionPtr ExpressionParser::parse_map() {
  MapLiteral map;
  tokens_.expect_operator("{");
  while (!tokens_.skip_operator("}")) {
    if (!map.entries.empty()) tokens_.expect_operator(",");
    if (tokens_.skip_operator("}")) break;
    ExpressionPtr key = parse();
    tokens_.expect_operator(":");
    map.entries.emplace_back(std::move(key), parse());
  }
  return make(std::move(map));
}

}  // namespace salient::jinja
