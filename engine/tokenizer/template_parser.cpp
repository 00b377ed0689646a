// SPDX-License-Identifier: Apache-2.0
#include "engine/tokenizer/template_parser.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <map>

#include "engine/error.h"
#include "engine/tokenizer/template_expression_parser.h"

namespace salient::jinja {
namespace {

class Parser {
 public:
  explicit Parser(std::string_view source)
      : tokens_(tokenize_template(source)), expressions_(tokens_) {}

  Block run() { return parse_block({}); }

 private:
  using Names = std::initializer_list<std::string_view>;

  /// Statements up to a tag named in `ends` (left standing behind its "{%") or the end of the
  /// source.
  Block parse_block(Names ends) {
    Block block;
    const Position start = tokens_.peek().position;
    while (!tokens_.at(TokenKind::End)) {
      if (at_tag(ends)) {
        tokens_.take();
        return block;
      }
      parse_statement(block);
    }
    if (ends.size() > 0) {
      fail_at(start, "the block that begins here has no '" + std::string(*(ends.end() - 1)) + "'");
    }
    return block;
  }

  bool at_tag(Names names) const {
    const Token& name = tokens_.peek(1);
    return tokens_.at(TokenKind::BlockBegin) && name.kind == TokenKind::Name &&
           std::find(names.begin(), names.end(), name.text) != names.end();
  }

  void parse_statement(Block& block) {
    const int line = tokens_.peek().position.line;
    if (tokens_.at(TokenKind::Text)) {
      block.push_back({Text{tokens_.take().text}, line});
      return;
    }
    if (tokens_.at(TokenKind::OutputBegin)) {
      tokens_.take();
      Output output{expressions_.parse_tuple()};
      tokens_.expect(TokenKind::OutputEnd, "'}}'");
      block.push_back({std::move(output), line});
      return;
    }
    tokens_.expect(TokenKind::BlockBegin, "a tag");
    parse_tag(block, line);
  }

  void parse_tag(Block& block, int line) {
    const Position position = tokens_.peek().position;
    const NestingGuard guard(depth_, position);
    const std::string tag = tokens_.expect_name();
    if (tag == "if") {
      block.push_back({parse_if(), line});
    } else if (tag == "for") {
      block.push_back({parse_for(), line});
    } else if (tag == "set") {
      block.push_back(parse_set(line));
    } else if (tag == "macro") {
      block.push_back({parse_macro(), line});
    } else if (tag == "call") {
      block.push_back({parse_call_block(), line});
    } else if (tag == "filter") {
      block.push_back({parse_filter_block(), line});
    } else if (tag == "with") {
      block.push_back({parse_with(), line});
    } else if (tag == "generation") {
      end_tag();
      block.push_back({With{{}, parse_block({"endgeneration"})}, line});
      finish("endgeneration");
    } else if (tag == "break" || tag == "continue") {
      if (loops_ == 0) fail_at(position, "'" + tag + "' outside of a loop");
      end_tag();
      block.push_back({tag == "break" ? Jump::Break : Jump::Continue, line});
    } else {
      fail_at(position, "unknown tag '" + tag + "'");
    }
  }

  void end_tag() { tokens_.expect(TokenKind::BlockEnd, "'%}'"); }

  void finish(std::string_view name) {
    if (!tokens_.skip_name(name)) tokens_.fail_expected("'" + std::string(name) + "'");
    end_tag();
  }

  If parse_if() {
    If result;
    do {
      ExpressionPtr condition = expressions_.parse_tuple();
      end_tag();
      result.branches.emplace_back(std::move(condition), parse_block({"elif", "else", "endif"}));
    } while (tokens_.skip_name("elif"));
    if (tokens_.skip_name("else")) {
      end_tag();
      result.otherwise = parse_block({"endif"});
    }
    finish("endif");
    return result;
  }

  std::vector<std::string> parse_targets() {
    const bool bracketed = tokens_.skip_operator("(");
    std::vector<std::string> targets{expect_target()};
    while (tokens_.skip_operator(",")) {
      if (!tokens_.at(TokenKind::Name)) break;
      targets.push_back(expect_target());
    }
    if (bracketed) tokens_.expect_operator(")");
    return targets;
  }

  std::string expect_target() {
    static constexpr std::array<std::string_view, 6> kReserved = {"true", "false", "none",
                                                                  "True", "False", "None"};
    const Position position = tokens_.peek().position;
    std::string name = tokens_.expect_name();
    if (std::find(kReserved.begin(), kReserved.end(), name) != kReserved.end()) {
      fail_at(position, "can't assign to '" + name + "'");
    }
    return name;
  }

  For parse_for() {
    For loop;
    loop.targets = parse_targets();
    if (!tokens_.skip_name("in")) tokens_.fail_expected("'in'");
    loop.items = expressions_.parse_loop_items();
    if (tokens_.skip_name("if")) loop.condition = expressions_.parse();
    if (tokens_.at_name("recursive")) {
      fail_at(tokens_.peek().position, "recursive loops are not known here");
    }
    end_tag();
    ++loops_;
    loop.body = parse_block({"else", "endfor"});
    --loops_;
    if (tokens_.skip_name("else")) {
      end_tag();
      loop.otherwise = parse_block({"endfor"});
    }
    finish("endfor");
    return loop;
  }

  Statement parse_set(int line) {
    Set set{.targets = parse_targets(), .attribute = {}, .value = nullptr};
    if (set.targets.size() == 1 && tokens_.skip_operator(".")) set.attribute = expect_target();
    if (tokens_.skip_operator("=")) {
      set.value = expressions_.parse_tuple();
      end_tag();
      return {std::move(set), line};
    }
    if (set.targets.size() > 1 || !set.attribute.empty()) tokens_.fail_expected("'='");
    Capture capture{.target = set.targets.front(), .filters = {}, .body = {}};
    while (tokens_.skip_operator("|")) capture.filters.push_back(expressions_.parse_filter());
    end_tag();
    capture.body = parse_block({"endset"});
    finish("endset");
    return {std::move(capture), line};
  }

  std::vector<std::pair<std::string, ExpressionPtr>> parse_parameters() {
    std::vector<std::pair<std::string, ExpressionPtr>> parameters;
    tokens_.expect_operator("(");
    while (!tokens_.skip_operator(")")) {
      if (!parameters.empty()) tokens_.expect_operator(",");
      std::string name = expect_target();
      parameters.emplace_back(std::move(name),
                              tokens_.skip_operator("=") ? expressions_.parse() : nullptr);
    }
    return parameters;
  }

  /// A macro's body stands outside of the loops around it.
  Block parse_macro_body(std::string_view end) {
    const int outer_loops = std::exchange(loops_, 0);
    Block body = parse_block({end});
    loops_ = outer_loops;
    return body;
  }

  Macro parse_macro() {
    Macro macro;
    macro.name = expect_target();
    macro.parameters = parse_parameters();
    end_tag();
    macro.body = parse_macro_body("endmacro");
    finish("endmacro");
    return macro;
  }

  CallBlock parse_call_block() {
    CallBlock block;
    block.caller.name = "caller";
    if (tokens_.at_operator("(")) block.caller.parameters = parse_parameters();
    const Position position = tokens_.peek().position;
    block.call = expressions_.parse();
    if (!std::holds_alternative<Call>(block.call->node)) fail_at(position, "expected a call");
    end_tag();
    block.caller.body = parse_macro_body("endcall");
    finish("endcall");
    return block;
  }

  Capture parse_filter_block() {
    Capture capture;
    do {
      capture.filters.push_back(expressions_.parse_filter());
    } while (tokens_.skip_operator("|"));
    end_tag();
    capture.body = parse_block({"endfilter"});
    finish("endfilter");
    return capture;
  }

  With parse_with() {
    With with;
    while (!tokens_.at(TokenKind::BlockEnd)) {
      if (!with.variables.empty()) tokens_.expect_operator(",");
      std::string name = expect_target();
      tokens_.expect_operator("=");
      with.variables.emplace_back(std::move(name), expressions_.parse());
    }
    end_tag();
    with.body = parse_block({"endwith"});
    finish("endwith");
    return with;
  }

  TokenStream tokens_;
  ExpressionParser expressions_;
  int depth_ = 0;
  int loops_ = 0;
};

}  // namespace

Block parse_template(std::string_view source) {
  if (source.size() > kMaxSourceBytes) {
    throw Error(ErrorKind::BadInput, "chat template: " + std::to_string(source.size()) +
                                         " bytes, at most 1048576 are read");
  }
  return Parser(source).run();
}

}  // namespace salient::jinja
