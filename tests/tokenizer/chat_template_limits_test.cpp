// SPDX-License-Identifier: Apache-2.0
#include <string>

#include <doctest/doctest.h>

#include "engine/error.h"
#include "engine/tokenizer/chat_template.h"
#include "tests/time_limits.h"

namespace {

using Json = nlohmann::ordered_json;

std::string repeat(const std::string& text, int times) {
  std::string result;
  for (int i = 0; i < times; ++i) result += text;
  return result;
}

std::string render(const std::string& source) {
  return salient::ChatTemplate(source).render(Json::object());
}

/// The sentence of the refusal; fails when it does not come, is of another kind, or takes over 2 s.
std::string refusal(const std::string& source) {
  const double start = salient::tests::processor_seconds();
  std::string sentence;
  try {
    render(source);
  } catch (const salient::Error& error) {
    CHECK(error.kind() == salient::ErrorKind::BadInput);
    sentence = error.what();
  }
  CHECK(salient::tests::processor_seconds() - start < 2.0 * salient::tests::kSanitizerSlowdown);
  CHECK(sentence.find('\n') == std::string::npos);
  return sentence;
}

bool refused_with(const std::string& source, const std::string& part) {
  const std::string sentence = refusal(source);
  CAPTURE(sentence);
  // Under a sanitizer the limit of a second may come first.
  const bool slow =
      salient::tests::kSanitized && sentence.find("longer than 1 s") != std::string::npos;
  const bool found = slow || sentence.find(part) != std::string::npos;
  CHECK(found);
  return found;
}

}  // namespace

TEST_CASE("J01: no attribute leads out of the data") {
  refused_with("{{ ''.__class__.__mro__[1].__subclasses__() }}", "no attribute '__class__'");
  CHECK(render("{{ {'a': 1}.__class__ }}{{ [].__len__ }}") == "");
}

TEST_CASE("J02: a macro that calls itself ends at depth 64") {
  refused_with("{% macro x() %}{{ x() }}{% endmacro %}{{ x() }}", "depth 64");
  const std::string counting =
      "{% macro f(n) %}{{ f(n - 1) if n > 1 else 'end' }}{% endmacro %}{{ f(COUNT) }}";
  const auto with_count = [&](const std::string& count) {
    std::string source = counting;
    return source.replace(source.find("COUNT"), 5, count);
  };
  CHECK(render(with_count("64")) == "end");
  refused_with(with_count("65"), "depth 64");
}

TEST_CASE("J03: nesting is bounded on both sides of 64") {
  CHECK(render("{{ " + repeat("(", 63) + "1" + repeat(")", 63) + " }}") == "1");
  refused_with("{{ " + repeat("(", 64) + "1" + repeat(")", 64) + " }}", "deeper than 64");
  refused_with("{{ " + repeat("(", 10000), "");
  CHECK(refusal("{{ " + repeat("(", 10000) + repeat(")", 10000) + " }}") != "");
  CHECK(render(repeat("{% if true %}", 64) + "x" + repeat("{% endif %}", 64)) == "x");
  refused_with(repeat("{% if true %}", 65) + "x" + repeat("{% endif %}", 65), "deeper than 64");
  refused_with(repeat("{% if true %}", 10000), "deeper than 64");
  refused_with("{{ " + repeat("-", 10000) + "1 }}", "deeper than 64");
  refused_with("{{ " + repeat("not ", 10000) + "1 }}", "deeper than 64");
  refused_with("{{ " + repeat("[", 10000) + " }}", "");
  refused_with("{{ 1" + repeat(" if 1 else 1", 10000) + " }}", "deeper than 64");
}

TEST_CASE("J03: long chains are bounded too") {
  CHECK(render("{{ 0" + repeat(" + 1", 1000) + " }}") == "1000");
  refused_with("{{ 0" + repeat(" + 1", 1025) + " }}", "1024 operators");
  refused_with("{{ x" + repeat("|d(x)", 5000) + " }}", "1024 operators");
  refused_with("{{ x" + repeat(".a", 5000) + " }}", "1024 operators");
  refused_with("{{ x" + repeat("()", 5000) + " }}", "1024 operators");
}

TEST_CASE("J03: nested values are bounded") {
  refused_with(
      "{% set n = namespace(a=[]) %}{% for i in range(100) %}{% set n.a = [n.a] %}{% endfor %}",
      "deeper than 64");
  refused_with(
      "{% set n = namespace(a=[1]) %}{% for i in range(40) %}{% set n.a = [n.a, n.a] %}"
      "{% endfor %}{{ n.a }}",
      "1048576 items");
  refused_with("{% set n = namespace() %}{% set n.self = n %}{{ n }}", "namespace");
  refused_with("{% macro m() %}{% endmacro %}{% set x = [m] %}", "cannot be stored");
}

TEST_CASE("J04: output and memory are bounded") {
  refused_with("{{ 'a' * 1000000000 }}", "output over 1 MiB");
  refused_with("{{ [1] * 1000000000 }}", "over 1 MiB");
  CHECK(render("{{ 'a' * 1048576 }}").size() == 1048576);
  refused_with("{{ 'a' * 1048577 }}", "output over 1 MiB");
  refused_with("{{ 'a' * 1048576 }}b", "output over 1 MiB");
  refused_with(
      "{% set n = namespace(x='a') %}{% for i in range(99) %}{% set n.x = n.x ~ n.x %}{% endfor %}",
      "output over 1 MiB");
  refused_with(
      "{% set n = namespace(x='a' * 1000000, l=[]) %}{% for i in range(2000) %}"
      "{% set n.l = n.l + [n.x ~ i] %}{% endfor %}",
      "256 MiB");
  refused_with("{{ 'a'.rjust(99999999999) }}", "over 1 MiB");
  refused_with("{{ ('a' * 1000000)|replace('a', 'bbbb') }}", "over 1 MiB");
  refused_with("{{ ('\n' * 1000000)|indent(900, blank=true) }}", "over 1 MiB");
}

TEST_CASE("steps and time are bounded") {
  CHECK(render("{% for i in range(100000) %}{% endfor %}") == "");
  refused_with("{% for i in range(999999999) %}{% endfor %}", "steps");
  refused_with("{% for i in range(1000) %}{% for j in range(1000) %}{% endfor %}{% endfor %}",
               "steps");
  const std::string slow =
      "{% set s = 'ab' * 500000 %}{% for i in range(100000) %}{% if s.split('b')|length %}{% endif "
      "%}"
      "{% endfor %}";
  CHECK(refusal(slow) != "");
  const std::string slow_search =
      "{% set s = 'ab' * 500000 %}{% for i in range(90000) %}{% if 'bb' in s %}{% endif %}{% "
      "endfor %}";
  CHECK(refusal(slow_search) != "");
}

TEST_CASE("J05: broken blocks give an error with its position") {
  refused_with("{% else %}{% endif %}{{", "line 1, column 22");
  refused_with("a\n{% endfor %}", "line 2, column 4");
  refused_with("\n\n{% if %}", "line 3, column 7");
  refused_with("{{ x", "no end");
  refused_with("{# x", "no end");
  refused_with("{% raw %}", "endraw");
  refused_with("{{ ) }}", "unexpected ')'");
  refused_with("{{ 'a", "no end");
  refused_with("{{ 'a\\", "no end");
  refused_with("{{ 99999999999999999999 }}", "64 bits");
  refused_with("{% break %}", "outside of a loop");
}

TEST_CASE("J06: raise_exception shows its own text") {
  CHECK(refusal("{{ raise_exception('Only user and <b>assistant</b> roles!') }}") ==
        "Only user and <b>assistant</b> roles!");
}

TEST_CASE("J07: a large template and a loader are refused") {
  CHECK(render(std::string(1048576, 'a')).size() == 1048576);
  refused_with(std::string(1048577, 'a'), "1048577 bytes");
  refused_with(std::string(std::size_t{50} << 20U, ' '), "52428800 bytes");
  refused_with("{% include 'x' %}", "unknown tag 'include'");
  refused_with("{% import 'x' as y %}", "unknown tag 'import'");
  refused_with("{% extends 'x' %}", "unknown tag 'extends'");
}

TEST_CASE("numbers that do not fit are an error, not a wrap") {
  refused_with("{{ 9223372036854775807 + 1 }}", "64 bits");
  refused_with("{{ 9223372036854775807 * 2 }}", "64 bits");
  refused_with("{{ (-9223372036854775807 - 1) // -1 }}", "64 bits");
  CHECK(render("{{ (-9223372036854775807 - 1) % -1 }}") == "0");
  refused_with("{{ 2 ** 64 }}", "64 bits");
  refused_with("{{ 3 ** 9999999999 }}", "64 bits");
  refused_with("{{ -(-9223372036854775807 - 1) }}", "64 bits");
  CHECK(render("{{ '1e400'|float|int }}{{ 'nan'|float|int }}") == "00");
  CHECK(render("{{ 'abc'[-9223372036854775807:9223372036854775807:9223372036854775807] }}") == "a");
  refused_with("{{ [1,2][::0] }}", "zero");
}

TEST_CASE("invalid UTF-8 in messages and templates becomes U+FFFD") {
  Json context;
  context["x"] =
      "a\xFF"
      "b";
  CHECK(salient::ChatTemplate("{{ x }}|{{ x|length }}").render(context) == "a\uFFFDb|3");
  CHECK(render("a\xC3") == "a\uFFFD");
}
