"""A row of the contract: one thing that others hold on to, and what is promised of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Later:
    """Stands where tests would, for what is not built yet. A row that the product has may not say so."""

    what: str


Shown = tuple[str, ...] | Later
"""The tests that show a promise, as pytest names them: `tests/…/test_x.py::test_name`."""


@dataclass(frozen=True)
class Row:
    """`takes` and `gives` are names with spaces between: the fields of a call, of a frame or of a command."""

    name: str
    promises: Mapping[str, Shown]
    takes: str = ""
    gives: str = ""
    default: str | None = None
    later: bool = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "later", all(isinstance(shown, Later) for shown in self.promises.values()))


def tests_in(path: str) -> Callable[..., tuple[str, ...]]:
    """Names tests of this file below `tests/`: `SUBMIT = tests_in("runs/api/test_submit.py")`."""
    return lambda *names: tuple(f"tests/{path}::{name}" for name in names)
