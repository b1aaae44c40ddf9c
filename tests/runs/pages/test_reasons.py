"""Why something was left out is said where it is missing, as one who does not know the engine understands it."""

from typing import Any

import pytest

from runs.pages import drawing, reasons
from runs.telemetry import EMPTY, Snapshot
from tests.runs.jobs import graph
from workflows import graph as graphs

DOCUMENT = graph(
    {
        "cover": ("input.boolean", {"name": "cover", "value": False}),
        "paint": ("image.noise", {}),
        "choose": ("control.if", {}),
        "soft": ("image.blur", {}),
        "out": ("output.result", {"name": "cover"}),
    },
    "cover.value > choose.condition",
    "paint.image > choose.value",
    "choose.then > soft.image",
    "soft.image > out.value",
)
DOCUMENT["nodes"][0]["title"] = "With a cover?"
DRAWN = drawing.draw(graphs.parse(DOCUMENT))


def told(counts: dict[str, int], **statuses: str) -> Snapshot:
    nodes: dict[str, Any] = {node: {"status": status} for node, status in statuses.items()}
    edges = {edge: {"state": "completed", "count": count} for edge, count in counts.items()}
    return {**EMPTY, "nodes": nodes, "edges": edges}


OFF = told(
    {"e0": 1, "e1": 1, "e2": 0}, cover="completed", paint="completed", choose="completed", soft="skipped", out="skipped"
)
BROKEN = told({"e0": 1}, cover="completed", paint="failed", choose="skipped", soft="skipped", out="skipped")
STOPPED = told({"e0": 1}, cover="completed", paint="cancelled", choose="skipped", soft="skipped", out="skipped")


@pytest.mark.parametrize(
    ("node", "snapshot", "why"),
    [
        ("soft", OFF, "left out: “With a cover?” is off"),
        ("out", OFF, "needs a picture from “Blur”"),
        ("choose", BROKEN, "needs a picture from “Noise”"),
        ("soft", EMPTY, ""),
    ],
)
def test_a_skipped_node_says_what_it_had_needed(node: str, snapshot: Snapshot, why: str) -> None:
    assert reasons.why_skipped(node, DRAWN, snapshot) == why


@pytest.mark.parametrize(
    ("snapshot", "why"),
    [
        (OFF, "left out: “With a cover?” is off"),
        (BROKEN, "needs “Noise”, which failed"),
        (STOPPED, "needs “Noise”, which was stopped"),
        (EMPTY, "not reached"),
    ],
)
def test_a_missing_result_says_where_that_began(snapshot: Snapshot, why: str) -> None:
    assert reasons.why_missing("out", DRAWN, snapshot) == why


def test_results_behind_a_stream_may_be_many_until_they_are_collected() -> None:
    document = graph(
        {
            "split": ("text.split", {"text": "a\nb"}),
            "say": ("text.stream", {}),
            "each": ("output.result", {"name": "each"}),
            "gather": ("list.collect", {}),
            "all": ("output.result", {"name": "all"}),
        },
        "split.item > say.text",
        "say.text > each.value",
        "say.text > gather.item",
        "gather.items > all.value",
    )
    assert drawing.draw(graphs.parse(document)).many == {"say", "each"}
