"""`make prove` says what it has tried, on both databases, and how to repeat what it has found."""

import sys
from collections import Counter
from collections.abc import Sequence

import pytest

from tests import prove
from tests.prove import Tried

Rounds = list[tuple[str, int, Sequence[str]]]


@pytest.fixture
def rounds(monkeypatch: pytest.MonkeyPatch) -> Rounds:
    """The rounds that were played: database, seed, properties. That of seed 8 on PostgreSQL finds something."""
    played: Rounds = []

    def play(database: str, seed: int, only: Sequence[str]) -> tuple[bool, list[Tried]]:
        played.append((database, seed, only))
        return (database, seed) != ("postgresql", 8), [Tried("the gate", Counter(examples=40, steps=1200))]

    monkeypatch.setattr(prove, "_round", play)
    return played


def proved(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["prove", *arguments])
    return prove.main()


def test_both_databases_have_a_round_at_least_and_it_is_said_what_was_tried(
    rounds: Rounds, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert proved(monkeypatch, "--minutes", "0", "--seed", "7") == 0
    assert rounds == [("sqlite", 7, []), ("postgresql", 7, [])]
    assert capsys.readouterr().out.count("the gate: 40 examples, 1,200 steps") == 2


def test_seeds_follow_each_other_until_the_time_is_over(
    rounds: Rounds, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ticks = iter(range(0, 10**6, 10))  # a round takes 10 s, and so does every look at the clock
    monkeypatch.setattr(prove, "monotonic", lambda: next(ticks))
    assert proved(monkeypatch, "gate", "lens", "--minutes", "2", "--seed", "20", "--on", "sqlite") == 0
    assert rounds == [("sqlite", 20 + number, ["gate", "lens"]) for number in range(len(rounds))]
    assert len(rounds) > 1
    assert f"{len(rounds)} rounds, from seed 20 on" in capsys.readouterr().out


def test_what_is_found_makes_it_fail_and_can_be_repeated(
    rounds: Rounds, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert proved(monkeypatch, "gate", "lens", "--minutes", "0", "--seed", "8") == 1
    assert 'Repeat it: make prove minutes=0 seed=8 on=postgresql only="gate lens"' in capsys.readouterr().out


def test_a_round_counts_what_pytest_has_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "TEST_DATABASE_URL", "PYTEST_XDIST_WORKER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(prove, "PYTEST", ("-q", "--hypothesis-profile=prove", "-k", "an_order_exists"))
    held, (tried,) = prove._round("sqlite", 7, ["graph"])
    assert held
    assert tried.test == "an order exists unless there is a cycle"
    assert tried.counted["examples"] >= 300
