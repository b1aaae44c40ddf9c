"""What a run says is gathered from all its threads, and bounded whatever a node does."""

import json
import threading

import pytest

from runs.telemetry import LOGS_KEPT
from runs.worker.pending import CALLS_KEPT, CUT, MESSAGE_KEPT, TASK_KEPT, TEXT_KEPT, Pending, shown


def test_only_the_newest_of_each_field_is_told() -> None:
    pending = Pending()
    pending.node("a", {"status": "running", "progress": [1, 9]})
    pending.node("a", {"progress": [2, 9]})
    pending.edge("e", {"state": "active", "count": 1})
    pending.edge("e", {"count": 2})
    pending.value("a", "value", 1)
    pending.value("a", "value", 2)
    assert pending.take() == {
        "nodes": {"a": {"status": "running", "progress": [2, 9]}},
        "edges": {"e": {"state": "active", "count": 2}},
        "values": {"a": {"value": 2}},
    }


def test_what_was_taken_is_not_told_again() -> None:
    pending = Pending()
    pending.text("a", "once")
    assert pending.take() == {"text": {"a": "once"}}
    assert pending.take() == {}


def test_costs_add_up_over_batches() -> None:
    pending = Pending()
    pending.cost("a", 0.25)
    assert pending.take()["nodes"]["a"] == {"cost": 0.25}
    pending.cost("a", 0.5)
    assert pending.take()["nodes"]["a"] == {"cost": 0.75}


def test_text_appends_until_it_is_too_long_to_be_shown() -> None:
    pending = Pending()
    pending.text("a", "x" * (TEXT_KEPT - 1))
    pending.text("b", "short")
    assert len(pending.take()["text"]["a"]) == TEXT_KEPT - 1
    pending.text("a", "yz")
    pending.text("a", "never")
    assert pending.take() == {"text": {"a": "y" + CUT}}


def test_a_node_that_prints_without_end_costs_little_memory() -> None:
    pending = Pending()
    for number in range(3 * LOGS_KEPT):
        pending.log("a", "info", f"{number} " * MESSAGE_KEPT)
    logs = pending.take()["logs"]
    assert len(logs) == LOGS_KEPT
    assert logs[-1]["message"].startswith(f"{3 * LOGS_KEPT - 1} ")
    assert max(len(line["message"]) for line in logs) == MESSAGE_KEPT


def test_calls_and_providers_are_told_in_order_until_they_are_too_many() -> None:
    pending = Pending()
    for number in range(CALLS_KEPT + 9):
        pending.call("a", str(number), {"tool": "t", "arguments": {"n": number}, "result": None})
        pending.provider("a", {"provider": "p", "model": "m", "status": "completed", "tokens": 1, "cost": None})
    batch = pending.take()
    assert batch["calls"][1] == {"node": "a", "id": "1", "tool": "t", "arguments": {"n": 1}, "result": None}
    assert (len(batch["calls"]), len(batch["providers"])) == (CALLS_KEPT, CALLS_KEPT)
    pending.call("a", "more", {"tool": "t", "arguments": None, "result": None})
    assert pending.take() == {}


def test_the_plan_of_a_job_is_that_of_all_its_nodes_with_the_newest_of_each() -> None:
    pending = Pending()
    pending.plan("a", [("one", "running"), ("two", "waiting")])
    pending.plan("b", [("b" * 999, "waiting")])
    assert len(pending.take()["plan"]) == 3
    pending.plan("a", [("one", "completed")])
    assert pending.take()["plan"] == [
        {"node": "a", "task": "one", "state": "completed"},
        {"node": "b", "task": "b" * TASK_KEPT, "state": "waiting"},
    ]
    assert pending.take() == {}


@pytest.mark.parametrize("value", [{"a": [1, None, "x"]}, "text", None, 2.5, True])
def test_what_a_tool_was_given_is_kept_where_it_is_small(value: object) -> None:
    assert shown(value) == value


def test_of_what_is_large_or_no_json_the_beginning_is_kept_as_text() -> None:
    circle: list[object] = []
    circle.append(circle)
    for value in ("x" * 99_999, {"x": "y" * 99_999}, {"x": object()}, {(1, 2): 3, "\0": "\0"}, circle, float("nan")):
        text = shown(value)
        assert isinstance(text, str)
        assert len(text) <= MESSAGE_KEPT + len(CUT)
        assert "\0" not in text
        json.dumps(text)


def test_nothing_is_lost_between_threads() -> None:
    pending = Pending()

    def speak() -> None:
        for _ in range(2_000):
            pending.text("a", ".")

    threads = [threading.Thread(target=speak) for _ in range(4)]
    for thread in threads:
        thread.start()
    told = 0
    while any(thread.is_alive() for thread in threads):
        told += len(pending.take().get("text", {}).get("a", ""))
    told += len(pending.take().get("text", {}).get("a", ""))
    assert told == 8_000
