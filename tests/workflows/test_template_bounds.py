"""Templates that would run or grow for ever: each ends in time, in little memory, and says why."""

import json
import subprocess
import sys

import pytest

from workflows.errors import NodeFailed
from workflows.meter import MAX_SECONDS
from workflows.templating import render

ENDS_WITHIN = 2 * MAX_SECONDS + 2
"""Seconds, of which the compiling is not on the template's own clock."""
LIST = "range(99999) | map('string') | list"
LONG = "{% set x = 'ab ' * 300000 %}{% set x = x ~ x ~ x ~ x ~ x ~ x ~ x ~ x ~ x %}"
COPIES = "".join(f"{{% set a{number} = x[1:] %}}" for number in range(4000))

TOO_MUCH = [
    "{{ range(99999) | select('in', range(99999) | map('string') | list) | list | length }}",
    "{% set l = " + LIST + " %}{% for i in range(99999) %}{{ 'x' if i in l }}{% endfor %}",
    "{% set l = " + LIST + " %}{% for i in range(99999) if i not in l %}{% endfor %}",
    "{% set l = " + LIST + " %}{% for i in range(99999) if i is in(l) %}{% endfor %}",
    "{{ range(99999) | sort(attribute='" + "a," * 40000 + "a') | length }}",
    *(
        "{{ ([range(99999)] * 300) | map('" + inner + "') | map('list') | list | length }}"
        for inner in (
            "sort",
            "sum",
            "join",
            "unique",
            "max",
            "reverse",
            "batch', 1, '",
            "select', 'odd",
            "map', 'string",
        )
    ),
    "{% set r = range(99999) %}{% for i in range(9999) %}{{ r | unique | first }}{% endfor %}",
    "{% set r = range(99999) %}{% for i in range(9999) %}{{ r | slice(9) | first }}{% endfor %}",
    "{{ [range(100000)] * 100000 }}",
    "{{ range(10 ** 2999, 10 ** 2999 + 99999) }}",
    "{% set x = [10 ** 2999] * 9000 %}{{ x }}{{ x | join | length }}{{ x | upper | length }}",
    "{{ ('a' * 500000).rfind('ab' + 'a' * 250000) }}",
    "{{ ('a' * 500000).rsplit('ab' + 'a' * 250000) }}",
    "{{ ('a' * 500000).rpartition('ab' + 'a' * 250000) }}",
    "{{ ('a' * 1000000).strip('b' * 1000000 + 'a') }}",
    "{{ ('a' * 1000000) | trim('b' * 1000000 + 'a') }}",
    "{{ ('\\n' * 100000) | indent(first=true, width='x' * 100000) }}",
    "{{ ('x' * 1000000) | replace(new='y' * 100000, old='x') }}",
    "{{ [1] | batch(fill_with=0, linecount=10**9) | list }}",
    "{{ [1] | slice(fill_with=0, slices=10**9) | list }}",
    "{{ ('%f' * 400000) | format(*([1e308] * 400000)) }}",
    "{{ ('%(a)s' * 100) | format(a='x' * 1000000) }}",
    "{% set x = 'a' * 1000000 %}" + COPIES,
    "{% set x = [0] * 1000000 %}" + COPIES,
    "{% macro f() %}{{ f(*varargs) }}{% endmacro %}{{ f(*([0] * 1000000)) }}",
    "{% macro f(n) %}{{ f(n - 1, varargs, varargs) if n else varargs in {} }}{% endmacro %}{{ f(60, 1) }}",
    "{% macro f() %}{{ caller() }}{{ caller() }}{% endmacro %}"
    + "{% call f() %}" * 20
    + "some text"
    + "{% endcall %}" * 20,
    "{{ dict(colliding) }}",
    "{{ colliding | map('first') | unique | list | length }}",
    LONG + "{{ x | title | length }}",
    LONG + "{{ x | wordcount }}",
    LONG + "{{ x.split() | length }}",
    LONG + "{{ x | list | length }}",
    LONG + "{{ x + x + x + x + x + x + x + x }}",
    "{{ ('ä' * 1000000) | urlencode }}",
    "{{ ('1' * 1000000) | int(0, 2) }}",
    "{{ '%.9999999f' % 1.1 }}",
]
NO_SENSE = [
    "{{ (['{:1000000000}'] | map(attribute='format') | first)(1) }}",
    "{{ (['a'] | map(attribute='zfill') | first)(10 ** 9) }}",
    "{{ 'a' | truncate(1, end='.....') }}",
    "{% for a in range(9) %}" * 25 + "{% endfor %}" * 25,
    "{% if 1 %}" * 150 + "{% endif %}" * 150,
    "{% for a in range(99999) %}{{ loop }}{% endfor %}",
    "{{ 'a' | urlize }}",
    "{{ 'a' | wordwrap(1) }}",
    "{{ {} | xmlattr }}",
]
CHILD = """
import json, psutil, re, sys, time
from pathlib import Path
from workflows.errors import NodeFailed
from workflows.meter import MAX_SECONDS
from workflows.templating import render

colliding = [[number * (2**61 - 1), 0] for number in range(1, 60_000)]
for template in json.load(sys.stdin):
    started, code = time.process_time(), "none"
    try:
        render(template, {"colliding": colliding} if "colliding" in template else {})
    except NodeFailed as error:
        code = error.code
    # getrusage would tell of the process that started this one too.
    status = Path("/proc/self/status")
    peak = int(re.search(r"VmHWM:\\s+(\\d+)", status.read_text())[1]) * 1024 if status.exists() else 0
    told = max(peak, psutil.Process().memory_info().rss) // 1024**2
    print(json.dumps([code, time.process_time() - started, told]), flush=True)
"""


@pytest.mark.parametrize(
    ("hostile", "code"),
    [
        pytest.param(TOO_MUCH[:14], "too_large", id="items"),
        pytest.param(TOO_MUCH[14:], "too_large", id="sizes"),
        pytest.param(NO_SENSE, "bad_template", id="ways around"),
    ],
)
def test_hostile_templates_end_in_time_and_in_little_memory(hostile: list[str], code: str) -> None:
    child = [sys.executable, "-c", CHILD]
    done = subprocess.run(child, input=json.dumps(hostile), capture_output=True, text=True, check=False)
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(told) == len(hostile), done.stderr[-2000:]
    for template, (ended, seconds, megabytes) in zip(hostile, told, strict=True):
        assert (ended, seconds < ENDS_WITHIN, megabytes < 500) == (code, True, True), (
            template[:200],
            seconds,
            megabytes,
        )


@pytest.mark.parametrize(
    "refund",
    [
        *("{{ (0 - 10**15) | " + name + " }}" for name in ("_step", "_charge", "_concat", "step", "charge")),
        *("{{ [0 - 10**15] | map('" + name + "') | list }}" for name in ("_step", "meter.step", " step", "_charge")),
        "{{ meter.step(0 - 10**15) }}",
        "{{ environment.meter.step(0 - 10**15) }}",
        "{{ self.meter }}",
    ],
)
def test_no_template_can_speak_to_its_meter(refund: str) -> None:
    with pytest.raises(NodeFailed) as caught:
        render(refund, {})
    assert caught.value.code in {"bad_template", "missing_input"}


@pytest.mark.parametrize(
    "number",
    [
        "1e300 * 1e300",
        "1e999",
        "[1e999]",
        "(1e300 * 1e300) - (1e300 * 1e300)",
        "'nan' | float",
        "'inf' | float",
        "[1e300 * 1e300] | join",
        "[1e308, 1e308] | sum",
        "1e300 * 1e300 > 1",
    ],
)
def test_numbers_that_json_cannot_write_are_errors(number: str) -> None:
    with pytest.raises(NodeFailed, match="infinite") as caught:
        render("{{ " + number + " }}", {})
    assert caught.value.code == "bad_template"
