import time

import pytest

from tests.workflows.nodes.context import Listener
from workflows.errors import NodeFailed
from workflows.nodes import text


def test_a_template_is_filled_with_its_inputs() -> None:
    assert text.template("a {{ animal }} and {{ count }}", animal="cat", count=2.0) == "a cat and 2.0"


def test_a_template_names_the_input_that_it_lacks() -> None:
    with pytest.raises(NodeFailed, match="“animal”"):
        text.template("a {{ animal }}")


@pytest.mark.parametrize(
    ("whole", "separator", "parts"),
    [
        ("a\nb\nc", "\n", ["a", "b", "c"]),
        ("a, b", ", ", ["a", "b"]),
        ("one", "\n", ["one"]),
        ("", "\n", [""]),
        ("a\n\n", "\n", ["a", "", ""]),
        ("añ☃", "", ["a", "ñ", "☃"]),
    ],
)
def test_splitting_sends_each_part_in_order_and_then_all(whole: str, separator: str, parts: list[str]) -> None:
    sent = list(text.split(whole, separator))
    assert sent == [*({"item": part} for part in parts), {"items": parts}]
    assert separator.join(sent[-1]["items"]) == whole


@pytest.mark.parametrize("whole", ["to be  or\n\tnot", "  leading and trailing  ", "\n", "", "word"])
async def test_streamed_words_join_to_the_very_text(whole: str) -> None:
    context = Listener()
    assert await text.stream(context, whole, delay_ms=0) == whole
    assert "".join(context.chunks) == whole
    assert len(context.chunks) == max(len(whole.split()), 1 if whole else 0) + whole.startswith("  ")


async def test_streaming_keeps_its_pace_and_reports_how_far_it_is() -> None:
    context = Listener()
    started = time.monotonic()
    await text.stream(context, "one two three four five", delay_ms=20)
    assert 0.1 <= time.monotonic() - started < 1
    assert context.steps == [(1, 5), (2, 5), (3, 5), (4, 5), (5, 5)]
