"""HTML that is swapped into an open page: each part goes to the element of its id, and is morphed into it."""

from collections.abc import Iterable
from typing import Final

from django.template.loader import render_to_string
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

SMALLEST: Final = 0.0001


def rendered(template: str, **context: object) -> SafeString:
    """A template's HTML."""
    return mark_safe(render_to_string(template, context))  # noqa: S308 (the template escaped it)


def partial(target: str, content: SafeString, how: str = "outerMorph") -> SafeString:
    """What htmx swaps in at the selector `target`. White space around it would be left behind by every swap."""
    bare = mark_safe(content.strip())  # noqa: S308 (it was safe before)
    return format_html('<hx-partial hx-target="{}" hx-swap="{}">{}</hx-partial>', target, how, bare)


def joined(html: Iterable[SafeString]) -> SafeString:
    """All of them, one after the other."""
    return format_html_join("", "{}", ((each,) for each in html))


def money(amount: float | None) -> str:
    """A cost in US dollars as people read it, $1.20, with more digits where it is small; nothing for none."""
    if amount is None:
        return ""
    if 0 < amount < SMALLEST:
        return f"<${SMALLEST:.4f}"
    return f"${amount:.2f}" if amount >= 1 or amount == 0 else f"${amount:.4f}".rstrip("0").ljust(5, "0")
