"""Jobs that are the same run: of one graph, with the same parameters, and nothing random in it."""

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Final

from runs.models import Job
from runs.states import State
from workflows.models import Graph
from workflows.registry import registry

_STEADY: Final = frozenset({"control.wait", "text.stream"})
_STEADY_FAMILIES: Final = frozenset({"input", "output"})
"""Not pure, as there is nothing to be saved by it; but they always give the same."""


def steady(graph: Graph) -> bool:
    """Whether nothing random is in it: with the same parameters it always gives the same."""
    return all(_is_steady(node["type"]) for node in graph.document["nodes"])


def key(graph_id: str, params: Mapping[str, object]) -> int:
    """A number that twins share, and hardly any others."""
    told = json.dumps([graph_id, params], sort_keys=True, separators=(",", ":"))
    return int.from_bytes(sha256(told.encode()).digest()[:8], signed=True)


def of(job: Job) -> Job | None:
    """The newest run of the same workflow before this one that was the same and came to a good end."""
    if job.twin is None:
        return None
    alike = Job.objects.filter(twin=job.twin, state=State.COMPLETED, number__lt=job.number, workflow=job.workflow_id)
    found = alike.order_by("-number").first()
    return found if found and (found.graph_id, found.params) == (job.graph_id, job.params) else None


def _is_steady(name: str) -> bool:
    declared = registry.get(name)
    return declared is not None and (declared.pure or name in _STEADY or declared.family in _STEADY_FAMILIES)
