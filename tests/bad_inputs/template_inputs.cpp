// SPDX-License-Identifier: Apache-2.0
#include "tests/bad_inputs/bad_input.h"
#include "tests/tiny_checkpoint.h"

namespace salient::tests {
namespace {

namespace fs = std::filesystem;
using enum Outcome;

BadInput source(const char* id, const char* name, Outcome outcome, const char* says,
                const std::string& text) {
  return {id, name, outcome, says, [text](const fs::path& folder) {
            write_folder(make_tiny_checkpoint(), folder);
            write_bytes(folder / "chat_template.jinja", text);
            return fs::path();
          }};
}

std::string repeated(const std::string& text, int times) {
  std::string result;
  for (int i = 0; i < times; ++i) result += text;
  return result;
}

}  // namespace

std::vector<BadInput> template_inputs() {
  // A template that cannot be read is left out: the model is still good for everything but turns.
  return {
      source("J01", "gadget", Refused, "no attribute '__class__'",
             "{{ ''.__class__.__mro__[1].__subclasses__() }}"),
      source("J02", "self call", Refused, "depth 64",
             "{% macro x() %}{{ x() }}{% endmacro %}{{ x() }}"),
      source("J03a", "10000 parentheses", Warned, "deeper than 64",
             "{{ " + repeated("(", 10'000) + "1" + repeated(")", 10'000) + " }}"),
      source("J03b", "10000 blocks", Warned, "deeper than 64", repeated("{% if true %}", 10'000)),
      source("J04", "growth", Refused, "output over 1 MiB", "{{ 'a' * 1000000000 }}"),
      source("J05", "broken blocks", Warned, "line 1, column 22", "{% else %}{% endif %}{{"),
      source("J06", "raise_exception", Refused, "only <b>user</b> speaks",
             "{{ raise_exception('only <b>user</b> speaks') }}"),
      source("J07a", "50 MB", Warned, "at most 1048576", std::string(50'000'000, 'x')),
      source("J07b", "include", Warned, "unknown tag 'include'", "{% include 'x' %}"),
      source("J08", "only the last message", Accepted, "", "{{ messages[-1].content }}")};
}

}  // namespace salient::tests
