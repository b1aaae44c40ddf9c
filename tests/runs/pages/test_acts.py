"""What a node did besides its work, as its telemetry tells it."""

from typing import Any

import pytest

from runs.pages import acts, markup
from runs.telemetry import EMPTY


def told(**telemetry: Any) -> acts.Acts:
    return acts.of({**EMPTY, **telemetry}, "n")


def call(number: int, result: object = None, node: str = "n") -> dict[str, Any]:
    return {"node": node, "id": str(number), "tool": "search", "arguments": {"q": number}, "result": result}


def test_a_call_is_one_though_it_is_told_with_its_result_again() -> None:
    found = told(calls=[call(1), call(2), call(1, ["a"]), call(9, node="other")])
    assert [(each.id, each.result, each.done) for each in found.calls] == [("1", ["a"], True), ("2", None, False)]
    assert found.called == 2


def test_the_newest_calls_are_shown_and_all_counted() -> None:
    found = told(calls=[call(number, 1) for number in range(acts.SHOWN + 5)])
    assert (len(found.calls), found.called, found.calls[0].id) == (acts.SHOWN, acts.SHOWN + 5, "5")


def test_a_plan_says_how_far_it_is_and_what_is_being_done() -> None:
    states = ("completed", "skipped", "running", "waiting")
    found = told(plan=[{"node": "n", "task": state, "state": state} for state in states])
    assert (found.done, found.doing) == (2, "running")


def test_tokens_add_up_where_they_were_counted() -> None:
    asked = [{"node": "n", "provider": "p", "model": "m", "status": "completed", "tokens": each} for each in (3, None)]
    assert (told(providers=asked).tokens, told(providers=asked[1:]).tokens) == (3, None)


def test_a_log_says_how_grave_it_is() -> None:
    lines = [{"node": "n", "level": level, "at": "", "message": ""} for level in ("info", "error", "warning")]
    assert (told(logs=lines).worst, told(logs=lines[:1]).worst) == ("error", "")


def test_a_node_that_did_nothing_besides_has_nothing_to_show() -> None:
    assert not told(calls=[call(1, node="other")])


def test_a_batch_names_the_nodes_that_it_tells_of() -> None:
    batch = {"calls": [call(1)], "logs": [{"node": None}, {"node": "b"}], "nodes": {"c": {}}}
    assert acts.changed(batch) == {"n", "b"}


@pytest.mark.parametrize(
    ("amount", "text"),
    [(None, ""), (0, "$0.00"), (0.00001, "<$0.0001"), (0.0012, "$0.0012"), (0.25, "$0.25"), (12.345, "$12.35")],
)
def test_money_has_as_many_digits_as_it_needs(amount: float | None, text: str) -> None:
    assert markup.money(amount) == text
