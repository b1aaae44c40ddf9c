"""The checker finds nothing wrong with a good run, and each violation that is planted in it."""

from collections.abc import Callable
from dataclasses import replace
from math import inf
from pathlib import Path
from typing import Any

import pytest

from runs.telemetry import EMPTY
from tests.journal import book
from tests.journal.book import Kind, Line
from tests.journal.checker import CHECKS, violations
from tests.journal.evidence import Cap, Evidence, Plan, Recorded, Step
from tests.journal.idle import Quiet, idle

SNAPSHOT: dict[str, Any] = {**EMPTY, "text": {"work": "1.0 1.1"}}
LAST_UPDATE = 3


def line(kind: Kind, mono: float, job: str = "a", fence: int = 1, node: str = "") -> Line:
    return Line(kind=kind, job=job, fence=fence, node=node, worker="w", pid=1, mono=mono, wall=1000 + mono)


def attempt(job: str, start: float, fence: int = 1, node: str = "work") -> list[Line]:
    return [
        line("begun", start, job, fence),
        line("effect", start + 0.1, job, fence, node),
        line("tick", start + 0.2, job, fence, node),
        line("done", start + 0.3, job, fence, node),
        line("left", start + 0.4, job, fence),
    ]


def step(job: str, source: str, target: str, at: float) -> Step:
    return Step(job=job, source=source, target=target, at=1000 + at)


def steps(job: str, start: float) -> list[Step]:
    return [step(job, "queued", "running", start), step(job, "running", "completed", start + 0.35)]


def recorded(job: str, place: int, **changed: Any) -> Recorded:
    fields: dict[str, Any] = {
        "id": job,
        "workflow": "w",
        "number": place,
        "place": place,
        "state": "completed",
        "version": 3,
        "fence": 1,
        "error": "",
        "last_id": "1-1",
        "snapshot": SNAPSHOT,
        "made": [["out", "value", 0, "work by 1"]],
    }
    return Recorded(**fields | changed)


def frames(job: str, socket: int = 1) -> list[dict[str, Any]]:
    def told(state: str, version: int) -> dict[str, Any]:
        return {"type": "job", "job_id": job, "version": version, "job": {"state": state}}

    found = [
        told("queued", 1),
        told("running", 2),
        {"type": "snapshot", "id": "1-0", "snapshot": EMPTY},
        {"type": "update", "id": "1-1", "after": "1-0", "text": {"work": "1.0 1.1"}},
        told("completed", 3),
    ]
    return [frame | {"socket": socket} for frame in found]


@pytest.fixture
def good() -> Evidence:
    """Two jobs, one after the other, at a cap of one."""
    return Evidence(
        lines=[*attempt("a", 0), *attempt("b", 1)],
        jobs={"a": recorded("a", 1), "b": recorded("b", 2)},
        steps=[*steps("a", -0.1), *steps("b", 0.9)],
        frames={"a": frames("a"), "b": frames("b")},
        caps=[Cap(value=1, asked=-10, known=-9)],
        accepted={"a", "b"},
        plans={"w": Plan(nodes=("work",))},
    )


def test_a_good_run_is_found_good(good: Evidence) -> None:
    assert violations(good) == {}


def test_a_socket_that_is_opened_anew_may_tell_a_job_from_its_beginning(good: Evidence) -> None:
    good.frames["a"] = [*frames("a")[:-1], *frames("a", socket=2)]
    assert violations(good) == {}


def forget(good: Evidence) -> None:
    del good.jobs["b"]


def leave_waiting(good: Evidence) -> None:
    good.jobs["b"] = recorded("b", 2, state="queued")


def leave_undone(good: Evidence) -> None:
    good.lines = [each for each in good.lines if (each.job, each.kind) != ("b", "done")]


def fail_for_nothing(good: Evidence) -> None:
    good.jobs["b"] = recorded("b", 2, state="failed", error="worker_lost")


def make_one_more(good: Evidence) -> None:
    good.jobs["c"] = recorded("c", 3)


def begin_twice_under_one_fence(good: Evidence) -> None:
    good.lines = [*good.lines, line("begun", 9)]


def keep_a_product_twice(good: Evidence) -> None:
    good.jobs["a"].made.append(good.jobs["a"].made[0])


def repeat_what_is_unsafe(good: Evidence) -> None:
    good.plans["w"] = Plan(nodes=("work",), unsafe=frozenset({"work"}))
    good.lines = good.lines + attempt("a", 5, fence=2)


def overlap_at_cap_one(good: Evidence) -> None:
    good.lines = [*attempt("a", 0), *attempt("b", 0.2)]


def hold_more_slots_than_there_are(good: Evidence) -> None:
    good.steps = [*steps("a", -0.1)[:1], *steps("b", 0.1), *steps("a", 0.2)[1:]]


def let_the_later_go_first(good: Evidence) -> None:
    good.steps = [*steps("b", -0.1), *steps("a", 0.9)]


def end_twice(good: Evidence) -> None:
    good.steps = [*good.steps, step("a", "completed", "failed", 9)]


def end_otherwise_than_told(good: Evidence) -> None:
    good.frames["a"][-1]["job"]["state"] = "failed"


def write_after_the_job_had_passed_on(good: Evidence) -> None:
    good.lines = [*attempt("a", 0), line("begun", 0.15, fence=2), *attempt("b", 1)]


def show_what_a_lost_attempt_made(good: Evidence) -> None:
    good.steps = [step("a", "queued", "running", -5), step("a", "running", "queued", -4), *good.steps]


def tell_an_old_state(good: Evidence) -> None:
    good.frames["a"].pop()


def tell_other_content(good: Evidence) -> None:
    good.frames["a"][LAST_UPDATE]["text"] = {"work": "1.0 "}


def skip_an_update(good: Evidence) -> None:
    good.frames["a"][LAST_UPDATE]["after"] = "1-1"


def let_a_version_fall(good: Evidence) -> None:
    good.frames["a"].insert(2, good.frames["a"][0])


def double_a_word(good: Evidence) -> None:
    good.jobs["a"] = recorded("a", 1, snapshot={**EMPTY, "text": {"work": "1.0 1.0 1.1"}})


def lose_the_last_word(good: Evidence) -> None:
    good.jobs["a"] = recorded("a", 1, snapshot={**EMPTY, "text": {"work": "1.0"}})


@pytest.mark.parametrize(
    ("plant", "promise"),
    [
        (forget, "lost"),
        (leave_waiting, "lost"),
        (leave_undone, "lost"),
        (fail_for_nothing, "lost"),
        (make_one_more, "doubled"),
        (begin_twice_under_one_fence, "doubled"),
        (keep_a_product_twice, "doubled"),
        (repeat_what_is_unsafe, "repeated"),
        (overlap_at_cap_one, "I1, I6: the cap, by the journal"),
        (hold_more_slots_than_there_are, "I1, I3: the cap and the order, by the history"),
        (let_the_later_go_first, "I1, I3: the cap and the order, by the history"),
        (end_twice, "I4: one end"),
        (end_otherwise_than_told, "I4: one end"),
        (write_after_the_job_had_passed_on, "I5: nothing stale"),
        (show_what_a_lost_attempt_made, "I5: nothing stale"),
        (tell_an_old_state, "I7: what is seen"),
        (tell_other_content, "I7: what is seen"),
        (skip_an_update, "I8: telemetry"),
        (let_a_version_fall, "I8: telemetry"),
        (double_a_word, "I8: telemetry"),
        (lose_the_last_word, "I8: telemetry"),
    ],
)
def test_what_is_planted_is_found(good: Evidence, plant: Callable[[Evidence], None], promise: str) -> None:
    plant(good)
    assert promise in violations(good)


def test_no_check_is_without_a_plant() -> None:
    (mark,) = test_what_is_planted_is_found.pytestmark  # type: ignore[attr-defined]
    assert {promise for _, promise in mark.args[1]} == CHECKS.keys()


def test_a_lowered_cap_holds_for_what_begins_after_it(good: Evidence) -> None:
    """What was claimed under the higher cap may begin a moment later, and goes on."""
    four, one = Cap(value=4, asked=-10, known=-9), Cap(value=1, asked=0.5, known=0.6)
    side_by_side = [*attempt("a", 0), *attempt("b", 0.2)]
    assert violations(replace(good, lines=side_by_side, caps=[four, one])) == {}
    later = [replace(each, mono=each.mono + 9) for each in side_by_side]
    assert violations(replace(good, lines=later, caps=[four, one])).keys() == {"I1, I6: the cap, by the journal"}


def test_a_cap_that_nobody_told_of_may_be_in_force_or_not(good: Evidence) -> None:
    one, four = Cap(value=1, asked=-10, known=-9), Cap(value=4, asked=-8, known=inf)
    side_by_side = [*attempt("a", 0), *attempt("b", 0.2)]
    assert violations(replace(good, lines=side_by_side, caps=[one, four])) == {}
    assert violations(replace(good, lines=side_by_side, caps=[four, one])).keys() == {"I1, I6: the cap, by the journal"}
    assert violations(replace(good, lines=side_by_side, caps=[one, replace(four, asked=7)])) != {}


def test_a_free_slot_is_idle_from_when_it_or_the_job_is_there_until_the_next_start(good: Evidence) -> None:
    one = [line("begun", -9), line("left", 9)]
    waits = [step(job, "", "queued", at) for job, at in (("a", 0.0), ("b", 0.1), ("c", 0.2))]
    good.steps = [*waits, *steps("a", 0.5), step("b", "queued", "running", 1.25)]
    good.lines = one
    assert idle(good, [Quiet(999, 1009, 1)]) == pytest.approx([0.5, 0.4])
    assert idle(good, [Quiet(999, 1009, 4)]) == pytest.approx([0.5, 0.4])  # there is but one worker
    assert idle(good, [Quiet(1000.6, 1001.1, 1), Quiet(1001.1, 1009, 1)]) == []
    good.lines = [*one, *[replace(each, worker="v") for each in one]]
    assert idle(good, [Quiet(999, 1009, 4)]) == pytest.approx([0.5, 0.75])


def test_an_attempt_that_died_at_once_takes_no_slot_for_ever(good: Evidence) -> None:
    again = [*steps("b", 0.9)[:1], step("b", "running", "queued", 0.95), *steps("b", 1.9)]
    good.lines = [*attempt("a", 0), line("begun", 1, "b"), *attempt("b", 2, fence=2)]
    good.steps = [*steps("a", -0.1), *again]
    assert "I1, I6: the cap, by the journal" not in violations(good)


def test_the_journal_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    assert book.read(path) == []
    book.write(path, "begun", job="a", fence=1, worker="w")
    book.write(path, "effect", job="a", fence=1, worker="w", node="work")
    first, second = book.read(path)
    assert (first.kind, first.job, first.fence, first.worker) == ("begun", "a", 1, "w")
    assert (second.kind, second.node) == ("effect", "work")
    assert second.mono >= first.mono
    assert first.pid == second.pid


def test_a_line_that_is_halved_was_not_written_and_takes_no_other_with_it(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    for job in ("a", "b", "c"):
        book.write(path, "begun", job=job, fence=1, worker="w")
        path.write_bytes(path.read_bytes()[: -20 if job == "b" else None])
        assert [line.job for line in book.read(path)] == {"a": ["a"], "b": ["a"], "c": ["a", "c"]}[job]
