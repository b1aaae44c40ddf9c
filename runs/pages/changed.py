"""What a batch of telemetry, once it is folded in, changes at nodes. How they are drawn, each page says itself."""

from collections.abc import Mapping
from typing import Final, TypeAlias

from runs.telemetry import Batch, Snapshot

HOT: Final = frozenset({"progress", "cost"})
"""Fields of a node that change without changing how it is drawn."""
Text: TypeAlias = list[int | str]
"""Where a new text begins in its node's, in the units of JavaScript's strings, and the text. So it may come twice."""


def turned(batch: Batch) -> set[str]:
    """The nodes of which the status or an error is another."""
    nodes: Mapping[str, Mapping[str, object]] = batch.get("nodes", {})
    return {node for node, fields in nodes.items() if not fields.keys() <= HOT}


def filled(batch: Batch, now: Snapshot) -> set[str]:
    """The nodes that show another thing: their values, what they made, or a text that begins, for which there may be
    no place yet.
    """
    begun = {node for node, new in batch.get("text", {}).items() if len(now["text"][node]) == len(new)}
    return begun | set(batch.get("values", {})) | {product["node"] for product in batch.get("products", ())}


def text(batch: Batch, now: Snapshot) -> dict[str, Text]:
    """What has been added to the texts of nodes."""
    return {node: [_units(now["text"][node]) - _units(new), new] for node, new in batch.get("text", {}).items()}


def anew(words: str | None) -> Text:
    """A text from its beginning."""
    return [0, words or ""]


def _units(written: str) -> int:
    """How long JavaScript says that a text is."""
    return len(written.encode("utf-16-le", "surrogatepass")) // 2
