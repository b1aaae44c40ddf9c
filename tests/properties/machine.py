"""What the state machines here have in common: each asks a model and the product the same, and holds them together."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

import pytest
from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Model as Row
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, run_state_machine_as_test

from runs.errors import RunError

Answer = TypeVar("Answer")
PROVING: Final = "prove"
"""The profile of `make prove`, by which each machine goes much further."""
tally: Counter[str] = Counter()
"""What the test that runs has tried so far."""


class Machine(RuleBasedStateMachine):
    """Every call goes to a model and to the product, which must answer the same, or refuse for the same reason."""

    written: Sequence[type[Row]] = ()
    """The rows that a refusal leaves as they were."""

    def __init__(self) -> None:
        super().__init__()
        tally["examples"] += 1

    def ask(self, model: Callable[[], Answer], real: Callable[[], Answer]) -> Answer | None:
        """The answer of both; None when both refused, after which all is as it was."""
        try:
            expected = model()
        except (RunError, ObjectDoesNotExist) as refusal:
            before = self._rows()
            with pytest.raises(type(refusal)):
                real()
            assert self._rows() == before
            return None
        assert real() == expected
        return expected

    @invariant()
    def _count(self) -> None:
        tally["steps"] += 1

    def _rows(self) -> list[list[dict[str, Any]]]:
        return [list(kind._default_manager.order_by("pk").values()) for kind in self.written]


def play(machine: Callable[[], RuleBasedStateMachine], *, examples: int, steps: int) -> None:
    """Runs the machine: so many histories of so many steps, or more and longer ones for `make prove`."""
    factory: Any = machine
    run_state_machine_as_test(factory, settings=bounded(examples=examples, steps=steps))


def bounded(*, examples: int, steps: int = 1) -> settings:
    """Bounds for CI, which `make prove` widens."""
    if settings.get_current_profile_name() == PROVING:
        return settings(max_examples=3 * examples, stateful_step_count=steps * 3 // 2)
    return settings(max_examples=examples, stateful_step_count=steps)
