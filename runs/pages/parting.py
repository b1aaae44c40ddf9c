"""Where two runs part: the first node whose output is not the same in both, by what their telemetry keeps."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from runs import tail
from runs.models import Job
from runs.pages import drawing
from runs.pages.parts import Part


def parted(a: Job, b: Job) -> Part | None:
    """The first node by the order in which data flows; inputs are parameters and don't count. None where unknown."""
    if a.pk == b.pk:
        return None
    first, second = _made(a), _made(b)
    both = [part for part in drawing.of(b.graph_id).parts if part.id in first and part.id in second]
    return next((part for part in both if not part.is_input and first[part.id] != second[part.id]), None)


def _made(job: Job) -> Mapping[str, Any]:
    """What each node gave: values as they are, products by the hash of their bytes."""
    told = tail.known(job)
    made: defaultdict[str, dict[object, object]] = defaultdict(dict)
    for node, values in told["values"].items():
        made[node].update(values)
    for product in told["products"]:
        made[product["node"]][product["output"], product["index"]] = product["sha256"]
    return made
