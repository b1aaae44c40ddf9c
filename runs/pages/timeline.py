"""When each node of a run worked: bars on one scale of time. Pure."""

from typing import Final, NamedTuple

SHORT_STEPS: Final = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
STEPS: Final = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)
"""How far apart marks may stand, in seconds; once a run has ended, closer too."""
MARKS: Final = 5
LEAST: Final = 0.006
"""The share of the whole that can still be seen."""


class Mark(NamedTuple):
    """A mark on the scale, at `share` of it, for so many seconds."""

    share: float
    seconds: float

    @property
    def label(self) -> str:
        """As short as can be: 0, 20 ms, 5 s, 2 min, 1.5 h."""
        for bound, size, unit in ((1, 0.001, "ms"), (60, 1, "s"), (3600, 60, "min")):
            if self.seconds < bound:
                return f"{self.seconds / size:.4g} {unit}" if self.seconds else "0"
        return f"{self.seconds / 3600:.4g} h"


class Scale(NamedTuple):
    """From a run's start to `seconds` later; with a mark every `step`. One that `grows` has all its marks in view."""

    seconds: float
    step: float
    grows: bool

    @property
    def marks(self) -> list[Mark]:
        """Each mark, the start's first."""
        return [Mark(n * self.step / self.seconds, n * self.step) for n in range(int(self.seconds / self.step) + 1)]

    @property
    def steps(self) -> str:
        """As the page's own module reads them."""
        return " ".join(f"{step:g}" for step in STEPS)

    def bar(self, start: float, seconds: float) -> tuple[float, float]:
        """Where a bar begins and how long it is, as shares; nothing is too short to be seen or reaches beyond."""
        begin = min(max(start / self.seconds, 0.0), 1 - LEAST)
        return begin, max(min(seconds / self.seconds, 1 - begin), LEAST)


def scale(seconds: float, *, grows: bool) -> Scale:
    """The scale of a run that took so long, or has run for so long and `grows`."""
    steps = STEPS if grows else SHORT_STEPS + STEPS
    step = next((step for step in steps if step * MARKS >= seconds), seconds / MARKS)
    return Scale(step * MARKS if grows else max(seconds, step), step, grows)
