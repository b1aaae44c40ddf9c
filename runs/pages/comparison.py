"""Two products of a workflow side by side, with what they were made with, and the choice of which two."""

from collections.abc import Sequence
from typing import Final, NamedTuple
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from runs.models import Asset, Job
from runs.pages import drawing, gallery
from runs.pages.contrast import Contrast, contrast
from runs.pages.gallery import Document
from runs.pages.mine import workflow_of
from runs.pages.parting import parted
from runs.representation import asset_document
from workflows.models import Workflow

MOST: Final = 8
"""So many products are taken from an address: the first two are compared, the others stay within reach."""
VIEWS: Final = ("slider", "side")
PARTS: Final = {"comparison": "runs/compare/_comparison.html", "strip": "runs/compare/_cards.html"}


class Side(NamedTuple):
    """One of the two: a product, the run that made it, and each thing it was made with and whether that differs."""

    letter: str
    asset: Document
    job: Job
    title: str
    rows: Sequence[tuple[str, object, bool]]


class Card(NamedTuple):
    """A product that can be chosen: `href` takes it for B, or as the one that is still missing."""

    asset: Document
    number: int
    label: str
    mark: str
    href: str


class Choice(NamedTuple):
    """The products that the address names, the first two being A and B, and how they are looked at."""

    assets: Sequence[Asset]
    view: str

    @property
    def ids(self) -> list[str]:
        """Their ids, as the address has them."""
        return [str(asset.pk) for asset in self.assets]

    @property
    def here(self) -> str:
        """The address as it is."""
        return self.of(self.ids)

    @property
    def most(self) -> int:
        """How many an address may have."""
        return MOST

    def address(self, *first: str) -> str:
        """With these as the first ones; who chose more than two keeps the others."""
        others = [each for each in self.ids if each not in first] if len(self.ids) > 2 else []
        return self.of([*first, *others])

    def of(self, ids: Sequence[str], view: str = "") -> str:
        """The address of exactly these."""
        return f"?assets={','.join(ids[:MOST])}&view={view or self.view}"

    def card(self, asset: Document, number: int, label: str) -> Card:
        """One that can be chosen, beside those that are."""
        chosen, this = self.ids[:2], str(asset["id"])
        mark = "AB"[chosen.index(this)] if this in chosen else ""
        if len(chosen) < 2:
            kept = [each for each in chosen if each != this]
            return Card(asset, number, label, mark, self.of(kept if mark else [*kept, this]))
        a, b = chosen
        return Card(asset, number, label, mark, self.address(b, a) if mark == "A" else self.address(a, this))


class Strip(NamedTuple):
    """What else can be chosen at a node, newest first. Those that are chosen and not among them stand before."""

    node: str
    title: str
    kept: Sequence[Card]
    cards: Sequence[Card]
    before: int | None
    counted: str


@login_required
@require_safe
def compare(request: HttpRequest, workflow_id: UUID) -> HttpResponse:
    """Compares the first two of `?assets=`; with fewer, it lets one choose. What is not there (any more) is a 404."""
    opened = workflow_of(request, workflow_id)
    wanted = list(dict.fromkeys(filter(None, request.GET.get("assets", "").split(","))))[:MOST]
    found = _found(request, opened, wanted)
    view = request.GET.get("view", "")
    choice = Choice(found, view if view in VIEWS else VIEWS[0])
    context = {"workflow": opened, "choice": choice, "lost": len(wanted) - len(found)}
    part = request.GET.get("part", "")
    if len(found) < 2 or context["lost"]:
        context |= _choosing(request, opened, choice)
        return render(
            request, PARTS.get(part, "runs/compare/choose.html"), context, status=404 if context["lost"] else 200
        )
    context |= {} if part == "strip" else _compared(choice)
    context |= {} if part == "comparison" else {"strip": _strip(request, opened, choice, found[1].node)}
    return render(request, PARTS.get(part, "runs/compare/page.html"), context)


def _found(request: HttpRequest, opened: Workflow, wanted: Sequence[str]) -> list[Asset]:
    """Those of the workflow's products that are there, in the order in which they are wanted."""
    ids = [each for each in map(_uuid, wanted) if each]
    mine = Asset.objects.visible_to(request.user).filter(workflow=opened, job__isnull=False)
    known = mine.select_related("job", "blob").defer("job__traceback").in_bulk(ids) if ids else {}
    return [known[each] for each in ids if each in known]


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _compared(choice: Choice) -> dict[str, object]:
    (a, first), (b, second) = [(asset, asset.job) for asset in choice.assets[:2] if asset.job]
    found = contrast(first, second)
    images = a.kind == b.kind == "image"
    sides = [_side("A", a, first, found), _side("B", b, second, found)]
    return {
        "contrast": found,
        "sides": sides,
        "images": images,
        "view": choice.view if images else "side",
        "views": {view: choice.of(choice.ids, view) for view in reversed(VIEWS)},
        "same_run": first.pk == second.pk,
        "parted": parted(first, second),
    }


def _side(letter: str, asset: Asset, job: Job, found: Contrast) -> Side:
    part = drawing.of(job.graph_id).by_id.get(asset.node)
    rows = [(pair.name, getattr(pair, letter.lower()), pair.differs) for pair in found.pairs]
    return Side(letter, asset_document(asset), job, part.title if part else asset.node, rows)


def _strip(request: HttpRequest, opened: Workflow, choice: Choice, node: str) -> Strip:
    given = request.GET.get("before", "")
    before = int(given) if given.isdecimal() and len(given) < 10 else None
    held = gallery.read(opened.pk, node, before=before)
    on_page = {made["id"] for run in held.runs for made in run.assets}
    among = before is None and len(choice.assets) <= 2  # else those that are chosen stand before all others
    apart = [each for each in choice.assets if not (among and str(each.pk) in on_page)]
    kept = [choice.card(asset_document(each), each.job.number, each.job.label) for each in apart if each.job]
    kept.sort(key=lambda card: (-card.number, card.asset["index"]))
    others = on_page - {card.asset["id"] for card in kept}
    cards = [
        choice.card(made, run.number, run.label) for run in held.runs for made in run.assets if made["id"] in others
    ]
    part = drawing.of(opened.graph_id).by_id.get(node)
    return Strip(node, part.title if part else node, [] if before else kept, cards, held.before, held.counted)


def _choosing(request: HttpRequest, opened: Workflow, choice: Choice) -> dict[str, object]:
    """What there is to choose from, at the node that is asked for, else at that of what is chosen already."""
    drawn = drawing.of(opened.graph_id)
    made = Asset.objects.filter(workflow=opened, node__in=drawn.galleries).order_by("-created_at", "-id")
    asked = request.GET.get("node") or (choice.assets[0].node if choice.assets else "")
    node = asked or made.values_list("node", flat=True).first()
    shown = [part for part in drawn.parts if part.id in {*drawn.galleries, node}]
    return {"nodes": shown, "strip": _strip(request, opened, choice, node) if node else None}
