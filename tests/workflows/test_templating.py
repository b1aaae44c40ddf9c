import time

import pytest

from workflows.errors import NodeFailed
from workflows.templating import MAX_OUTPUT, MAX_TEMPLATE, render


def code_of(template: str, **values: object) -> str:
    with pytest.raises(NodeFailed) as caught:
        render(template, values)
    return caught.value.code


@pytest.mark.parametrize(
    ("value", "printed"),
    [
        ("ä < b", "ä < b"),
        (True, "true"),
        (1, "1"),
        (1.0, "1.0"),
        (1e22, "1e+22"),
        (None, "null"),
        ([True, 1.0, "ä", None], '[true, 1.0, "ä", null]'),
        ({"a": [False]}, '{"a": [false]}'),
    ],
)
def test_values_print_as_json_writes_them_and_texts_as_they_are(value: object, printed: str) -> None:
    assert render("{{ value }}", {"value": value}) == printed
    assert render("{{ value ~ '' }}", {"value": value}) == printed
    assert render("{{ value | string }}", {"value": value}) == printed
    assert render("{{ [value, value] | join('|') }}", {"value": value}) == f"{printed}|{printed}"
    assert render("{{ '|'.join([value]) }}", {"value": value}) == printed


@pytest.mark.parametrize(
    ("template", "filled"),
    [
        ("{% for x in xs if x > 1 %}{{ loop.index }}:{{ x }}{{ ', ' if not loop.last }}{% endfor %}", "1:2, 2:3"),
        ("{{ xs | map('string') | join('-') }} {{ xs | sum }} {{ xs | length }}", "1-2-3 6 3"),
        ("{{ xs | map('abs') }} {{ d.items() }} {{ range(2) }} {{ (1, 2) }}", '[1, 2, 3] [["k", "v"]] [0, 1] [1, 2]'),
        ("{{ '%.2f|%5d|%s' % (1.5, 3, true) }} {{ '%(a)s' | format(a=none) }}", "1.50|    3|true null"),
        ("{{ 'aXb'.replace('X', '-') }} {{ 'a b c' | truncate(4, leeway=0) }} {{ 'a,b'.split(',')[1] }}", "a-b a... b"),
        ("{% macro m(a) %}<{{ a }}>{% endmacro %}{{ m(1) }}{{ m(true) }}", "<1><true>"),
        ("{% set ns = namespace(n=0) %}{% for i in range(5) %}{% set ns.n = ns.n + i %}{% endfor %}{{ ns.n }}", "10"),
        ("{% for k, v in d.items() %}{{ k }}={{ v }}{% endfor %} {{ d | tojson }}", 'k=v {"k": "v"}'),
        ("{% filter upper %}abc {{ 1.0 }}{% endfilter %}\n", "ABC 1.0\n"),
        ("{% macro f() %}[{{ caller() }}]{% endmacro %}{% call f() %}in{% endcall %}", "[in]"),
        ("{{ missing | default('none') }} {{ missing is defined }}", "none false"),
        (
            "{{ [{'n': 1}, {'n': 2}] | join('+', attribute='n') }} {{ 2 ** 10 }} {{ 4 ** 0.5 }} {{ 'ab' * 2 }}",
            "1+2 1024 2.0 abab",
        ),
        ("{{ [d, d] | groupby('k') | length }} {{ '<b>' }} {{ 7 // 2 }} {{ -xs[0] }}", "1 <b> 3 -1"),
        ("{% block b %}{{ xs[0] }}{% endblock %}", "1"),
        ("{% for group in [d, d] | groupby('k') %}{{ group.grouper }}{{ group.list | length }}{% endfor %}", "v2"),
        (
            "{{ xs | select('in', [1, 3]) }} {{ 2 in xs }} {{ 'b' not in 'abc' }} {{ 'k' in d }}",
            "[1, 3] true false true",
        ),
        (
            "{{ xs[1:] }} {{ 'abc'[::-1] }} {{ xs | batch(2) }} {{ dict([['a', 1]]) }}",
            '[2, 3] cba [[1, 2], [3]] {"a": 1}',
        ),
        ("{{ xs | sort(reverse=true) }} {{ 'a' | center(width=3) }}!", "[3, 2, 1]  a !"),
        ("{{ 'a-b' | replace(new='+', old='-') }}", "a+b"),
    ],
)
def test_the_usual_things_work(template: str, filled: str) -> None:
    assert render(template, {"xs": [1, 2, 3], "d": {"k": "v"}}) == filled


def test_a_missing_input_is_named() -> None:
    with pytest.raises(NodeFailed, match=r"“animal”.*no input of that name") as caught:
        render("a {{ animal }}", {})
    assert caught.value.code == "missing_input"
    assert code_of("{% if animal %}{% endif %}") == "missing_input"
    assert code_of("{{ [animal] }}") == "missing_input"
    assert code_of("{{ thing.name }}", thing={}) == "missing_input"


@pytest.mark.parametrize(
    "template",
    [
        *(
            "{% if %}",
            "{{ 1 +",
            "{{ x | nonsense }}",
            "{{ 1 / 0 }}",
            "{{ 1 + 'a' }}",
            "{% include 'x' %}",
            "{{ [1] | sum('a') }}",
        ),
        *("{{ [1].append(2) }}", "{{ range(100001) }}", "{{ namespace() }}", "{{ cycler }}", "{{ 2.0 ** 100000 }}"),
        *("{{ [1] | random }}", "{{ lipsum() }}", "{{ 'a' | safe }}", "{{ 'a' | attr('upper') }}"),
    ],
)
def test_what_makes_no_sense_or_is_left_out_is_a_clear_error(template: str) -> None:
    assert code_of(template) in {"bad_template", "missing_input"}


def test_the_line_of_a_mistake_is_named() -> None:
    with pytest.raises(NodeFailed, match="line 2"):
        render("one\n{{ two", {})


@pytest.mark.parametrize(
    "way_out",
    [
        "{{ ''.__class__ }}",
        "{{ x.__class__.__mro__ }}",
        "{{ cycler.__init__.__globals__ }}",
        "{{ x['__class__'] }}",
        "{{ '{0.__class__}'.format(x) }}",
        "{{ '{a.__class__}'.format_map({'a': x}) }}",
        "{% for f in [x.format] %}{{ f(1) }}{% endfor %}",
        "{{ self.__init__ }}",
        "{{ (5).to_bytes(2) }}",
        "{{ dict.mro() }}",
        "{{ ['a'] | map(attribute='__class__') | list }}",
        "{{ loop }}",
    ],
)
def test_no_way_leads_out_of_the_sandbox(way_out: str) -> None:
    assert code_of(way_out, x="text") in {"bad_template", "missing_input"}


LOOPS = "{% for i in range(100000) %}{% for j in range(100000) BODY{% endfor %}{% endfor %}"
GROWTH = "{% set ns = namespace(x=START) %}{% for i in range(60) %}{% set ns.x = MORE %}{% endfor %}{{ ns.x }}"


@pytest.mark.parametrize(
    "bomb",
    [
        "{{ 'a' * 10**9 }}",
        "{{ 10**9 * 'a' }}",
        "{{ [0] * 10**9 }}",
        "{{ 'a' | center(10**9) }}",
        "{{ 'a' | center(width=10**9) }}",
        "{{ '%1000000000d' % 1 }}",
        "{{ '%1000000000d' | format(1) }}",
        "{{ '%*d' % (10**9, 1) }}",
        "{{ '%(a)1000000000s' | format(a=1) }}",
        "{{ 9 ** 9999999 }}",
        "{{ 2 ** 2 ** 2 ** 2 ** 2 ** 2 ** 2 ** 2 ** 2 ** 2 ** 2 ** 2 ** 2 ** 2 ** 2 }}",
        "{{ (10**2999) * (10**2999) }}",
        "{{ 1.5 | round(10**9, 'ceil') }}",
        "{{ 5 | round(-10**9) }}",
        "{{ ('F' * 1000000) | int(0, 16) }}",
        "{{ ('\\n' * 100000) | indent(100000) }}",
        "{{ ('\\n' * 100000) | indent('x' * 100000) }}",
        "{{ ('x' * 1000) | replace('', 'y' * 100000) }}",
        "{{ ('x' * 100000).replace('x', 'y' * 100000) }}",
        "{{ ('a' * 100000).join('b' * 100000) }}",
        "{{ range(100000) | join('b' * 100000) }}",
        "{{ range(100000) | map('center', 1000000) | list }}",
        "{{ [1] | batch(10**9, 0) | list }}",
        "{{ [1] | slice(10**9) | list }}",
        "{{ [[1]] | sum(start=[]) }}",
        LOOPS.replace("BODY", "%}"),
        LOOPS.replace("BODY", "if false %}"),
        LOOPS.replace("BODY", "%}some text"),
        "{% set x %}" + LOOPS.replace("BODY", "%}some text") + "{% endset %}",
        GROWTH.replace("START", "'a'").replace("MORE", "ns.x ~ ns.x"),
        GROWTH.replace("START", "'a'").replace("MORE", "ns.x + ns.x"),
        GROWTH.replace("START", "[1]").replace("MORE", "[ns.x, ns.x]"),
        GROWTH.replace("START", "(1,)").replace("MORE", "(ns.x, ns.x)"),
        GROWTH.replace("START", "{}").replace("MORE", "{'a': ns.x, 'b': ns.x}"),
        GROWTH.replace("START", "{}").replace("MORE", "dict(a=ns.x, b=ns.x)"),
        "{% macro f(n) %}{% if n < 40 %}{{ f(n + 1) }}{{ f(n + 1) }}{% endif %}{% endmacro %}{{ f(0) }}",
        "{% set x = 'a' * 1000000 %}{% for i in range(100) %}{{ x }}{% endfor %}",
    ],
)
def test_bombs_end_early_with_a_clear_error(bomb: str) -> None:
    started = time.monotonic()
    assert code_of(bomb) == "too_large"
    assert time.monotonic() - started < 8


@pytest.mark.parametrize(
    "deep",
    [
        "{{ " + "(" * 3000 + "1" + ")" * 3000 + " }}",
        "{{ " + "[" * 500 + "]" * 500 + " }}",
        "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
        "{% for x in [[]] recursive %}{{ loop([x, x]) }}{% endfor %}",
    ],
)
def test_endless_depth_is_an_error_of_the_template(deep: str) -> None:
    assert code_of(deep) == "bad_template"


def test_slow_searches_are_cut_off_by_the_clock() -> None:
    slow = "{% set x = 'ab' * 400000 %}{% for i in range(100000) %}{% if x.count('ba') %}{% endif %}{% endfor %}"
    with pytest.raises(NodeFailed, match="longer than 5 s"):
        render(slow, {})


def test_output_may_be_as_large_as_the_bound_and_no_larger() -> None:
    assert len(render("{{ x }}", {"x": "a" * MAX_OUTPUT})) == MAX_OUTPUT
    assert code_of("{{ x }}.", x="a" * MAX_OUTPUT) == "too_large"


def test_a_template_may_be_as_long_as_the_bound_and_no_longer() -> None:
    assert render("a" * MAX_TEMPLATE, {}) == "a" * MAX_TEMPLATE
    assert code_of("a" * (MAX_TEMPLATE + 1)) == "too_large"


def test_values_that_are_not_json_are_refused_by_name() -> None:
    with pytest.raises(NodeFailed, match="“picture”") as caught:
        render("{{ picture }}", {"picture": object()})
    assert caught.value.code == "type_mismatch"


def test_a_template_changes_none_of_its_values() -> None:
    xs = [3, 1, 2]
    assert render("{{ xs | sort }}{{ xs | reverse | list }}", {"xs": xs}) == "[1, 2, 3][2, 1, 3]"
    assert xs == [3, 1, 2]
