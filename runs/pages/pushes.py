"""What an open canvas is sent: HTML for structure, rendered by the partials of its page, and patches for what is hot.

A patch is `{"focused", "nodes": {id: {status, cached, share, counts, cost}}, "edges": {id: [state, count]}, …}`, each
key only where it changes. It goes in the same message as the HTML that belongs to it.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from django.utils.safestring import SafeString

from runs.pages import acts, changed
from runs.pages.board import Board, Fold, Group
from runs.pages.gallery import Tile
from runs.pages.markup import joined, partial, rendered
from runs.pages.seen import Seen, View, flow
from runs.pages.working import Working
from runs.telemetry import EMPTY, Batch

Patch = dict[str, Any]


class Focus(NamedTuple):
    """Where the lens is, for templates."""

    job_id: str | None
    pinned: bool


def chrome(view: View, focus: Focus, board: Board | None, before: View | None = None) -> tuple[SafeString, Patch]:
    """All that shows the focused run: the lens, and every node and edge.

    `before` is the view that the page shows, if any: then most tiles of galleries stay, and what is as it was.
    """
    nodes, known = list(view.nodes.values()), before.nodes if before else {}
    parts = (part for node in nodes for part in _after(known.get(node.id), node))
    html = joined([lens(view, focus, board), *parts])
    told = {node.id: _hot(node) for node in known.values()}
    flows = before.flows if before else {}
    patch: Patch = {
        "nodes": {node.id: hot for node in nodes if told.get(node.id) != (hot := _hot(node))},
        "edges": {edge: state for edge, state in view.flows.items() if flows.get(edge) != state},
        "text": {node.id: changed.anew(node.words) for node in nodes if _other_words(known.get(node.id), node)},
    }
    return html, {**lens_patch(view), **_filled(patch)}


def lens(view: View, focus: Focus, board: Board | None) -> SafeString:
    """The pill that says which run is seen, and the button that stops it."""
    context = {"view": view, "sheet": view.sheet, "focus": focus, "board": board}
    return joined([_part("lens", "#lens", context), _part("stop", "#stop", context)])


def lens_patch(view: View) -> Patch:
    """Which run is seen, and how far it is."""
    sheet = view.sheet
    if sheet is None:
        return {"focused": None}
    job = {"hue": sheet.job["number"], "progress": sheet.share, "done": sheet.done, "cost": sheet.money}
    return {"focused": view.focused, **job}


def changes(view: View, batch: Batch, before: View) -> tuple[SafeString, Patch]:
    """What a batch that is folded into the view's sheet already changes; `before` is the view without it."""
    now = view.sheet.snapshot if view.sheet else EMPTY
    turned, filled = changed.turned(batch), changed.filled(batch, now)
    seen, known = view.nodes, before.nodes
    refilled = {node for node in filled - turned if node in seen and _differ_in_words(known[node], seen[node])}
    filled -= refilled
    nodes = [node for node in seen.values() if node.id in turned | filled | batch.get("nodes", {}).keys()]
    html = [_place("body", node) for node in nodes if node.id in turned | filled]
    html += [_place("foot", node) for node in nodes if node.id in turned or (node.id in filled and node.sums_up)]
    html += [_acts(seen[node]) for node in acts.changed(batch) if node in seen]
    patch: Patch = {
        "nodes": {node.id: _hot(node) for node in nodes},
        "edges": {edge: flow(now["edges"][edge]) for edge in batch.get("edges", {}) if edge in view.drawing.edges},
        "text": {**changed.text(batch, now), **{node: changed.anew(seen[node].words) for node in refilled}},
    }
    return joined(html), {**lens_patch(view), **_filled(patch)}


def bodies(view: View, nodes: Iterable[str]) -> SafeString:
    """The bodies and feet of these nodes: galleries in which something landed elsewhere."""
    seen = view.nodes
    return joined(part for node in nodes if node in seen for part in _node(seen[node])[:2])


def rings(before: View, view: View) -> SafeString:
    """The rings of those nodes at which others have begun or ended to be busy."""
    changed = [part for part in view.drawing.parts if before.ring(part.id) != view.ring(part.id)]
    return joined(_place("ring", view.node(part)) for part in changed)


def galleries(before: View, view: View) -> SafeString:
    """The bodies of nodes that have other tiles than before, have lost products, or are inputs that were edited."""
    old, new = _tiles(before), _tiles(view)
    counted = {node for node, jobs in view.jobs.items() if jobs != before.jobs.get(node)}
    tiled = {node for node in old.keys() | new.keys() if old.get(node) != new.get(node)}
    old_saved, saved = before.drawing.saved, view.drawing.saved
    edited = {node for node in saved if saved[node] != old_saved.get(node)}
    return bodies(view, tiled | counted | edited | _deleted(before, view))


def groups(before: Board | None, board: Board, focus: Focus, was: Focus | None) -> SafeString:
    """Those groups of the queue selector that have changed, and its head.

    Of the others, the cards that the lens has left and come to.
    """
    told = []
    head = {"board": board, "focus": focus}
    for at, group in enumerate(board.all):
        known = before.all[at] if before else None
        context = {**head, "group": group}
        if known is None or group.key != known.key:
            told.append(_part("queue_group", f"#queue-{group.name}", context))
        elif was != focus:
            told += _refocused(group, context, focus, was)
    return joined([_part("queue_head", "#queue-head", head), _part("banner", "#banner", head), *told])


def board_patch(board: Board) -> Patch:
    """What the page says of its runs besides: in its title, and whether there is anything to select."""
    return {"running": board.running, "waiting": board.waiting, "ever": board.ever, "alone": board.alone}


def hot_runs(working: Iterable[Working]) -> Patch:
    """How far each running job is."""
    return {"runs": {each.job_id: round(each.share, 3) for each in working}}


def _tiles(view: View) -> dict[str, list[object]]:
    walls = {part.id: view.wall(part) for part in view.drawing.parts}
    return {node: [wall.more, wall.counted, *map(_drawn, wall.tiles)] for node, wall in walls.items() if wall}


def _drawn(tile: Tile) -> Tile:
    """What of a tile is drawn here: how far its run is, and whether the lens is on it, is hot."""
    return tile._replace(percent=None, ringed=False)


def _deleted(before: View, view: View) -> set[str]:
    """The nodes at which the focused run has fewer products than it had."""
    if before.sheet is None or view.sheet is None or before.focused != view.focused:
        return set()
    return {made["node"] for key, made in before.sheet.products.items() if key not in view.sheet.products}


def _refocused(group: Group, context: Mapping[str, object], *focuses: Focus | None) -> Iterator[SafeString]:
    """The group's cards of the jobs that are or were in the lens, and what is said of them where they are folded."""
    jobs = {focus.job_id for focus in focuses if focus}
    for each in group.cards:
        cards = [card for card in (each.cards if isinstance(each, Fold) else [each]) if card.id in jobs]
        if cards and isinstance(each, Fold):
            yield _part("fold_facts", f"#facts-{group.name}-{each.batch}", {**context, "fold": each})
        for card in cards:
            yield _part("card", f"#card-{card.id}", {**context, "card": card})


def _node(node: Seen) -> list[SafeString]:
    return [_place("body", node), _place("foot", node), _acts(node), _place("ring", node)]


def _after(before: Seen | None, node: Seen) -> list[SafeString]:
    """What turns a node as it is shown into what it is now."""
    if before is None:
        return _node(node)
    tiles = [] if _differ_in_words(before, node) else _other_tiles(before, node)
    told = [_place("body", node)] if tiles is None else tiles
    if before.summary != node.summary:
        told.append(_place("foot", node))
    if _acted(before) != _acted(node):
        told.append(_acts(node))
    if before.ring != node.ring:
        told.append(_place("ring", node))
    return told


def _other_tiles(before: Seen, node: Seen) -> list[SafeString] | None:
    """The tiles that differ, each for the one in its place; None where the body has to be drawn as a whole."""
    old, new = before.wall, node.wall
    if old is None or new is None or (old.more, len(old.tiles)) != (new.more, len(new.tiles)) or not new.tiles:
        return None
    if any(step and step.error for step in (before.step, node.step)):
        return None
    pairs = [(was, now) for was, now in zip(old.tiles, new.tiles, strict=True) if _drawn(was) != _drawn(now)]
    if {now.place for was, now in pairs if now.place != was.place} & {tile.place for tile in old.tiles}:
        return None  # they have moved up or down, so that two would have the same id for a while
    context = {"place": new.node, "workflow_id": node.workflow_id}
    return [partial(f"#tile-{new.node}-{was.place}", _canvas("tile", {**context, "tile": now})) for was, now in pairs]


def _place(name: str, node: Seen) -> SafeString:
    """One of the places of a node: its body, its foot, its ring."""
    return partial(f"#{name}-{node.id}", _canvas(name, {"node": node, "seen": node}))


def _acted(node: Seen) -> tuple[object, str]:
    return (node.step.acts, node.step.money) if node.step else (None, "")


def _acts(node: Seen) -> SafeString:
    step = node.step
    context = {"id": node.id, "title": node.part.title, "acts": step and step.acts, "money": step.money if step else ""}
    return partial(f"#acts-{node.id}", _canvas("acts", context))


def _hot(node: Seen) -> Patch:
    counts = node.step.counts if node.step else ""
    cached = bool(node.step and node.step.cached)
    cost = node.step.money if node.step else ""
    return {"status": node.status, "cached": cached, "share": node.share, "counts": counts, "cost": cost}


def _differ_in_words(before: Seen | None, node: Seen) -> bool:
    """Whether a node's body shows the same things as before, but for the words that stand there."""
    if before is None or node.words is None or before.words is None:
        return False
    shown = [(each.tells, each.counts_runs, each.step and each.step.error) for each in (before, node)]
    return shown[0] == shown[1]


def _other_words(before: Seen | None, node: Seen) -> bool:
    return before is not None and before.words != node.words and _differ_in_words(before, node)


def _filled(patch: Patch) -> Patch:
    return {name: value for name, value in patch.items() if value}


def _part(name: str, target: str, context: Mapping[str, object]) -> SafeString:
    return partial(target, rendered(f"runs/editor/_{name}.html", **context))


def _canvas(name: str, context: Mapping[str, object]) -> SafeString:
    return rendered(f"runs/canvas/_{name}.html", **context)
