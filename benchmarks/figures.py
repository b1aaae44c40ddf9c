"""What a benchmark answers with."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure and the bound that the product promises; `lowest` says on which side of it is good."""

    HEAD: ClassVar = f"{'what':<58} {'here':>10} {'':<8} {'bound':<10}"

    name: str
    value: float
    unit: str
    bound: float | None = None
    lowest: bool = False

    @property
    def held(self) -> bool | None:
        """Whether the bound is kept; None where there is none."""
        if self.bound is None:
            return None
        return self.value >= self.bound if self.lowest else self.value <= self.bound

    def line(self) -> str:
        """The figure as a row of the table."""
        promise = "" if self.bound is None else f"{'≥' if self.lowest else '≤'} {self.bound:g}"
        mark = {True: "ok", False: "MISSED", None: ""}[self.held]
        return f"{self.name:<58} {self.value:>10.2f} {self.unit:<8} {promise:<10} {mark}"


def p95(values: Sequence[float]) -> float:
    """What 95 of a hundred do not pass."""
    return statistics.quantiles(values, n=20)[-1]
