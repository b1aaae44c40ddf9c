"""Texts that are Markdown are told by their marks, and rendered so that nothing of theirs acts or asks elsewhere."""

import re
import time

import pytest

from runs.pages import markdown


@pytest.mark.parametrize(
    "text",
    [
        "# A title\nwords",
        "- one\n- two",
        "1. one\n2. two",
        "so **bold** a word",
        "see [this](https://example.org)",
        "```\ncode\n```",
        "> said",
        "| a | b |\n|---|---|\n| 1 | 2 |",
    ],
)
def test_marks_tell_that_a_text_is_markdown(text: str) -> None:
    assert markdown.is_markdown(text)


@pytest.mark.parametrize("text", ["", "plain words", "2 * 3 * 4", "a - b", "#128 is done", "- one thing", "x" * 40_000])
def test_anything_else_stays_as_it_is_written(text: str) -> None:
    assert not markdown.is_markdown(text)


def test_what_is_too_long_to_be_rendered_in_a_moment_is_not() -> None:
    assert not markdown.is_markdown("# title\n" + "word " * markdown.LONGEST)


ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[a](javascript:alert(1))",
    "[a](JaVaScRiPt:alert(1))",
    "[a](java&#x73;cript:alert(1))",
    "[a](vbscript:x)",
    "[a](data:text/html,<script>alert(1)</script>)",
    "![a](javascript:alert(1))",
    "<javascript:alert(1)>",
    '[a](https://e.org "x\\" onmouseover=\\"alert(1)")',
    '![" onerror="alert(1)](https://e.org/p.png)',
    "```<script>\nx\n```",
    '```js" onload="x\n</code><script>alert(1)</script>\n```',
    "<svg/onload=alert(1)>",
    "# <b onclick=alert(1)>x</b>",
    "| <script> |\n|---|\n| <img src=x onerror=y> |",
    "[a]: javascript:alert(1)\n\n[a]",
]
TAGS = frozenset("p a strong em code pre h3 h4 ul ol li table thead tbody tr th td br hr blockquote s".split())


@pytest.mark.parametrize("text", ATTACKS)
@pytest.mark.parametrize("links", [True, False])
def test_nothing_of_theirs_can_act(text: str, links: bool) -> None:
    html = markdown.rendered(text, links=links)
    tags = re.findall(r"<(/?)([a-zA-Z0-9]*)((?:[^<>\"]|\"[^\"]*\")*)>", html)
    assert {name for _, name, _ in tags} <= TAGS
    attributes = {found for _, _, rest in tags for found in re.findall(r'([\w-]+)="', re.sub(r'"[^"]*"', '""', rest))}
    assert attributes <= {"href", "rel", "target", "title", "class"}
    assert not re.search(r'href="\s*(?!https?:)[a-z]+:', html, re.IGNORECASE)


def test_a_picture_is_named_and_not_fetched() -> None:
    html = markdown.rendered("![the sea](https://elsewhere.example/sea.png)")
    assert "<img" not in html
    assert ">the sea</a>" in html


def test_links_open_elsewhere_and_are_none_on_a_button() -> None:
    text = "see [this](https://example.org) and ![that](https://example.org/x.png)"
    assert 'rel="noopener noreferrer nofollow" target="_blank"' in markdown.rendered(text)
    assert "<a" not in markdown.rendered(text, links=False)
    assert "that" in markdown.rendered(text, links=False)


def test_headings_stand_below_those_of_the_page() -> None:
    assert markdown.rendered("# A\n###### F").split("\n")[:2] == ["<h3>A</h3>", "<h6>F</h6>"]


def test_a_table_that_is_too_wide_is_not_rendered() -> None:
    """Each of its rows would be filled up to all of its columns."""
    assert markdown.is_markdown("# q\n" + "|a" * 50 + "|\n" + "|-" * 50 + "|\n")
    assert not markdown.is_markdown("# q\n" + "|a" * 5000 + "|\n" + "|-" * 5000 + "|\n" + "|b\n" * 500)


@pytest.mark.parametrize("part", ["[", "*a ", "**", "`a", "|a", "<", "[a](", "![a]", "> ", "- ", "[a]: b\n"])
def test_no_text_takes_long(part: str) -> None:
    text = (part * markdown.LONGEST)[: markdown.LONGEST]
    began = time.process_time()
    markdown.is_markdown(text)
    markdown.rendered(text)
    assert time.process_time() - began < 5
