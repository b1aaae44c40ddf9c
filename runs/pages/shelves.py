"""What is opened beside the canvas: all that runs made at a node, and one product in the light box."""

from typing import NamedTuple
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from runs import lens, naming
from runs.models import Asset
from runs.pages import drawing, gallery, told
from runs.pages.gallery import Tile
from runs.pages.mine import asset_of, user_of, workflow_of
from runs.representation import asset_document
from workflows.shape import family


class Beside(NamedTuple):
    """The products before and after one, as its node's gallery has them: the newest run first."""

    before: UUID | None
    after: UUID | None


@login_required
@require_safe
def shelf(request: HttpRequest, workflow_id: UUID, node: str) -> HttpResponse:
    """Everything that the runs of a workflow made at a node, some runs at a time."""
    opened = workflow_of(request, workflow_id)
    part = drawing.of(opened.graph_id).by_id.get(node)
    if part is None:
        raise Http404("There is no such node.")
    given = request.GET.get("before", "")
    before = int(given) if given.isdecimal() and len(given) < 10 else None
    found = gallery.read(opened.pk, node, before=before)
    if not found.total:  # it keeps no products, but it may have told values
        found = told.read(opened.pk, node, before=before)
    focused = lens.of(user_of(request), opened.pk).job_id
    context = {
        "workflow": opened,
        "part": part,
        "gallery": found,
        "runs": [
            (
                run,
                [
                    Tile(f"{run.number}-{at}", run.job_id, run.number, made, ringed=run.job_id == str(focused))
                    for at, made in enumerate(run.assets)
                ],
            )
            for run in found.runs
        ],
        "focused": str(focused) if focused else "",
        "first": before is None,
    }
    return render(request, "runs/editor/_shelf.html", context)


@login_required
@require_safe
def light(request: HttpRequest, asset_id: UUID) -> HttpResponse:
    """One product, large, with what made it and what can be done with it."""
    asset = asset_of(request, asset_id)
    if asset.job is None or asset.workflow is None:
        raise Http404("An upload has no run to show.")
    drawn = drawing.of(asset.job.graph_id)
    part = drawn.by_id.get(asset.node)
    focus = lens.of(user_of(request), asset.workflow.pk)
    named = naming.files(asset.job.params)
    context = {
        "asset": asset_document(asset),
        "job": asset.job,
        "title": part.title if part else asset.node,
        "params": [(drawn.title(name), naming.with_name(value, named)) for name, value in asset.job.params.items()],
        "beside": _beside(asset),
        "focused": focus.job_id == asset.job_id,
        "place": _place(asset),
        "choosable": part is not None and family(part.type) != "output",
        "chosen": asset.choices.exists(),
    }
    return render(request, "runs/editor/_light.html", context)


@login_required
@require_safe
def face(request: HttpRequest, asset_id: UUID) -> HttpResponse:
    """One product or upload, small, as an input shows what it gives."""
    asset = asset_of(request, asset_id)
    return render(request, "runs/product/_carried.html", {"asset": asset_document(asset), "name": asset.name})


def _place(asset: Asset) -> str:
    """Where it stands among all that was made there: "7 of 19", and "2 of 3 by this run" where that made more than one.

    No more are counted than a gallery counts.
    """
    here = Asset.objects.filter(workflow=asset.workflow, node=asset.node, output=asset.output).order_by()
    mine = here.filter(job=asset.job)
    number = asset.job.number if asset.job else 0
    newer = here.filter(job__number__gt=number)[: gallery.COUNTED].count()
    total, by_run = here[: gallery.COUNTED].count(), mine.count()
    within = mine.filter(index__lt=asset.index).count() + 1
    said = [f"{newer + within} of {gallery.counted(total)}"] if newer + within < gallery.COUNTED else []
    return " · ".join([*said, f"{within} of {by_run} by this run"] if by_run > 1 or not said else said)


def _beside(asset: Asset) -> Beside:
    """Its neighbours, by the numbers of runs and the order within each: two queries, or four at a run's edges."""
    return Beside(_neighbour(asset, later=False), _neighbour(asset, later=True))


def _neighbour(asset: Asset, *, later: bool) -> UUID | None:
    beyond, sign = ("gt", "") if later else ("lt", "-")
    here = Asset.objects.filter(job=asset.job, node=asset.node, output=asset.output)
    beside = here.filter(**{f"index__{beyond}": asset.index}).order_by(f"{sign}index")
    found = beside.values_list("pk", flat=True).first()
    if found or asset.job is None:
        return found
    number = "lt" if later else "gt"
    others = Asset.objects.filter(
        workflow=asset.workflow, node=asset.node, output=asset.output, **{f"job__number__{number}": asset.job.number}
    )
    newest = others.order_by(f"{'-' if later else ''}job__number", f"{sign}index")
    return newest.values_list("pk", flat=True).first()
