"""How templates show things: colours of runs, durations, places, icons."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from project.templatetags import look
from runs.models import JobTransition


def test_hues_keep_away_from_states_and_neighbours_apart() -> None:
    hues = [look.hue(number) for number in range(1, 400)]
    assert all(95 <= hue <= 125 or 175 <= hue <= 360 for hue in hues)
    near = [(a, b) for a, b in itertools.pairwise(hues) if abs(a - b) < 30]
    assert near == []
    assert (look.odd(127), look.odd(128)) == (1, 0)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (0.004, "4 ms"),
        (3.21, "3.2 s"),
        (48.2, "48 s"),
        (59.9, "60 s"),
        (125, "2 min 5 s"),
        (3840, "1 h 4 min"),
    ],
)
def test_durations_read_as_people_say_them(value: float | None, text: str) -> None:
    assert look.seconds(value) == text


@pytest.mark.parametrize(
    ("position", "text"),
    [
        (1, "1st"),
        (2, "2nd"),
        (3, "3rd"),
        (4, "4th"),
        (11, "11th"),
        (12, "12th"),
        (21, "21st"),
        (113, "113th"),
        (None, ""),
    ],
)
def test_places_are_no_numbers_of_runs(position: int | None, text: str) -> None:
    assert look.ordinal(position) == text


def test_times_are_told_from_now() -> None:
    now = timezone.now()
    told = [look.ago(now - timedelta(seconds=age)) for age in (5, 300, 3 * 3600, 30 * 3600)]
    assert told == ["just now", "5 min ago", "3 h ago", "yesterday"]
    assert look.ago(datetime(2026, 1, 2, tzinfo=UTC) - timedelta(days=900)) == "2023-07-17"
    assert look.ago(None) == "never"


@pytest.mark.parametrize(
    ("media_type", "ending"),
    [("image/png", "png"), ("text/plain", "txt"), ("image/jpeg", "jpg"), ("application/json", "json")],
)
def test_files_end_as_they_are(media_type: str, ending: str) -> None:
    assert look.ending(media_type) == ending


def test_an_icon_is_a_drawing_hidden_from_screen_readers() -> None:
    drawn = look.icon("play")
    assert drawn.startswith('<svg class="icon"')
    assert 'aria-hidden="true"' in drawn
    assert "<path" in drawn


def test_an_icon_comes_from_its_folder_only() -> None:
    with pytest.raises(ValueError, match="no icon's name"):
        look.icon("../play")


@pytest.mark.parametrize(
    ("source", "target", "who"),
    [
        ("", "queued", "ada"),
        ("queued", "running", "the worker"),
        ("running", "cancelling", "ada"),
        ("cancelling", "cancelled", "the worker"),
        ("queued", "cancelled", "ada"),
        ("running", "completed", "the worker"),
    ],
)
def test_a_step_is_a_persons_or_the_workers(source: str, target: str, who: str) -> None:
    assert look.doer(JobTransition(from_state=source, to_state=target, by="ada")) == who


def test_a_long_caption_keeps_its_beginning_and_its_end() -> None:
    assert look.ends("haze 3.5 · seed 5") == "haze 3.5 · seed 5"
    assert look.ends("a lighthouse at the edge of the map") == "a lighthous…of the map"
