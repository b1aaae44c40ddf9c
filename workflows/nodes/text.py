"""Nodes that make and take apart texts."""

import re
import time
from collections.abc import Iterator
from typing import Annotated, Any

from workflows.context import NodeContext
from workflows.registry import Setting, node
from workflows.templating import render

Text = Annotated[str, Setting(multiline=True)]


@node(
    "text.template",
    title="Template",
    description="Fills named inputs into a text; the template is written as Jinja2: {{ name }}, {% for … %}.",
    output="text",
)
def template(template: Annotated[str, Setting(multiline=True)], **inputs: Any) -> str:
    """Return the template filled in; NodeFailed as `render` says."""
    return render(template, inputs)


@node(
    "text.split",
    title="Split text",
    description="Cuts a text at each separator and sends the parts one by one, and as a list.",
    outputs={"item": "text", "items": "list[text]"},
    streams={"item"},
    inline=True,
)
def split(
    text: Text,
    separator: Annotated[str, Setting(multiline=True, description="Left empty: every character is a part.")] = "\n",
) -> Iterator[dict[str, Any]]:
    """Yield each part, then all of them; `separator.join(items)` is the text again."""
    parts = text.split(separator) if separator else list(text)
    for part in parts:
        yield {"item": part}
    yield {"items": parts}


@node(
    "text.stream",
    title="Stream text",
    description="Shows a text word by word, as a language model would write it, then passes it on.",
    output="text",
    pure=False,
)
async def stream(
    context: NodeContext,
    text: Text,
    delay_ms: Annotated[int, Setting(title="Delay per word", minimum=0, maximum=10_000, unit="ms")] = 20,
) -> str:
    """Return the text once its words, each with the white space after it, have been appended one by one."""
    words = re.findall(r"\S+\s*|\s+", text)
    started = time.monotonic()
    for count, word in enumerate(words, start=1):
        context.text(word)
        context.progress(count, len(words))
        # Aiming at the time when each word is due keeps the pace, however long the telling takes.
        await context.sleep(max(0.0, started + count * delay_ms / 1000 - time.monotonic()))
    return text
