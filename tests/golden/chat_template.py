#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes chat_template.json: templates rendered by Python's jinja2, set up as transformers does.

usage: chat_template.py SmolLM2-135M-Instruct.Q4_1.gguf   (needs jinja2 >= 3.1.6 and gguf)

"model" holds the chat template of the GGUF with conversations; "snippets" are one-liners, each for
one rule of the language. An entry has "output" or "error" (the message of the exception).
"""
import json
import pathlib
import sys

import gguf
import jinja2
import jinja2.ext
from jinja2.sandbox import ImmutableSandboxedEnvironment

SNIPPETS = r"""
{% for i in [1,2] %}{% if i==1 %}{% set x='a' %}{% endif %}[{{ x }}]{% endfor %}
{% set x='o' %}{% for i in [1,2] %}{% if i==1 %}{% set x='a' %}{% endif %}[{{ x }}]{% endfor %}{{x}}
{% macro f() %}{{ y }}{% endmacro %}{% set y=3 %}{{ f() }}
{% set a %}{% set q=1 %}z{% endset %}{{ q }}{{ a|upper }}
{% set a | trim | upper %}  b {% endset %}[{{ a }}]
{{ [1,'a',2.0,none,true,{'k':(1,)}] }} {{ 1e16 }} {{ 1.5e-7 }} {{ 7//2 }} {{ -7 % 3 }} {{ -7 // 2 }} {{ 6/3 }}
{{ 'it''s' }} {{ ["it's", 'say "x"', 'tab\t', 'é\u00a0'] }}
{{ x is defined }} {{ x.y is defined }}
{{ {'a':1}.b.c }}
{{ 1 + x }}
{{ 'a' + 1 }}
{{ 1 < 'a' }}
{{ none + 'a' }}
{{ x is iterable }} {{ x|length }} {{ x|join(',') }} {{ x == y }} {{ x in [1] }} [{{ x }}]
{{ [1,2,3]|map('string')|list }} {{ 'abc'[::-1] }} {{ 'abc'[5] }} {{ [1][3] }} {{ 'añb'[1] }} {{ 'añb'[-2:] }}
{{ [1,2,3,4,5][1:4:2] }} {{ [1,2,3][:-1] }} {{ [1,2,3][::-2] }} {{ 'hello'[-3:-1] }} {{ (1,2,3)[1:] }}
{{ '<b>'|safe + '<i>' }} {{ '<i>' + '<b>'|safe }} {{ ('<b>'|safe + '&') + '"' }} {{ '<b>'|safe ~ '<i>' }}
{{ '<'|escape|escape }} {{ '<'|escape|forceescape }} {{ '<'|safe|escape }} {{ 'a' + "'"|e }}
{{ foo() }}
{{ ''.foo() }}
{{ {'x':1}.append(1) }}
{{ [1].append(1) }}
{% for a, b in {'x':1}.items() %}{{a}}{{b}}{% else %}none{% endfor %}{% for k in [] %}{{k}}{% else %}empty{% endfor %}
{% for x in [1,2,3,4] if x % 2 == 0 %}{{ x }}{{ loop.last }}{{ loop.index }}/{{ loop.length }}{{ loop.revindex0 }};{% endfor %}
{% for x in 'abc' %}{{ loop.previtem }}{{ x }}{{ loop.nextitem }}{{ loop.cycle('-', '+') }}{% endfor %}
{% for x in [1,2,3] %}{% if x == 2 %}{% continue %}{% endif %}{{ x }}{% endfor %}{% for x in [1,2,3] %}{% if x == 2 %}{% break %}{% endif %}{{ x }}{% endfor %}
{% for x in [1,2] %}{% for y in [3,4] %}{{ loop.depth }}{{ x }}{{ y }} {% endfor %}{% endfor %}
{{ ['b','A','c']|sort }} {{ {'b':1,'A':2}|dictsort }} {{ [3,1,2]|sort(reverse=true) }} {{ [{'a':2},{'a':1}]|sort(attribute='a') }}
{{ 'x\ny\n\nz'|indent(2) }}|{{ 'x\ny'|indent(2, true) }}|{{ 'x\n\ny'|indent(1, blank=true) }}
{{ 3.7|int }} {{ '12x'|int }} {{ '42'|int }} {{ ' 4.5 '|float }} {{ 2.5|round }} {{ 3.14159|round(2) }} {{ -3|abs }}
{{ 'hello world'|title }} {{ 'hELLO'|capitalize }} {{ 'É'|lower }} {{ 'straße' | upper | length }}
{{ true + 1 }} {{ 1 == 1.0 }} {{ 1 == true }} {{ 'é'|upper }} {{ 'a' ~ none ~ true ~ 1.0 ~ [1] }}
{{ x ~ 'b' }} {{ (1,2) }} {{ namespace(a=1) }} {{ range(3)|list }} {{ range(5, 0, -2)|list }}
{{ 'a,b'.split(',') }} {{ ' a  b '.split() }} {{ 'a b c'.split(none, 1) }} {{ 'a,b,c'.split(',', 1) }} {{ 'a,b,c'.rsplit(',', 1) }}
{{ 'abc'.split('') }}
{{ 'a' 'b' }}{{ [1,2,] }}{{ {'a':1,} }} {{ 5 is divisibleby 5 }} {{ 5 is in [5] }} {{ not 5 in [5] }} {{ 5 not in [5] }} {{ 2**3**2 }} {{ -2**2 }}
{% set ns = namespace(a=1) %}{% set ns.a = 2 %}{{ ns.a }} {{ ns['a'] }} {{ ns.b }}{% set (a, b) = (1, 2) %}{{a}}{{b}}{% set c, d = [3, 4] %}{{ c + d }}
{% set x = 1 %}{% set x.a = 2 %}
{% macro f(a, b=2) %}{{ a }}{{ b }}{{ caller() if caller }}{% endmacro %}{% call f(1) %}in{% endcall %}{{ f() }}{{ f(b=3, a=4) }}
{% macro f(a) %}{{ a }}{% endmacro %}{{ f(1, 2) }}
{% macro f(a) %}{{ a }}{% endmacro %}{{ f(c=2) }}
{{ {'b':1,'a':[1,{'x':none}],'é':'<&>"\n'}|tojson }} {{ {'b':1,'a':2}|tojson(sort_keys=true) }}
{{ {'b':1,'a':[1,{'x':none}], 'e': [], 'm': {}}|tojson(indent=2) }}
{{ ['é', '😀']|tojson(ensure_ascii=true) }} {{ [1.0, 0.1, 1e300]|tojson(separators=(',', ':')) }}
{{ [1]|map('string')|tojson }}
{{ {1: 2, none: 3, true: 4}|tojson }} {{ {'a': 1} == {'a': 1.0} }} {{ [1, [2]] == [1, [2]] }}
{{ [{'r':'u','n':1},{'r':'s','n':2}]|selectattr('r','equalto','u')|list }} {{ [{'r':1},{}]|selectattr('r')|list|length }} {{ [1,2,3]|reject('odd')|list }} {{ [1,2]|select('gt', 1)|list }}
{{ [{'a':{'b':5}}]|map(attribute='a.b')|list }} {{ [{'a':1},{}]|map(attribute='a', default='none')|list }} {{ ['a']|map('upper')|join }}
{{ [1,1,'a','A']|unique|list }} {{ [1,2,3]|sum }} {{ [3,1]|min }} {{ ['a','B']|max }} {{ [1,2,3]|first }} {{ 'abc'|last }} {{ [1,2]|reverse|list }} {{ 'abc'|reverse }}
{{ [1,2,3,4,5]|batch(2, 0)|list }} {{ [[1,2],[3]]|sum(start=[]) }}
{{ none|default('d') }} {{ none|default('d', true) }} {{ u|default('d') }} {{ ''|d('e', boolean=true) }}
{{ 'a' if false }}|{{ 'a' if true else 'b' }}|{{ 'a' if 0 else 'b' if 0 else 'c' }}
{{ 1 if x is not defined and not y or z else 2 }} {{ 1 is number }} {{ true is number }} {{ 1 is integer }} {{ true is integer }} {{ 1.0 is float }} {{ none is none }} {{ [] is sequence }} {{ {} is mapping }} {{ 'a' is string }} {{ true is boolean }} {{ true is true }} {{ 1 is true }}
{{ 'abc'.startswith('a') }} {{ 'abc'.endswith(('b', 'c')) }} {{ 'abc'.find('c') }} {{ 'abc'.find('z') }} {{ 'aXbX'.replace('X', '-', 1) }} {{ 'abc'.replace('', '.') }} {{ 'a-b'.partition('-') }} {{ '-'.join(['a','b']) }} {{ 'xxaxx'.strip('x') }} {{ 'abab'.count('ab') }}
{{ 'Hello'.isupper() }} {{ '12'.isdigit() }} {{ ''.isdigit() }} {{ 'ab'.isalpha() }} {{ 'a\nb\r\nc'.splitlines() }} {{ '5'.rjust(3, '0') }} {{ 'ab'.center(5, '*') }} {{ 'prefix-x'.removeprefix('prefix-') }}
{{ {'a':1,'b':2}.items()|list }} {{ {'a':1}.keys()|list }} {{ {'a':1}.values()|list }} {{ {'a':1}.get('b') }} {{ {'a':1}.get('b', 2) }} {{ {'items': 3}['items'] }} {{ {'get': 3}.get('get') }}
{{ none|items|list }}
{{ x|items|list }}
{{ 'a'|nosuchfilter }}
{% if false %}{{ 'a' is nosuchtest }}{% endif %}ok
{{ raise_exception('sorry') }}
{{ strftime_now('%d %b %Y|%A %B %-d|%H:%M:%S|%j|%y|%I %p|%%') }}
{% raw %}{{ x }}{% endraw %}{# gone #}!{%- raw -%}  a  {%- endraw %}
{%- if true -%}  a  {%- endif %}  b  {{- ' c ' -}}  d
{% filter upper | trim %} abc {% endfilter %}
{% with a = 1, b = a %}{{ a }}{{ b }}{% endwith %}{{ a }}
{{ 1_000 }} {{ 1.5e3 }} {{ 0.1 + 0.2 }} {{ 1e22 }} {{ 1/3 }} {{ 100000.0 * 1e10 }} {{ 1e15 + 0.5 }}
{{ "a\"b" }} {{ 'a\\n' }} {{ '\u00e9\x41' }} {{ 'a\
b' }}
{{ 'a' * 3 }} {{ [0] * 2 }} {{ 2 * 'b' }} {{ 'a' < 'b' }} {{ [1,2] < [1,3] }} {{ 1 < 2 < 3 }} {{ 1 < 2 > 5 }} {{ 'a' in 'abc' }} {{ 'k' in {'k': 1} }}
{{ 1 // 0 }}
{{ 'a' is 1 }}
{% else %}{% endif %}{{
{% if x %}
{% include 'x' %}
{{ a b }}
{% endfor %}
{{ (1 }}
{{ 'abc }}
{% for x in y
{% set true = 1 %}
{% macro f(x) %}{% if x > 0 %}{{ x }}{{ f(x - 1) }}{% endif %}{% endmacro %}{{ f(3) }}
{% for m in [{'r': 'a'}, {'r': 'b'}] %}{{ m.r }}{{ m['r'] }}{{ m.x }}{% if not loop.last %},{% endif %}{% endfor %}
{{ 'a' | replace('a', 'b') ~ 'c' | upper }} {{ -1 | abs }} {{ not true | string }}
{{ ['x', 'y'] | join(', ') if true else '' }} {{ {'a': [1, 2]}['a'][0] }} {{ {'a': {'b': 'c'}}.a.b }} {{ [1, 2].0 }}
"""

BLOCKS = [
    "  {%+ if true %}a{% endif %}\n  {{ 1 }}\n  {# c #}\nb\n\n",
    "{% if true %}\n  a\n{% endif %}\n  b\n",
    "x\n   {%- if true %}\n   y\n   {%- endif +%}\n z\r\nw\r",
    "{% for i in [1, 2] %}\n  - {{ i }}\n{% endfor %}\nend\n",
    "a {# c #}\n b\n  {# d -#}  \n  e",
    "  {{ 1 }}\n  {{- 2 -}}\n  3\n{% set a = 1 %}   \n4",
    "\t{% raw %}\n  {% x %}\n\t{% endraw %}\nz",
    "{% if true %}  {% if true %}\n a{% endif %}{% endif %}",
]

CONVERSATIONS = [
    [{"role": "user", "content": "Hello"}],
    [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "What is 2+2?"}],
    [
        {"role": "user", "content": "  Grüße, 世界 \n"},
        {"role": "assistant", "content": "<|im_end|> is text here"},
        {"role": "user", "content": ""},
    ],
]


def environment():
    def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
        return json.dumps(
            x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys
        )

    def raise_exception(message):
        raise jinja2.exceptions.TemplateError(message)

    def strftime_now(form):
        import datetime

        return datetime.datetime(2024, 7, 26, 12, 0, 0).strftime(form)

    env = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[jinja2.ext.loopcontrols]
    )
    env.filters["tojson"] = tojson
    env.globals["raise_exception"] = raise_exception
    env.globals["strftime_now"] = strftime_now
    return env


def render(template, context):
    try:
        return {"output": environment().from_string(template).render(**context)}
    except Exception as error:  # the message is the expected result
        return {"error": str(error)}


def snippet_list():
    lines = SNIPPETS.strip("\n").split("\n")
    # One snippet holds an escaped line break.
    joined = []
    for line in lines:
        if joined and joined[-1].endswith("\\"):
            joined[-1] += "\n" + line
        else:
            joined.append(line)
    return joined + BLOCKS


def main():
    fields = gguf.GGUFReader(sys.argv[1]).fields
    template = bytes(fields["tokenizer.chat_template"].parts[-1]).decode()
    model = []
    for messages in CONVERSATIONS:
        for add_generation_prompt in (True, False):
            context = {
                "messages": messages,
                "add_generation_prompt": add_generation_prompt,
                "bos_token": "<|im_start|>",
                "eos_token": "<|im_end|>",
            }
            model.append({"context": context, **render(template, context)})
    golden = {
        "engine": "jinja2 " + jinja2.__version__,
        "template": template,
        "model": model,
        "snippets": [{"template": s, **render(s, {})} for s in snippet_list()],
    }
    out = pathlib.Path(__file__).with_suffix(".json")
    out.write_text(json.dumps(golden, indent=1, ensure_ascii=False) + "\n")


main()
