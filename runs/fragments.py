"""What a frame changes on the page of a job: HTML for structure, rendered by the page's own partials, and patches.

HTML goes as `{"content": …}`, which hx-ws swaps: one `<hx-partial>` for each element that changes, addressed by its id.
What changes many times a second goes as `{"type": "patch", …}`, which a small module of the page applies. Both name the
job and the id of the telemetry that they are made of.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from django.template.loader import render_to_string
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from runs.sheet import LOG_LINES, Document, Sheet, Step
from runs.telemetry import Batch

Message = dict[str, Any]
HOT: Final = frozenset({"progress", "elapsed_ms", "cost"})
"""Fields of a node that change without changing how it is drawn."""


def whole(sheet: Sheet) -> SafeString:
    """Everything that is live on the page: after a join, where telemetry begins anew, and when the job has ended."""
    return _joined([state(sheet), *(node(step) for step in sheet.steps), results(sheet), log(sheet)])


def state(sheet: Sheet) -> SafeString:
    """What a change of the job's state or place changes: `#head`, `#standing` and `#history`."""
    return _joined(_partial(f"#{name}", f"runs/job/_{name}.html", sheet=sheet) for name in _STATE)


def node(step: Step) -> SafeString:
    """One node: `#node-<id>`."""
    return _partial(f"#node-{step.part.id}", "runs/job/_node.html", step=step)


def results(sheet: Sheet) -> SafeString:
    """What the run hands out: `#results`."""
    return _partial("#results", "runs/job/_results.html", sheet=sheet)


def log(sheet: Sheet) -> SafeString:
    """The newest lines of the log: `#log`."""
    return _partial("#log", "runs/job/_log.html", sheet=sheet)


def log_lines(lines: list[Document]) -> SafeString:
    """More lines, at the end of `#log-lines`."""
    html = _joined(_rendered("runs/job/_log_line.html", line=line) for line in lines[-LOG_LINES:])
    return format_html('<hx-partial hx-target="#log-lines" hx-swap="beforeend">{}</hx-partial>', html)


def changes(sheet: Sheet, batch: Batch) -> tuple[SafeString, Message]:
    """What a batch that is folded into `sheet` already changes: HTML, and a patch of all else; each may be empty."""
    redrawn = _redrawn(batch)
    parts = [part for part in sheet.parts if part.id in redrawn]
    html = [node(sheet.step(part)) for part in parts]
    if any(part.result for part in parts):
        html.append(results(sheet))
    if batch.get("logs"):
        html.append(log_lines(batch["logs"]))
    return _joined(html), _patch(sheet, batch, redrawn)


_STATE: Final = ("head", "standing", "history")


def _redrawn(batch: Batch) -> set[str]:
    """The nodes that are drawn anew: whose status, error or values changed, or who made something."""
    nodes: Mapping[str, Mapping[str, object]] = batch.get("nodes", {})
    changed = {node_id for node_id, fields in nodes.items() if not fields.keys() <= HOT}
    return changed | set(batch.get("values", {})) | {product["node"] for product in batch.get("products", ())}


def _patch(sheet: Sheet, batch: Batch, redrawn: set[str]) -> Message:
    """`nodes` {id: {share, counts}}, `edges` as told, `text` to append by node, `share` and `done` of the job."""
    told: set[str] = set(batch.get("nodes", {})) - redrawn
    hot = [sheet.step(part) for part in sheet.parts if part.id in told]
    patch: Message = {
        "nodes": {step.part.id: {"share": step.share, "counts": step.counts} for step in hot},
        "edges": batch.get("edges", {}),
        "text": {node_id: text for node_id, text in batch.get("text", {}).items() if node_id not in redrawn},
    }
    kept = {key: value for key, value in patch.items() if value}
    return {**kept, "share": sheet.share, "done": sheet.done} if kept or redrawn else {}


def _partial(target: str, template: str, **context: object) -> SafeString:
    content = _rendered(template, **context)
    return format_html('<hx-partial hx-target="{}" hx-swap="outerMorph">{}</hx-partial>', target, content)


def _rendered(template: str, **context: object) -> SafeString:
    return mark_safe(render_to_string(template, context))  # noqa: S308 (the template has escaped it)


def _joined(html: Iterable[SafeString]) -> SafeString:
    return format_html_join("", "{}", ((each,) for each in html))
