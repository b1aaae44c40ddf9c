"""Whether a workflow can run with these parameters: everything that keeps it from that, before anything is made."""

import contextlib
import secrets
from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from django.conf import settings

from accounts.models import User
from runs.models import Asset
from runs.partial import Part
from workflows import parameters, variations
from workflows.errors import Problem
from workflows.graph import Graph
from workflows.models import Workflow
from workflows.ports import MEDIA
from workflows.registry import registry
from workflows.variations import Params, Variations

_ASKED_AT_ONCE = 500


def check(workflow: Workflow, given: Sequence[Params], part: Part | None = None) -> tuple[Variations, list[Problem]]:
    """The parameters of a run for each that is given, seeds drawn, and all that is wrong with any of them."""
    graph = part.graph if part else workflow.graph.loaded()
    found = variations.resolve(graph, registry, given, _draw_seed, settings.MAX_GRAPH_BYTES)
    if part:  # what is given is not checked: it does not run
        found.problems = [problem for problem in found.problems if problem.node not in part.stock]
    return found, found.problems or _asset_problems(workflow, graph, found.assets)


def missing_assets(owner: User, graph: Graph) -> list[Problem]:
    """Each place where a graph from elsewhere refers to an asset that this person does not have."""
    named = parameters.asset_references(graph, idle=True)
    kinds = _kinds(owner, _uuids(named))
    return [
        Problem("bad_value", _missing(graph, node, name), node, name)
        for asset, places in named.items()
        if asset not in kinds
        for node, name in places
    ]


def _missing(graph: Graph, node_id: str, name: str) -> str:
    node = graph.node(node_id)
    title = (node and node.title) or node_id
    return f"The “{name}” of “{title}” is an asset that you don’t have. Give it one of yours before you run it."


def _draw_seed(minimum: int, maximum: int) -> int:
    return minimum + secrets.randbelow(maximum - minimum + 1)


def _asset_problems(workflow: Workflow, graph: Graph, named: Mapping[str, Iterable[tuple[str, str]]]) -> list[Problem]:
    """Assets that are named and that are not there, not the owner's, or of another kind than is needed."""
    kinds = _kinds(workflow.owner, _uuids(named)) if named else {}
    return [
        Problem("bad_value", message, node, name)
        for asset, places in named.items()
        for node, name in places
        if (message := _objection(kinds.get(asset), _kind(graph, node, name)))
    ]


def _kinds(owner: User, asset_ids: Sequence[UUID]) -> dict[str, str]:
    """The kind of each of the assets that this person has."""
    mine = Asset.objects.visible_to(owner) if asset_ids else Asset.objects.none()
    parts = [asset_ids[at : at + _ASKED_AT_ONCE] for at in range(0, len(asset_ids), _ASKED_AT_ONCE)]
    return {str(pk): kind for part in parts for pk, kind in mine.filter(pk__in=part).values_list("pk", "kind")}


def _objection(kind: str | None, needed: str) -> str | None:
    if kind is None:
        return "There is no such asset. Upload the file, and give the id of the answer."
    if needed in MEDIA - {"file", kind}:
        return f"An asset of kind “{needed}” is needed here, and this one is of kind “{kind}”. Upload a file that fits."
    return None


def _kind(graph: Graph, node_id: str, name: str) -> str:
    """The kind of value that a property takes; `file` where anything goes."""
    node = graph.node(node_id)
    declared = registry.get(node.type) if node else None
    given = declared.by_name.get(name) if declared else None
    return (given.port.items or given.port).kind if given else "file"


def _uuids(texts: Iterable[str]) -> list[UUID]:
    """Those that are ids at all."""
    found = []
    for text in texts:
        with contextlib.suppress(ValueError):
            found.append(UUID(text))
    return found
