"""What a frame changes on the page of a job: HTML for structure, rendered by the page's own partials, and patches.

HTML goes as `{"content": …}`, which hx-ws swaps: one `<hx-partial>` for each element that changes, addressed by its id.
What changes many times a second goes as `{"type": "patch", …}`, which a small module of the page applies. Both name the
job and the id of the telemetry that they are made of.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from django.template.loader import render_to_string
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from runs.sheet import Sheet, Step
from runs.telemetry import Batch

Message = dict[str, Any]
HOT = frozenset({"progress", "elapsed_ms", "cost"})
"""Fields of a node that change without changing how it is drawn."""


def whole(sheet: Sheet) -> SafeString:
    """Everything that is live on the page: after a join, and wherever the telemetry begins anew."""
    return _joined([header(sheet), steps(sheet), results(sheet), logs(sheet)])


def header(sheet: Sheet) -> SafeString:
    """State, place or progress, time, error and what can be done: `#job-head`. Context: `sheet`."""
    return _partial("#job-head", "runs/_job_head.html", {"sheet": sheet})


def steps(sheet: Sheet) -> SafeString:
    """All nodes: `#steps`. Context: `steps`, a list of `sheet.Step`."""
    return _partial("#steps", "runs/_steps.html", {"steps": sheet.steps})


def step(shown: Step) -> SafeString:
    """One node: `#step-<node>`. Context: `step`."""
    return _partial(f"#step-{shown.part.id}", "runs/_step.html", {"step": shown})


def results(sheet: Sheet) -> SafeString:
    """What the run hands out: `#results`. Context: `results`, a list of `sheet.Result`."""
    return _partial("#results", "runs/_results.html", {"results": sheet.results})


def logs(sheet: Sheet) -> SafeString:
    """The newest lines of the log: `#logs`. Context: `logs`, dicts of `at level node message`."""
    return _partial("#logs", "runs/_logs.html", {"logs": sheet.logs})


def changes(sheet: Sheet, batch: Batch) -> tuple[SafeString, Message]:
    """What a batch that is folded into `sheet` already changes: HTML, and a patch of all else; each may be empty."""
    redrawn = _redrawn(batch)
    parts = [part for part in sheet.parts if part.id in redrawn]
    html = [step(sheet.step(part)) for part in parts]
    if any(part.result for part in parts) or batch.get("products"):
        html.append(results(sheet))
    if batch.get("logs"):
        html.append(logs(sheet))
    return _joined(html), _patch(sheet, batch, redrawn)


def _redrawn(batch: Batch) -> set[str]:
    """The nodes that are drawn anew: whose status, error or values changed, or who made something."""
    nodes: Mapping[str, Mapping[str, object]] = batch.get("nodes", {})
    changed = {node for node, fields in nodes.items() if not fields.keys() <= HOT}
    return changed | set(batch.get("values", {})) | {product["node"] for product in batch.get("products", ())}


def _patch(sheet: Sheet, batch: Batch, redrawn: set[str]) -> Message:
    """`nodes` {id: {share, counts, elapsed}}, `edges` as told, `text` to append, `progress` and `done` of the job."""
    told: set[str] = set(batch.get("nodes", {})) - redrawn
    hot = [sheet.step(part) for part in sheet.parts if part.id in told]
    patch = {
        "nodes": {each.part.id: {"share": each.share, "counts": each.counts, "elapsed": each.elapsed} for each in hot},
        "edges": batch.get("edges", {}),
        "text": {node: text for node, text in batch.get("text", {}).items() if node not in redrawn},
    }
    kept = {key: value for key, value in patch.items() if value}
    return {**kept, "progress": sheet.share, "done": sheet.done} if kept or redrawn else {}


def _partial(target: str, template: str, context: Mapping[str, object]) -> SafeString:
    content = mark_safe(render_to_string(template, dict(context)))  # noqa: S308 (the template escaped it)
    return format_html('<hx-partial hx-target="{}" hx-swap="outerMorph">{}</hx-partial>', target, content)


def _joined(html: Iterable[SafeString]) -> SafeString:
    return format_html_join("", "{}", ((each,) for each in html))
