"""What templates need to show things as the product does: icons, a run's colour, times."""

import functools
import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from django import template
from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from runs.content import ENDINGS
from workflows.wording import brief, shown

register = template.Library()
register.filter("brief", brief)
register.filter("shown", shown)

ICONS = settings.BASE_DIR / "node_modules" / "lucide-static" / "icons"
GOLDEN_ANGLE = 137.508
STATE_ICONS = {
    "queued": "clock",
    "running": "play",
    "cancelling": "octagon-x",
    "completed": "circle-check",
    "failed": "circle-alert",
    "cancelled": "circle-slash",
}
STEPS = {
    "queued": "Back in the queue",
    "running": "Started",
    "cancelling": "Stop asked for",
    "completed": "Done",
    "failed": "Failed",
    "cancelled": "Cancelled",
}


CAPTION = 22
"""Characters under a small picture, in two lines."""
OUT_OF_THE_QUEUE = ("queued", "cancelled")


class Transition(Protocol):
    """A step of a job, and who made it; the first comes from nowhere."""

    from_state: str
    to_state: str
    by: str


@register.simple_tag
def icon(name: str) -> SafeString:
    """The Lucide icon of this name, inline, hidden from screen readers: a word always stands beside it."""
    return format_html('<svg class="icon" viewBox="0 0 24 24" {}>{}</svg>', _STROKES, _drawing(name))


@register.simple_tag
def kept(template_name: str, **given: object) -> SafeString:
    """As `include … only`, but rendered once for the same values: for what is shown again and again, as tiles are."""
    return _rendered(template_name, _Given(given))


@register.filter
def hue(number: int) -> int:
    """A run's own hue in degrees: the golden angle by its number, away from the hues of error, warning and success."""
    part = ((number * GOLDEN_ANGLE - 20) % 360) * 215 / 360
    return round((95 if part < 30 else 145) + part)


@register.filter
def odd(number: int) -> int:
    """1 for odd numbers: neighbours also differ in lightness."""
    return number % 2


@register.filter
def seconds(value: float | None) -> str:
    """A duration as people read it: 4 ms, 3.2 s, 48 s, 2 min 5 s, 1 h 4 min."""
    if value is None:
        return "–"
    if value < 1:
        return f"{value * 1000:.0f} ms"
    if value < 60:
        return f"{value:.1f} s" if value < 10 else f"{value:.0f} s"
    minutes, rest = divmod(round(value), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


@register.filter
def percent(share: float) -> str:
    """A share of 0–1 as SVG's attributes have it."""
    return f"{share * 100:.2f}%"


@register.filter
def ordinal(position: int | None) -> str:
    """A place in the queue: 1st, 2nd, 3rd, 11th – so that it is not taken for a run's number."""
    if position is None:
        return ""
    endings = {1: "st", 2: "nd", 3: "rd"}
    ending = "th" if position % 100 in {11, 12, 13} else endings.get(position % 10, "th")
    return f"{position}{ending}"


@register.filter
def ago(moment: datetime | None) -> str:
    """How long ago, roughly: just now, 5 min ago, 3 h ago, yesterday, 2026-11-02."""
    if moment is None:
        return "never"
    age = (timezone.now() - moment).total_seconds()
    for bound, text in ((60, "just now"), (3600, f"{age / 60:.0f} min ago"), (86_400, f"{age / 3600:.0f} h ago")):
        if age < bound:
            return text
    return "yesterday" if age < 2 * 86_400 else f"{moment:%Y-%m-%d}"


@register.filter
def after(moment: datetime, start: datetime) -> float:
    """Seconds from `start` to `moment`."""
    return (moment - start).total_seconds()


@register.filter
def as_json(value: object) -> str:
    """A number, a text or any other value as JSON writes it, whatever the language of the page."""
    return json.dumps(value, ensure_ascii=False)


@register.filter
def ends(text: str) -> str:
    """The beginning and the end of a text that is too long for a small picture: runs often differ in their ends."""
    if len(text) <= CAPTION:
        return text
    half = CAPTION // 2
    return f"{text[:half].rstrip()}…{text[1 - half :].lstrip()}"


@register.filter
def plus(number: int, more: int) -> int:
    """Their sum, for what is counted on."""
    return number + more


@register.filter
def at(found: object, key: str) -> object:
    """What a mapping has under a key; None where there is no mapping."""
    return found.get(key) if isinstance(found, Mapping) else None


@register.filter
def spoken(asset: Mapping[str, object]) -> str:
    """A product, for who can't see it: its kind, and a value's beginning."""
    value = asset.get("value")
    return str(asset["kind"]) if value is None else f"{asset['kind']}, {brief(value)[:80]}"


@register.filter
def ending(media_type: str) -> str:
    """What a file of this media type is called behind the dot."""
    return ENDINGS.get(media_type, ".bin").removeprefix(".")


@register.filter
def state_icon(state: str) -> str:
    """The icon that stands beside a job's state."""
    return STATE_ICONS.get(state, "circle-slash")


@register.filter
def doer(step: Transition) -> str:
    """Who made a job's step: a person by name, or the worker, whatever that is called."""
    asked = not step.from_state or step.to_state == "cancelling" or (step.from_state, step.to_state) == OUT_OF_THE_QUEUE
    return step.by if asked else "the worker"


@register.filter
def happened(step: Transition) -> str:
    """What a job's step from state to state was."""
    return "Submitted" if not step.from_state else STEPS.get(step.to_state, step.to_state)


_STROKES = mark_safe(
    'fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" '
    'aria-hidden="true"'
)


class _Given:
    """Values for a template, known by how they are written out: two that are written alike are drawn alike."""

    def __init__(self, values: dict[str, object]) -> None:
        self.values = values
        self._written = repr(values)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Given) and other._written == self._written

    def __hash__(self) -> int:
        return hash(self._written)


@functools.lru_cache(maxsize=4096)
def _rendered(template_name: str, given: _Given) -> SafeString:
    return mark_safe(render_to_string(template_name, given.values))  # noqa: S308 (the template escaped it)


@functools.cache
def _drawing(name: str) -> SafeString:
    """What is inside of the icon's file; it comes from a pinned package, not from people."""
    if not re.fullmatch(r"[a-z0-9-]+", name):
        message = f"“{name}” is no icon's name."
        raise ValueError(message)
    drawing = (ICONS / f"{name}.svg").read_text()
    return mark_safe(re.sub(r"(?s)^.*?<svg.*?>|</svg>\s*$", "", drawing).strip())  # noqa: S308
