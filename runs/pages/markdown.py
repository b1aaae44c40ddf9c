"""Texts that are Markdown, as HTML that is safe: no HTML of theirs, no pictures from elsewhere, no scripts."""

import re
from collections.abc import Callable, Sequence
from typing import Any, Final

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

LONGEST: Final = 16 * 1024
"""Characters; what is longer is shown as it is written, since rendering takes its time."""
WIDEST: Final = 100
"""Columns of a table; each row is filled up to them."""
DEEPER: Final = 2
"""Headings stand below those of the page."""
_MARKS: Final = re.compile(
    r"^#{1,6} \S"
    r"|^ {0,3}(?:[-*+]|\d{1,3}[.)]) \S.*\n(?: {2,4}\S.*\n)? {0,3}(?:[-*+]|\d{1,3}[.)]) \S"
    r"|^```"
    r"|^> \S"
    r"|^\|?[ :]*-{3,}[ :]*\|"
    r"|\*\*\w[^*\n]{0,200}\*\*"
    r"|\[[^\[\]\n]{1,200}\]\([^()\s]{1,500}\)",
    re.MULTILINE,
)


def is_markdown(text: object) -> bool:
    """Whether it is a text whose marks say that it is Markdown: headings, lists, code, quotes, tables, bold, links."""
    if not isinstance(text, str) or len(text) > LONGEST or _MARKS.search(text) is None:
        return False
    return all(line.count("|") <= WIDEST for line in text.splitlines())


def rendered(text: str, *, links: bool = True) -> SafeString:
    """The text as HTML; without `links`, for where it stands on a button."""
    html: str = (_LINKED if links else _PLAIN).render(text)
    return mark_safe(html)  # noqa: S308 (html=False: all of it is escaped)


def _parser(*, links: bool) -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    parser.core.ruler.push("headings", _deepen if links else _flatten)
    rules: dict[str, Callable[..., str]] = {
        "image": _named if links else _alt,
        "link_open": _opened if links else _nothing,
    }
    if not links:
        rules["link_close"] = _nothing
    for name, rule in rules.items():
        parser.add_render_rule(name, rule)
    return parser


def _deepen(state: StateCore) -> None:
    for token in state.tokens:
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(int(token.tag[1]) + DEEPER, 6)}"


def _flatten(state: StateCore) -> None:
    for token in state.tokens:
        if token.type in {"heading_open", "heading_close"}:
            token.tag = "strong"


def _opened(renderer: RendererHTML, tokens: Sequence[Token], at: int, options: Any, _: Any) -> str:
    tokens[at].attrSet("rel", "noopener noreferrer nofollow")
    tokens[at].attrSet("target", "_blank")
    return renderer.renderToken(tokens, at, options, {})


def _named(renderer: RendererHTML, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
    """A picture is named, not fetched: nothing that a run made asks anything of other machines."""
    source = str(tokens[at].attrGet("src") or "")
    text = _alt(renderer, tokens, at, options, env)
    return format_html('<a href="{}" rel="noopener noreferrer nofollow" target="_blank">{}</a>', source, text or source)


def _alt(renderer: RendererHTML, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
    return format_html("{}", renderer.renderInlineAsText(tokens[at].children or [], options, env))


def _nothing(*_: object) -> str:
    return ""


_LINKED: Final = _parser(links=True)
_PLAIN: Final = _parser(links=False)
