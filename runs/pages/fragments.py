"""What a frame changes on the page of a job: HTML for structure, rendered by the page's own partials, and patches.

HTML goes as `{"content": …}`, which hx-ws swaps: one `<hx-partial>` for each element that changes, addressed by its id.
What changes many times a second goes as `{"type": "patch", …}`, which a small module of the page applies. Both name the
job and the id of the telemetry that they are made of.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from django.utils.safestring import SafeString

from runs.pages import acts
from runs.pages.markup import joined, partial, rendered
from runs.pages.sheet import LOG_LINES, Sheet, Step
from runs.telemetry import Batch

Message = dict[str, Any]
HOT: Final = frozenset({"progress", "cost"})
"""Fields of a node that change without changing how it is drawn."""


def whole(sheet: Sheet) -> SafeString:
    """Everything that is live on the page: after a join, and wherever the telemetry begins anew."""
    live = ("head", "standing", "results", "timeline", "history", "log")
    return joined([*(_part(name, sheet) for name in live), *(step(each) for each in sheet.steps), *_for_staff(sheet)])


def header(sheet: Sheet) -> SafeString:
    """What follows the job's row; once it has ended that is everything, as nothing waits any more."""
    if sheet.ended:
        return whole(sheet)
    return joined([*(_part(name, sheet) for name in ("head", "standing", "history")), *_for_staff(sheet)])


def step(shown: Step) -> SafeString:
    """One node: `#node-<id>`."""
    return partial(f"#node-{shown.part.id}", _rendered("node", step=shown))


def bar(sheet: Sheet, shown: Step) -> SafeString:
    """One node's line in the timeline: `#bar-<id>`."""
    return partial(f"#bar-{shown.part.id}", _rendered("bar", sheet=sheet, step=shown, bar=sheet.bar(shown)))


def changes(sheet: Sheet, batch: Batch) -> tuple[SafeString, Message]:
    """What a batch that is folded into `sheet` already changes: HTML, and a patch of all else; each may be empty."""
    redrawn = _redrawn(batch) | _first_words(sheet, batch)
    parts = [part for part in sheet.parts if part.id in redrawn]
    steps = [sheet.step(part) for part in parts]
    moved = {node for node, fields in batch.get("nodes", {}).items() if "status" in fields}
    html = [*map(step, steps), *(bar(sheet, each) for each in steps if each.part.id in moved)]
    acted = acts.changed(batch, acts.BUT_LOG) - redrawn
    html += [_acts(sheet.step(part)) for part in sheet.parts if part.id in acted]
    if any(part.result for part in parts):
        html.append(_part("results", sheet))
    if batch.get("logs"):
        html.append(_lines(sheet, batch["logs"]))
    return joined(html), _patch(sheet, batch, redrawn)


def units(text: str) -> int:
    """How long JavaScript says that a text is."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _redrawn(batch: Batch) -> set[str]:
    """The nodes that are drawn anew: whose status, error or values changed, or who made something."""
    nodes: Mapping[str, Mapping[str, object]] = batch.get("nodes", {})
    changed = {node for node, fields in nodes.items() if not fields.keys() <= HOT}
    return changed | set(batch.get("values", {})) | {product["node"] for product in batch.get("products", ())}


def _first_words(sheet: Sheet, batch: Batch) -> set[str]:
    """The nodes whose text begins: there may be no place for it yet."""
    return {node for node, new in batch.get("text", {}).items() if len(sheet.snapshot["text"][node]) == len(new)}


def _patch(sheet: Sheet, batch: Batch, redrawn: set[str]) -> Message:
    """`progress` (0–1) and `done` of the job, `nodes` {id: {share, counts, cost}}, `text` {id: [where it begins, it]}.

    Text is counted in the units of JavaScript's strings, so that a patch that is applied again changes nothing.
    """
    told: set[str] = set(batch.get("nodes", {})) - redrawn
    hot = [sheet.step(part) for part in sheet.parts if part.id in told]
    now = sheet.snapshot["text"]
    patch = {
        "nodes": {each.part.id: {"share": each.share, "counts": each.counts, "cost": each.money} for each in hot},
        "text": {node: [units(now[node]) - units(new), new] for node, new in batch.get("text", {}).items()},
    }
    kept = {key: value for key, value in patch.items() if value}
    return {**kept, "progress": sheet.share, "done": sheet.done} if kept or redrawn else {}


def _acts(shown: Step) -> SafeString:
    part = shown.part
    context = {"id": part.id, "title": part.title, "acts": shown.acts and shown.acts.but_log, "money": shown.money}
    return partial(f"#acts-{part.id}", rendered("runs/canvas/_acts.html", **context))


def _part(name: str, sheet: Sheet) -> SafeString:
    return partial(f"#{name}", _rendered(name, sheet=sheet))


def _for_staff(sheet: Sheet) -> list[SafeString]:
    """What only the administration shows."""
    if not sheet.viewer.staff:
        return []
    names = ("trace", "facts")
    return [partial(f"#{name}", rendered(f"admin/runs/job/_{name}.html", sheet=sheet)) for name in names]


def _lines(sheet: Sheet, lines: Iterable[Mapping[str, object]]) -> SafeString:
    """The new lines alone, until the page has as many as it keeps."""
    if len(sheet.snapshot["logs"]) > LOG_LINES:
        return _part("log", sheet)
    return partial("#log-lines", joined(_rendered("log_line", line=line) for line in lines), "beforeend")


def _rendered(name: str, **context: object) -> SafeString:
    return rendered(f"runs/job/_{name}.html", **context)
