"""What templates need to show products: their full view, their face on a tile."""

from collections.abc import Mapping

from django import template

from runs.pages import markdown, markup, product

register = template.Library()

register.filter("money", markup.money)
register.filter("full", product.full)
register.filter("face", product.face)
register.filter("face_of", product.face_of)
register.filter("is_markdown", markdown.is_markdown)
register.filter("markdown", markdown.rendered)


@register.filter
def duration(asset: Mapping[str, object]) -> str:
    """How long a sound or film is, as players write it: 1:05, below ten 2.5 s; nothing where it is not known."""
    seconds = asset.get("duration")
    if not isinstance(seconds, int | float):
        return ""
    return f"{round(seconds, 1):g} s" if seconds < 10 else f"{int(seconds) // 60}:{int(seconds) % 60:02}"


@register.filter
def is_number(value: object) -> bool:
    """Whether it stands to the right in its column."""
    return isinstance(value, int | float) and not isinstance(value, bool)


@register.filter
def told(value: object) -> str:
    """What a tool was given, or gave: a text as itself, all else as JSON, line by line."""
    return value if isinstance(value, str) else product.indented(value)
