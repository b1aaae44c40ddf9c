"""Items that stream, and lists."""

from typing import Annotated, Any

from workflows.registry import Setting, node


@node(
    "list.collect",
    title="Collect",
    description="Gathers all items that reach it into one list, in their order.",
    output="items",
    inline=True,
)
def collect(item: Annotated[Any, Setting(collects=True)] = None) -> list[Any]:
    """Return the items; none when nothing is connected."""
    return list(item or [])
