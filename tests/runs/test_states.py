"""The table of transitions, pair by pair, in code and in the document."""

import re
from pathlib import Path

import pytest

from runs.states import ACTIVE, HOLDING, TERMINAL, TRANSITIONS, WAITING, State, allowed

ALLOWED = {
    ("queued", "running"),
    ("queued", "cancelled"),
    ("running", "completed"),
    ("running", "failed"),
    ("running", "cancelled"),
    ("running", "cancelling"),
    ("running", "queued"),
    ("cancelling", "cancelled"),
    ("cancelling", "completed"),
    ("cancelling", "failed"),
}
PAIRS = [(source, target) for source in State for target in State]


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_every_pair_of_states_is_allowed_or_refused_as_the_design_says(source: State, target: State) -> None:
    assert allowed(source, target) == ((source, target) in ALLOWED)


def test_terminal_is_for_ever() -> None:
    assert all(not TRANSITIONS[state] for state in TERMINAL)


def test_every_state_is_waiting_holding_or_terminal() -> None:
    assert sorted([*WAITING, *HOLDING, *TERMINAL]) == sorted(State)
    assert ACTIVE == WAITING | HOLDING


def test_the_document_has_the_same_table() -> None:
    text = (Path(__file__).parents[2] / "docs" / "job_lifecycle.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \|", text, flags=re.MULTILINE)
    assert {(source, target) for source, cell in rows for target in re.findall(r"`(\w+)`", cell)} == ALLOWED
