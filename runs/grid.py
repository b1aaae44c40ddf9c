"""The runs of a batch: every combination of the values on its axes, the last axis fastest. Pure."""

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from workflows.errors import Problem


@dataclass(frozen=True, slots=True)
class Grid:
    """Axes by the parameter they vary; those named in one group of `zipped` go in step, where their first one stands.

    `repeat` times each combination, and `params` are the same for all.
    """

    axes: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    zipped: Sequence[Sequence[str]] = ()
    repeat: int = 1
    params: Mapping[str, Any] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """How many runs it makes."""
        return math.prod(len(steps) for steps in self._steps()) * self.repeat

    def combinations(self) -> Iterator[dict[str, Any]]:
        """The parameters of each run, in grid order; repeats come one after the other."""
        for steps in itertools.product(*self._steps()):
            combination = {**self.params, **{name: value for step in steps for name, value in step.items()}}
            yield from itertools.repeat(combination, self.repeat)

    def problems(self, most: int) -> list[Problem]:
        """What is wrong with the grid itself, however its values fit; beyond `most` runs it is too large."""
        found = [*self._axis_problems(), *self._zip_problems()]
        if not found and self.count > most:
            message = f"The batch would be {self.count:,} runs, and may be {most:,} at most. Vary less, or in parts."
            found = [Problem("too_large", message, property="axes")]
        return found

    def first(self) -> dict[str, Any]:
        """The parameters of the first run; axes that are empty are left out."""
        return {**self.params, **{name: values[0] for name, values in self.axes.items() if values}}

    def _steps(self) -> list[list[dict[str, Any]]]:
        """For each axis, or group of axes in step, what it sets at each of its steps."""
        group = {name: tuple(names) for names in self.zipped for name in names}
        together = dict.fromkeys(group.get(name, (name,)) for name in self.axes)
        return [
            [dict(zip(names, values, strict=True)) for values in zip(*(self.axes[name] for name in names), strict=True)]
            for names in together
        ]

    def _axis_problems(self) -> Iterator[Problem]:
        for name, values in self.axes.items():
            if not values:
                message = f"The axis “{name}” has no values. Give it some, or leave it out."
                yield Problem("bad_value", message, property=f"axes.{name}")
            if name in self.params:
                message = f"“{name}” is varied by an axis and given in `params` too. Leave one out."
                yield Problem("duplicate_parameter", message, property=f"params.{name}")

    def _zip_problems(self) -> Iterator[Problem]:
        named = [name for names in self.zipped for name in names]
        for name in dict.fromkeys(named):
            if name not in self.axes:
                yield Problem("unknown_parameter", f"`zip` names “{name}”, which is no axis.", property="zip")
            if named.count(name) > 1:
                yield Problem("duplicate_parameter", f"`zip` names “{name}” more than once.", property="zip")
        for names in self.zipped:
            lengths = {name: len(self.axes[name]) for name in names if name in self.axes}
            if len(set(lengths.values())) > 1:
                told = ", ".join(f"“{name}” has {length}" for name, length in lengths.items())
                message = f"Axes that go in step need as many values each: {told}."
                yield Problem("bad_value", message, property="zip")
