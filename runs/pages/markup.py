"""HTML that is swapped into an open page: each part goes to the element of its id, and is morphed into it."""

from collections.abc import Iterable

from django.template.loader import render_to_string
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe


def rendered(template: str, **context: object) -> SafeString:
    """A template's HTML."""
    return mark_safe(render_to_string(template, context))  # noqa: S308 (the template escaped it)


def partial(target: str, content: SafeString, how: str = "outerMorph") -> SafeString:
    """What htmx swaps in at the selector `target`."""
    return format_html('<hx-partial hx-target="{}" hx-swap="{}">{}</hx-partial>', target, how, content)


def joined(html: Iterable[SafeString]) -> SafeString:
    """All of them, one after the other."""
    return format_html_join("", "{}", ((each,) for each in html))
