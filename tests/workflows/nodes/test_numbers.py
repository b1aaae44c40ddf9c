import math
import time
from typing import Any

import pytest

from tests.workflows.drawing import draw
from tests.workflows.witness import Witness
from workflows import engine
from workflows.errors import NodeFailed
from workflows.nodes.arithmetic import MAX_DEPTH, MAX_LENGTH
from workflows.nodes.numbers import calculate
from workflows.registry import registry


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("1 + 2 * 3", 7),
        ("(1 + 2) * 3", 9),
        ("7 / 2", 3.5),
        ("7 // 2", 3),
        ("-7 % 3", 2),
        ("2 ** 10", 1024),
        ("2 ** -1", 0.5),
        ("+a - -b", 11),
        ("a if a > b else b", 8),
        ("1 if 1 < b <= 3 and not a == 8 or b != 3 else 0", 0),
        ("min(a, b, 2) + max(a, b)", 10),
        ("round(2.567, 1)", 2.6),
        ("round(a / b)", 3),
        ("floor(2.5) + ceil(2.5)", 5),
        ("sqrt(16) + abs(-1)", 5),
        ("cos(tau)", 1),
        ("log(8, 2)", 3),
        ("a\n  + b", 11),
    ],
)
def test_arithmetic_comes_to_what_it_should(expression: str, value: float) -> None:
    assert calculate(expression, a=8, b=3) == pytest.approx(value)


def test_whole_numbers_stay_whole_and_names_of_ones_own_come_first() -> None:
    assert isinstance(calculate("a * 2", a=3), int)
    assert calculate("pi", pi=3) == 3
    assert calculate("pi") == math.pi
    assert calculate("min(min, 5)", min=9) == 5


@pytest.mark.parametrize(
    ("expression", "code", "said"),
    [
        ("a + lacking", "missing_input", "“lacking”"),
        ("a / zero", "division_by_zero", "“a / zero” divides by zero"),
        ("a % zero", "division_by_zero", "divides by zero"),
        ("zero ** -1", "division_by_zero", "divides by zero"),
        ("log(2, 1)", "division_by_zero", "divides by zero"),
        ("sqrt(-1)", "bad_value", r"“sqrt\(-1\)” has no value"),
        ("log(zero)", "bad_value", "has no value"),
        ("(-8) ** 0.5", "bad_value", "has no value"),
        ("word * 3", "type_mismatch", "of type text came to “word”"),
        ("switch + 1", "type_mismatch", "of type boolean came to “switch”"),
        ("nothing + 1", "type_mismatch", "came to “nothing”"),
        ("a +", "bad_expression", "cannot be read"),
        ("", "bad_expression", "cannot be read"),
        ("a\x00", "bad_expression", "cannot be read"),
        ("a > 3", "bad_expression", "true or false"),
        ("'a' * 3", "bad_expression", "is no arithmetic"),
        ("1j", "bad_expression", "is no arithmetic"),
        ("[a]", "bad_expression", "is no arithmetic"),
        ("a << 3", "bad_expression", "is no arithmetic"),
        ("a is a", "bad_expression", "is no arithmetic"),
        ("a.real", "bad_expression", "is no arithmetic"),
        ("a + (a << 3) + a", "bad_expression", r"“a << 3” is no"),
        ("(lambda: 1)()", "bad_expression", "is no arithmetic"),
        ("sum(i for i in a)", "bad_expression", "no function “sum”"),
        ("max(*a, 1)", "bad_expression", "is no arithmetic"),
        ("round(a, ndigits=2)", "bad_expression", "is no arithmetic"),
        ("(a := 3)", "bad_expression", "is no arithmetic"),
        ("__import__(1)", "bad_expression", "no function “__import__”"),
        ("factorial(100000)", "bad_expression", "no function “factorial”"),
        ("abs(1, 2)", "bad_expression", "“abs” takes 1 numbers, not 2"),
        ("round()", "bad_expression", "takes 1 or 2 numbers, not 0"),
        ("max(a)", "bad_expression", "takes 2 or more numbers, not 1"),
        ("round(a, 1000000000)", "bad_value", "has no value"),
        ("round(a, 0.5)", "bad_value", "has no value"),
    ],
)
def test_what_cannot_be_worked_out_says_why(expression: str, code: str, said: str) -> None:
    with pytest.raises(NodeFailed, match=said) as failed:
        calculate(expression, a=8, zero=0, word="hello", switch=True, nothing=None)
    assert failed.value.code == code


@pytest.mark.parametrize(
    "expression",
    [
        "9 ** 9 ** 9 ** 9",
        "10 ** 400",
        "1e999",
        "1e300 * 1e300",
        "1e308 ** 2.0",
        "exp(1000)",
        "2 ** 1024",
        "big * big * big * big * big",
        "9" * 400,
        "(" * (MAX_DEPTH * 3) + "1" + ")" * (MAX_DEPTH * 3) + " + " + "-" * (MAX_DEPTH + 1) + "1",
        "-" * (MAX_LENGTH - 1) + "1",
        "(" * 499 + "1" + ")" * 499,
        "1" + "+1" * MAX_LENGTH,
        "~" + "-" * 900 + "1",
        "**".join("9" * 400),
    ],
)
def test_what_would_take_for_ever_fails_at_once(expression: str) -> None:
    started = time.process_time()
    with pytest.raises(NodeFailed) as failed:
        calculate(expression, big=2**500)
    assert failed.value.code in {"too_large", "bad_expression"}
    assert time.process_time() - started < 0.25


def test_what_is_just_within_the_bounds_is_worked_out() -> None:
    assert calculate("2 ** 1023") == 2**1023
    assert calculate("-" * (MAX_DEPTH - 1) + "a", a=1) == -1
    assert calculate("+".join("a" * 500), a=1) == 500
    assert calculate("(" * 150 + "1" + ")+1" * 150) == 151
    assert calculate("a" + " " * (MAX_LENGTH - 1), a=1) == 1
    assert calculate("1 ** 1000000000 + (-1) ** 1000000001 + 0 ** 1000000000") == 0


async def test_inputs_of_ones_own_come_along_edges_and_from_properties() -> None:
    nodes: dict[str, Any] = {
        "width": ("input.integer", {"name": "width", "value": 512}),
        "half": ("number.calculate", {"expression": "width // parts", "parts": 2}),
        "text": ("text.template", {"template": "{{ value }} px"}),
    }
    edges = ("width.value > half.width", "half.value > text.value")
    graph = draw(nodes, *edges, half={"dynamic_inputs": ["width", "parts"]}, text={"dynamic_inputs": ["value"]})
    witness = Witness()
    await engine.run(graph, registry, witness)
    assert witness.made("half") == [256]
    assert witness.made("text", "text") == ["256 px"]
