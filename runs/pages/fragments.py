"""What a frame changes on the page of a job: HTML for structure, rendered by the page's own partials, and patches.

HTML goes as `{"content": …}`, which hx-ws swaps: one `<hx-partial>` for each element that changes, addressed by its id.
What changes many times a second goes as `{"type": "patch", …}`, which a small module of the page applies. Both name the
job and the id of the telemetry that they are made of.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.safestring import SafeString

from runs.pages import acts, changed
from runs.pages.changed import Text
from runs.pages.markup import joined, partial, rendered
from runs.pages.sheet import LOG_LINES, Sheet
from runs.pages.step import Step
from runs.telemetry import Batch

Message = dict[str, Any]


def whole(sheet: Sheet) -> SafeString:
    """Everything that is live on the page: after a join, and wherever the telemetry begins anew."""
    live = ("head", "standing", "results", "timeline", "history", "log")
    return joined([*(_part(name, sheet) for name in live), *(step(each) for each in sheet.steps), *_for_staff(sheet)])


def header(sheet: Sheet, before: Sheet) -> SafeString:
    """What follows the job's row, on a page that shows `before`; at its end all that nothing waits for any more."""
    names = ["head", "standing", *(["history"] if sheet.history != before.history else [])]
    if not sheet.ended:
        return joined([*(_part(name, sheet) for name in names), *_for_staff(sheet)])
    names += ["timeline", *(["results"] if sheet.results != before.results else [])]
    other = [now for now, was in zip(sheet.steps, before.steps, strict=True) if now != was]
    return joined([*(_part(name, sheet) for name in names), *map(step, other), *_for_staff(sheet)])


def step(shown: Step) -> SafeString:
    """One node: `#node-<id>`."""
    return partial(f"#node-{shown.part.id}", _rendered("node", step=shown))


def bar(sheet: Sheet, shown: Step) -> SafeString:
    """One node's line in the timeline: `#bar-<id>`."""
    return partial(f"#bar-{shown.part.id}", _rendered("bar", sheet=sheet, step=shown, bar=sheet.bar(shown)))


def changes(sheet: Sheet, batch: Batch, before: Sheet) -> tuple[SafeString, Message]:
    """What a batch that is folded into `sheet` already changes: HTML, and a patch of all else; each may be empty.

    `before` is the sheet without it, as the page shows it.
    """
    turned, filled = changed.turned(batch), changed.filled(batch, sheet.snapshot)
    acted, told = acts.changed(batch, acts.BUT_LOG), batch.get("nodes", {}).keys()
    steps = [sheet.step(part) for part in sheet.parts if part.id in turned | filled | acted | told]
    refilled = {each.part.id for each in steps if each.part.id in filled - turned and _differ_in_words(before, each)}
    redrawn = (turned | filled) - refilled
    html = [step(each) for each in steps if each.part.id in redrawn]
    html += [bar(sheet, each) for each in steps if each.part.id in turned]
    html += [_acts(each) for each in steps if each.part.id in acted - redrawn]
    if sheet.broken[:1] != before.broken[:1]:  # the one that it names
        html.append(_part("standing", sheet))
    if any(each.part.result for each in steps):
        html += _results(sheet, before)
    if batch.get("logs"):
        html.append(_lines(sheet, batch["logs"]))
    words = {each.part.id: changed.anew(each.words) for each in steps if each.part.id in refilled}
    patch = _patch(
        [each for each in steps if each.part.id in told - redrawn], changed.text(batch, sheet.snapshot) | words
    )
    hot = {"progress": sheet.share, "done": sheet.done} if patch or redrawn else {}
    return joined(html), {**patch, **hot}


def _differ_in_words(before: Sheet, now: Step) -> bool:
    """Whether a node's card shows the same as before, but for the text that stands there."""
    return now.words is not None and before.step(now.part).words is not None


def _patch(hot: Iterable[Step], text: Mapping[str, Text]) -> Message:
    """`nodes` {id: {share, counts, cost}} and `text` {id: [where it begins, it]}, each only where there is any."""
    nodes = {each.part.id: {"share": each.share, "counts": each.counts, "cost": each.money} for each in hot}
    return {key: value for key, value in (("nodes", nodes), ("text", text)) if value}


def _results(sheet: Sheet, before: Sheet) -> list[SafeString]:
    """What landed behind other products of its result, by itself; all results where anything else has changed."""
    landed = []
    for was, now in zip(before.results, sheet.results, strict=True):
        known = len(was.items)
        if now == was:
            continue
        if known < 2 or now.items[:known] != was.items:  # the first says its number once there is a second
            return [_part("results", sheet)]
        new = joined(_rendered("result", sheet=sheet, result=now, item=item) for item in now.items[known:])
        landed.append(partial(f"#result-{was.items[-1]['id']}", new, "afterend"))
    return landed


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
