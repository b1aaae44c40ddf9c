"""Whether a workflow runs here, told without running it: what its graph needs that this installation lacks."""

from collections.abc import Collection, Mapping
from functools import cache
from typing import Any, Final

from workflows.examples import documents
from workflows.models import Graph
from workflows.registry import registry

KEPT: Final = 4096
"""Graphs of which it is remembered what they lack: a graph never changes, nor do node types while a process runs."""

_known: dict[str, tuple[str, ...]] = {}


def lacking(digests: Collection[str]) -> Mapping[str, tuple[str, ...]]:
    """The node types that each of these graphs needs and that are not here, in one query at most."""
    found = {digest: _known[digest] for digest in digests if digest in _known}
    asked = set(digests) - found.keys()
    graphs = Graph.objects.filter(pk__in=asked) if asked else Graph.objects.none()
    found |= {graph.pk: _lacking(graph.document) for graph in graphs.iterator()}
    if len(_known) + len(asked) > KEPT:
        _known.clear()
    _known.update({digest: found[digest] for digest in asked & found.keys()})
    return found


@cache
def examples() -> frozenset[str]:
    """What the examples say of themselves, by which they are known under any name."""
    return frozenset(document["description"] for document in documents())


def _lacking(document: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(sorted({node["type"] for node in document["nodes"] if registry.get(node["type"]) is None}))
