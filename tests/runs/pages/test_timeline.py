"""The timeline of a run: every bar lies on its scale, at the time at which its node worked."""

import pytest

from runs.pages import timeline
from runs.pages.timeline import LEAST, Mark


@pytest.mark.parametrize(
    ("seconds", "labels"),
    [
        (0.0, ["0", "2 ms"]),
        (0.043, ["0", "10 ms", "20 ms", "30 ms", "40 ms"]),
        (2.3, ["0", "500 ms", "1 s", "1.5 s", "2 s"]),
        (60, ["0", "15 s", "30 s", "45 s", "1 min"]),
        (4000, ["0", "15 min", "30 min", "45 min", "1 h"]),
        (36_000, ["0", "2 h", "4 h", "6 h", "8 h", "10 h"]),
    ],
)
def test_an_ended_run_fills_its_scale_which_has_few_round_marks(seconds: float, labels: list[str]) -> None:
    scale = timeline.scale(seconds, grows=False)
    assert [mark.label for mark in scale.marks] == labels
    assert scale.seconds == (seconds or 0.002)


@pytest.mark.parametrize(("seconds", "whole"), [(0, 5), (5, 5), (5.1, 10), (61, 75), (90_000, 90_000)])
def test_the_scale_of_a_run_that_goes_on_has_room(seconds: float, whole: float) -> None:
    scale = timeline.scale(seconds, grows=True)
    assert scale.seconds == whole
    assert (scale.marks[0], scale.marks[-1]) == (Mark(0, 0), Mark(1, whole))


def test_a_bar_lies_where_its_node_worked() -> None:
    assert timeline.scale(10, grows=False).bar(2.5, 5) == (0.25, 0.5)


@pytest.mark.parametrize(("start", "seconds"), [(0, 0), (10, 0.001), (12, 5), (9.99, 5), (-1, 20)])
def test_no_bar_is_too_short_to_be_seen_or_reaches_beyond_the_end(start: float, seconds: float) -> None:
    left, width = timeline.scale(10, grows=False).bar(start, seconds)
    assert left >= 0
    assert width >= LEAST
    assert left + width <= 1.0000001
