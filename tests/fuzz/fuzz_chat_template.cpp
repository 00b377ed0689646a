// SPDX-License-Identifier: Apache-2.0
// Input: a chat template, a zero byte, the user's message. The output is bounded and valid text, or
// the error is one line; steps, depth and time are bounded by the evaluator itself.
#include "engine/error.h"
#include "engine/tokenizer/chat_template.h"
#include "tests/fuzz/text_fuzzing.h"

using namespace salient;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto [source, message] = fuzz::halves(data, size);
  auto context =
      chat_context({{"system", "Be brief."}, {"user", std::string(message)}}, "<s>", "</s>");
  context["tools"] = {{{"name", "f"}, {"parameters", {{"x", {{"type", "integer"}}}}}}};
  try {
    const std::string output = ChatTemplate(source).render(context, std::tm{});
    fuzz::demand(output.size() <= (std::size_t{1} << 20U));
    fuzz::demand(!find_invalid_utf8(output));
  } catch (const Error& error) {
    fuzz::demand(error.kind() == ErrorKind::BadInput);
    fuzz::demand(!find_invalid_utf8(error.what()));
  }
  return 0;
}

std::vector<std::string> fuzz_seeds() {
  return {
      "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\\n' + "
      "message['content'] + "
      "'<|im_end|>' + '\\n'}}{% endfor %}{% if add_generation_prompt %}{{ "
      "'<|im_start|>assistant\\n' "
      "}}{% endif %}",
      "{%- set ns = namespace(a=[], n=1) -%}{%- macro f(x, y=2) -%}{{ x|tojson(indent=2) }}{{ y }}"
      "{{ caller() if caller }}{%- endmacro -%}{%- for m in messages if m.role == 'user' -%}"
      "{%- set ns.a = ns.a + [m.content[1:-1:2]] -%}{%- set ns.n = ns.n * 3 // 2 % 7 -%}{%- endfor "
      "-%}"
      "{{ f(tools) }}{% call f(1) %}in{% endcall %}{{ ns.a|join(', ')|upper }}",
      "{{ messages|selectattr('role', 'equalto', 'user')|map(attribute='content')|list|last|trim }}"
      "{{ tools[0].parameters.items()|list }}{{ ['b', 'a']|sort|unique|reverse|join }}"
      "{{ 'x,y'.split(',')[::-1] }}{{ {'a': 1}|dictsort }}{{ strftime_now('%d %b %Y') }}",
      "{% filter upper %}{% raw %}{{ x }}{% endraw %}{% endfilter %}{# c #}{% set t %}a{% endset %}"
      "{% with a = t, b = 1.5e3 %}{{ a ~ b ~ none }}{% endwith %}{{ 'a' if x is defined else 'b' "
      "}}",
      "{% for i in range(5) %}{% if i == 3 %}{% break %}{% endif %}{{ loop.index }}{{ "
      "loop.cycle(1, 2) "
      "}}{% else %}-{% endfor %}{{ 'a' * 3 }}{{ [1] * 2 }}{{ 2 ** 10 }}{{ -7 // 2 }}{{ 1 < 2 < 3 "
      "}}",
      "{% macro x() %}{{ x() }}{% endmacro %}{{ x() }}",
      "{{ raise_exception('no') }}",
      "{% else %}{% endif %}{{",
      std::string(
          "{{ messages[1].content|length }}{{ messages[1].content|indent(2)|title }}\0é🦙\n<b>",
          81),
  };
}
