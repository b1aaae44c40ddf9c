"""Loupe knows when whoever started it has gone."""

import os
import pty
import sys

import pytest

from project.starter import Starter, say


def test_a_terminal_that_goes_while_it_is_printed_to_is_seen_to_be_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    keyboard, terminal = pty.openpty()
    with os.fdopen(terminal, "w") as output:
        monkeypatch.setattr(sys, "stdout", output)
        starter = Starter(with_parent=False)
        assert not starter.has_gone()
        os.close(keyboard)
        say("Nobody reads this.")
        assert starter.has_gone()
        say("This neither.")


def test_without_a_terminal_nobody_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    source, sink = os.pipe()
    with os.fdopen(sink, "w") as output:
        monkeypatch.setattr(sys, "stdout", output)
        starter = Starter(with_parent=True)
        os.close(source)
        say("Nobody reads this.")
        assert not starter.has_gone()
