"""`make bench` prints its figures and writes them down."""

import json
import sys
from pathlib import Path

import pytest

from benchmarks import run
from benchmarks.figures import Figure


def test_a_benchmark_is_printed_and_written_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    figures = [Figure("quick enough", 1.5, "ms", bound=2.0), Figure("too few", 1.5, "/s", bound=2.0, lowest=True)]
    monkeypatch.setattr(run, "ALL", {"known": lambda _folder: figures})
    monkeypatch.setattr(run, "RESULTS", tmp_path / "results" / "latest.json")
    monkeypatch.setattr(sys, "argv", ["run"])

    run.main()

    written = json.loads(run.RESULTS.read_text())["figures"]
    assert [(each["name"], each["value"]) for each in written] == [("quick enough", 1.5), ("too few", 1.5)]
    printed = capsys.readouterr().out
    assert [line.split()[-1] for line in printed.splitlines() if "1.50" in line] == ["ok", "MISSED"]
