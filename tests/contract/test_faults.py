"""`make faults` prints what came of each fault, and puts it into `docs/reliability.md`."""

import sys
from pathlib import Path

import pytest

from tests.faults import report, run
from tests.faults.scene import Outcome, Strike

OLD = "| kill-web | 1 | 9 | 9 | 9 | 9 | – | – | – | – | `make faults` |"
GOOD = Outcome([Strike("kill-web", 2.0), Strike("kill-web", 3.0)], 61, {}, [0.2], [1.0, 4.0], [0.01] * 99 + [0.3])
BAD = Outcome([Strike("deploy", 2.0)], 60, {"lost": ["a is gone"], "repeated": ["b", "c"]}, [], [])


@pytest.fixture
def document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "reliability.md"
    path.write_text(f"# Before\n\n{report.headed()}\n{OLD}\n<!-- the end of the table -->\n\nAfter.\n")
    monkeypatch.setattr(report, "DOCUMENT", path)
    monkeypatch.setattr(run, "_played", lambda names, _seed: BAD if "deploy" in names else GOOD)
    return path


def faults(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["run", *arguments])
    return run.main()


def test_faults_are_printed_and_written_in_the_place_of_what_was_there(
    document: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert faults(monkeypatch, "kill-web", "--times", "2", "--seed", "7", "--write") == 0
    row = (
        "| kill-web | 2 | 61 | 0 | 0 | 0 | 2.5 s, at most 3.0 s | 0.2 s, at most 0.2 s | 2.5 s, at most 4.0 s "
        "| 13 ms, at most 300 ms | `make faults only=kill-web times=2 seed=7` |"
    )
    assert row in capsys.readouterr().out
    assert document.read_text() == f"# Before\n\n{report.headed()}\n{row}\n<!-- the end of the table -->\n\nAfter.\n"


def test_what_was_broken_is_said_and_makes_it_fail(
    document: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = document.read_text()
    assert faults(monkeypatch, "deploy", "--times", "1", "--seed", "7") == 1
    printed = capsys.readouterr().out
    assert "| deploy | 1 | 60 | 1 | 2 | 0 |" in printed
    assert "lost: a is gone" in printed
    assert document.read_text() == before


LATE = {
    "kill-worker": Outcome([Strike("kill-worker", 1.0)], 60, {}, [2.1], []),
    "kill-all": Outcome([Strike("kill-all", 20.0)], 60, {}, [], [17.1]),
    "kill-web": Outcome([Strike("kill-web", 1.0)], 60, {}, [], [], [0.01] * 9 + [0.3]),
    "kill-postgres": Outcome([Strike("kill-postgres", 1.0)], 60, {}, [], [], [0.3] * 9 + [3.5]),
    "redis-away": Outcome([Strike("redis-away", 35.1)], 60, {}, [], []),
}


@pytest.mark.parametrize("fault", LATE)
def test_what_is_later_than_promised_is_said_and_makes_it_fail(
    document: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], fault: str
) -> None:
    monkeypatch.setattr(run, "_played", lambda _names, _seed: LATE[fault])
    assert faults(monkeypatch, fault, "--times", "1", "--seed", "7") == 1
    printed = capsys.readouterr().out
    assert f"| {fault} | 1 | 60 | 0 | 0 | 1 |" in printed
    assert "too late" in printed


def test_a_long_run_kills_so_many_times(monkeypatch: pytest.MonkeyPatch, document: Path) -> None:
    asked: list[str] = []

    def played(names: list[str], _seed: str) -> Outcome:
        asked.extend(names)
        return GOOD

    monkeypatch.setattr(run, "_played", played)
    assert faults(monkeypatch, "--kills", "120", "--seed", "7", "--write") == 0
    assert len(asked) == 120
    assert "| kills | 6 | 183 | 0 | 0 | 0 |" in document.read_text()
