"""What a run says is gathered from all its threads, and bounded whatever a node does."""

import threading

from runs.telemetry import LOGS_KEPT
from runs.worker.pending import CUT, MESSAGE_KEPT, TEXT_KEPT, Pending


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
