"""The fold is the only place that knows what a batch means: these are its rules."""

import copy
from typing import Any

import pytest
from hypothesis import given, strategies as st

from runs.telemetry import EMPTY, LOGS_KEPT, NOTHING, TelemetryId, closing, fold, merge, progress

names = st.sampled_from(["n1", "n2", "n3"])
fields = st.dictionaries(
    st.sampled_from(["status", "progress", "error"]), st.none() | st.integers() | st.text(max_size=3)
)
parts = {
    "nodes": st.dictionaries(names, fields),
    "edges": st.dictionaries(names, fields),
    "values": st.dictionaries(names, fields),
    "text": st.dictionaries(names, st.text(max_size=3)),
    "products": st.lists(st.integers(), max_size=3),
    "logs": st.lists(st.integers(), max_size=3),
    "calls": st.lists(st.integers(), max_size=3),
    "plan": st.none() | st.lists(st.integers(), max_size=3),
    "providers": st.lists(st.integers(), max_size=3),
}
batches = st.fixed_dictionaries({}, optional=parts)


@given(batches, batches, batches)
def test_folding_two_batches_is_folding_their_merge(
    start: dict[str, Any], first: dict[str, Any], second: dict[str, Any]
) -> None:
    snapshot = fold(EMPTY, start)
    assert fold(fold(snapshot, first), second) == fold(snapshot, merge(first, second))


@given(batches, batches, batches)
def test_merging_is_associative(first: dict[str, Any], second: dict[str, Any], third: dict[str, Any]) -> None:
    assert merge(merge(first, second), third) == merge(first, merge(second, third))


@given(batches, batches)
def test_fold_and_merge_change_neither_of_their_arguments(first: dict[str, Any], second: dict[str, Any]) -> None:
    snapshot = fold(EMPTY, first)
    before = copy.deepcopy((snapshot, first, second))
    fold(snapshot, second)
    merge(first, second)
    assert (snapshot, first, second) == before


@given(st.lists(batches, max_size=4))
def test_a_snapshot_always_has_every_key_and_no_null(told: list[dict[str, Any]]) -> None:
    snapshot = EMPTY
    for batch in told:
        snapshot = fold(snapshot, batch)
    assert list(snapshot) == list(EMPTY)
    assert snapshot["plan"] is not None
    assert all(None not in node.values() for key in ("nodes", "edges", "values") for node in snapshot[key].values())


def test_a_batch_replaces_only_the_fields_that_it_names() -> None:
    snapshot = fold(EMPTY, {"nodes": {"a": {"status": "running", "progress": [1, 4]}, "b": {"status": "waiting"}}})
    folded = fold(snapshot, {"nodes": {"a": {"progress": [2, 4]}}})
    assert folded["nodes"] == {"a": {"status": "running", "progress": [2, 4]}, "b": {"status": "waiting"}}


def test_null_clears_a_field() -> None:
    snapshot = fold(EMPTY, {"nodes": {"a": {"status": "failed", "error": {"code": "x"}}}, "plan": [1]})
    folded = fold(snapshot, {"nodes": {"a": {"error": None}}, "plan": None})
    assert folded["nodes"] == {"a": {"status": "failed"}}
    assert folded["plan"] == []


def test_text_appends_and_lists_extend_in_their_order() -> None:
    told = {"text": {"a": "one "}, "products": [1], "logs": ["x"], "calls": [1], "providers": [1], "plan": ["old"]}
    more = {"text": {"a": "two"}, "products": [2], "logs": ["y"], "calls": [2], "providers": [2], "plan": ["new"]}
    folded = fold(fold(EMPTY, told), more)
    assert folded["text"] == {"a": "one two"}
    assert folded["logs"] == ["x", "y"]
    assert [folded[key] for key in ("products", "calls", "providers")] == [[1, 2]] * 3
    assert folded["plan"] == ["new"]


def test_only_the_newest_thousand_log_lines_stay() -> None:
    lines = list(range(LOGS_KEPT + 250))
    folded = fold(fold(EMPTY, {"logs": lines[:700]}), {"logs": lines[700:]})
    assert folded["logs"] == lines[250:]


def test_what_a_batch_has_beyond_the_contract_is_left_out() -> None:
    assert fold(EMPTY, {"surprise": {"a": 1}}) == EMPTY


@given(st.integers(0, 10**18 - 1), st.integers(0, 10**18 - 1))
def test_an_id_is_read_as_it_is_written(fence: int, seq: int) -> None:
    assert TelemetryId.parse(str(TelemetryId(fence, seq))) == (fence, seq)


@pytest.mark.parametrize(
    "text", ["", "1", "1-", "-1", "1-2-3", "a-1", "1-2\n", " 1-2", "\u0661-\u0662", "1" * 19 + "-0"]
)
def test_what_is_no_id_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="give <fence>-<seq>"):
        TelemetryId.parse(text)


def test_ids_are_ordered_by_fence_and_then_by_seq() -> None:
    assert NOTHING < TelemetryId(1, 0) < TelemetryId(1, 2) < TelemetryId(1, 10) < TelemetryId(2, 0)
    assert TelemetryId(3, 9).next() == TelemetryId(3, 10)


def test_progress_weighs_every_node_the_same() -> None:
    nodes = {
        "done": {"status": "completed"},
        "half": {"status": "running", "progress": [5, 10]},
        "begun": {"status": "running"},
        "odd": {"status": "running", "progress": [3, 0]},
    }
    assert progress(fold(EMPTY, {"nodes": nodes}), 5) == pytest.approx(0.3)


def test_a_cancelled_run_stays_as_far_as_it_came() -> None:
    nodes = {
        "done": {"status": "completed"},
        "stopped": {"status": "cancelled", "progress": [1, 2]},
        "never": {"status": "skipped"},
    }
    assert progress(fold(EMPTY, {"nodes": nodes}), 3) == 0.5


def test_progress_never_passes_its_bounds() -> None:
    nodes = {"a": {"status": "running", "progress": [7, 2]}, "b": {"status": "running", "progress": [-7, 2]}}
    assert progress(fold(EMPTY, {"nodes": nodes}), 2) == 0.5


def test_an_empty_graph_has_no_progress() -> None:
    assert progress(EMPTY, 0) is None


def test_closing_leaves_nothing_open() -> None:
    nodes = {name: {"status": name} for name in ("waiting", "running", "completed", "bypassed")}
    edges = {"flowing": {"state": "active", "count": 2}, "done": {"state": "completed"}}
    snapshot = fold(EMPTY, {"nodes": {**nodes, "unheard": {"elapsed_ms": 1}}, "edges": edges})
    closed = fold(snapshot, closing(snapshot, "cancelled"))
    statuses = {name: node.get("status") for name, node in closed["nodes"].items()}
    assert statuses == {
        "waiting": "skipped",
        "running": "cancelled",
        "completed": "completed",
        "bypassed": "bypassed",
        "unheard": None,
    }
    assert closed["edges"] == {"flowing": {"state": "drained", "count": 2}, "done": {"state": "completed"}}
