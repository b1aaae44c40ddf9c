"""What came of the faults, as rows of the table in `docs/reliability.md`."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from math import inf
from pathlib import Path
from statistics import median, quantiles
from typing import Final

from tests.faults.scene import LEASE, Outcome

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "reliability.md"
_END = "<!-- the end of the table -->"
LOST, DOUBLED = ("lost",), ("doubled", "repeated", "I4: one end")
RESCUED_WITHIN: Final = LEASE + 15.0
NOTICED_WITHIN: Final = 2.0
"""Of a worker that dies, and of nothing else that goes on meanwhile."""
USED_WITHIN: Final = 0.25
"""A free slot, of a hundred starts ninety-nine."""
WORKS_WITHIN: Final = {"empty-redis": 5.0, "restart-redis": 5.0, "redis-away": 30.0 + 5.0}
DEATHS: Final = frozenset({"kill-worker", "kill-workers", "kills"})


@dataclass(frozen=True, slots=True)
class Row:
    """One fault. Times are in seconds, the middle one and the longest."""

    fault: str
    times: int
    jobs: int
    lost: int
    doubled: int
    otherwise: int
    recovered: tuple[float, float]
    noticed: tuple[float, float]
    rescued: tuple[float, float]
    idle: str
    command: str
    complaints: tuple[str, ...] = ()

    @classmethod
    def of(cls, fault: str, outcomes: Sequence[Outcome], command: str) -> "Row":
        """Of one or several scenes."""
        known = (*LOST, *DOUBLED)
        late = tuple(_late(fault, outcomes))
        return cls(
            fault=fault,
            times=sum(len(each.strikes) for each in outcomes),
            jobs=sum(each.jobs for each in outcomes),
            lost=sum(each.count(*LOST) for each in outcomes),
            doubled=sum(each.count(*DOUBLED) for each in outcomes),
            otherwise=sum(each.count(*(each.wrong.keys() - known)) for each in outcomes) + len(late),
            recovered=_summary([strike.recovered for each in outcomes for strike in each.strikes]),
            noticed=_summary([seconds for each in outcomes for seconds in each.noticed]),
            rescued=_summary([seconds for each in outcomes for seconds in each.rescued]),
            idle=_idle([seconds for each in outcomes for seconds in each.idle]),
            command=command,
            complaints=(*_complaints(outcomes), *late),
        )

    @property
    def held(self) -> bool:
        """Whether every promise was kept."""
        return not self.lost + self.doubled + self.otherwise

    def __str__(self) -> str:
        shown = [getattr(self, field.name) for field in fields(self)[:-1]]
        return f"| {' | '.join(_cell(value) for value in shown)} |"


def headed() -> str:
    """The table's first two lines."""
    counts = ("fault", "times", "jobs", "lost", "doubled", "otherwise wrong")
    names = (*counts, "works again after", "noticed after", "rescued after", "a free slot is used after", "repeated by")
    return f"| {' | '.join(names)} |\n|{'---|' * len(names)}"


def put(row: Row) -> None:
    """Puts the row in the place of that of the same fault."""
    text = DOCUMENT.read_text()
    there = re.search(rf"^\| {row.fault} \|.*$", text, re.MULTILINE)
    old, new = (there[0], str(row)) if there else (_END, f"{row}\n{_END}")
    DOCUMENT.write_text(text.replace(old, new))


def _cell(value: object) -> str:
    if isinstance(value, tuple):
        return f"{value[0]:.1f} s, at most {value[1]:.1f} s" if value[1] else "–"
    return f"`{value}`" if isinstance(value, str) and value.startswith("make") else str(value)


def _summary(seconds: Sequence[float]) -> tuple[float, float]:
    return (median(seconds), max(seconds)) if seconds else (0.0, 0.0)


def _idle(seconds: Sequence[float]) -> str:
    """Of a hundred starts, how soon ninety-nine of them came; and the last."""
    if len(seconds) < 2:
        return "–"
    return f"{nearly_all(seconds) * 1000:.0f} ms, at most {max(seconds) * 1000:.0f} ms"


def nearly_all(seconds: Sequence[float]) -> float:
    """How soon ninety-nine of a hundred came; 0 where there are too few to tell."""
    return quantiles(seconds, n=100, method="inclusive")[-1] if len(seconds) > 1 else 0.0


def _late(fault: str, outcomes: Sequence[Outcome]) -> Iterator[str]:
    """What took longer than is promised of it."""
    recovered = [strike.recovered for each in outcomes for strike in each.strikes]
    noticed = [seconds for each in outcomes for seconds in each.noticed]
    rescued = [seconds for each in outcomes for seconds in each.rescued]
    idle = nearly_all([seconds for each in outcomes for seconds in each.idle])
    for what, took, most in (
        ("all of it works again", max(recovered, default=0.0), WORKS_WITHIN.get(fault, inf)),
        ("a worker's death is noticed", max(noticed, default=0.0), NOTICED_WITHIN if fault in DEATHS else inf),
        ("a job is rescued", max(rescued, default=0.0), RESCUED_WITHIN),
        ("a free slot is used, of a hundred ninety-nine", idle, USED_WITHIN),
    ):
        if took > most:
            yield f"  too late: {what} after {took:.2f} s at most; promised are {most:g} s"


def _complaints(outcomes: Sequence[Outcome]) -> Iterator[str]:
    for each in outcomes:
        for promise, wrong in each.wrong.items():
            yield from (f"  {promise}: {sentence}" for sentence in wrong[:5])
