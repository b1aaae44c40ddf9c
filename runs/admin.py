"""Jobs, lenses and products in the admin: every run can be looked at and stopped there."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from asgiref.sync import async_to_sync
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import Truncator

from accounts.problems import ProblemError
from runs import content, gate, queue, tail
from runs.api.assets import content_of
from runs.errors import JobActive, JobEnded
from runs.models import Asset, Job, JobTransition, RunFocus
from runs.removal import remove_job
from runs.states import HOLDING, TERMINAL, State

NAME_CHARACTERS = 32
STOPPABLE = frozenset({State.QUEUED, State.RUNNING})


class ReadOnly:
    """Rows that only the product itself writes."""

    def has_add_permission(self, _request: HttpRequest, _obj: Any = None) -> bool:
        """They come from running workflows."""
        return False

    def has_change_permission(self, _request: HttpRequest, _obj: Any = None) -> bool:
        """They are what happened."""
        return False


class TransitionInline(ReadOnly, admin.TabularInline[JobTransition, Job]):
    """The job's history: who moved it from where to where, when and why."""

    model = JobTransition
    fields = readonly_fields = ("when", "from_state", "to_state", "by", "why")
    can_delete = False
    extra = 0

    @admin.display(description="at")
    def when(self, step: JobTransition) -> str:
        """To the second."""
        return _moment(step.at)


@admin.register(Job)
class JobAdmin(ReadOnly, admin.ModelAdmin[Job]):
    """All runs, newest first, each with its nodes, parameters, error and history; cancelled by an action."""

    list_display = (
        "title",
        "state",
        "of_workflow",
        "owner",
        "label",
        "worker",
        "how_far",
        "created",
        "waited",
        "took",
    )
    list_filter = (
        "state",
        ("owner", admin.RelatedOnlyFieldListFilter),
        ("workflow", admin.RelatedOnlyFieldListFilter),
        "created_at",
    )
    list_select_related = ("workflow", "owner")
    search_fields = ("id", "label", "workflow__name", "owner__username", "worker")
    date_hierarchy = "created_at"
    ordering = ("-created_at", "-id")
    show_full_result_count = False
    actions = ("cancel",)
    inlines = (TransitionInline,)
    fieldsets = (
        (None, {"fields": ("id", "workflow", "workflow_version", "number", "label", "owner", "state")}),
        ("What it does", {"fields": ("nodes", "parameters", "products")}),
        ("Error", {"fields": ("failure", "trace")}),
        ("Times", {"fields": ("created", "started", "ended", "waited", "took")}),
        ("Right to write", {"fields": ("worker", "fence", "attempts", "lease_until", "repeatable", "place")}),
    )
    readonly_fields = (
        "title",
        "created",
        "started",
        "ended",
        "waited",
        "took",
        "nodes",
        "parameters",
        "products",
        "failure",
        "trace",
    )

    @admin.display(description="run", ordering="number")
    def title(self, job: Job) -> str:
        """Its number within the workflow."""
        return f"#{job.number}"

    @admin.display(description="workflow", ordering="workflow__name")
    def of_workflow(self, job: Job) -> SafeString:
        """Its name, shortened so that no long one takes the room of all else."""
        name = job.workflow.name
        return format_html('<span title="{}">{}</span>', name, Truncator(name).chars(NAME_CHARACTERS))

    @admin.display(description="created", ordering="created_at")
    def created(self, job: Job) -> str:
        """When it was submitted."""
        return _moment(job.created_at)

    @admin.display(description="started")
    def started(self, job: Job) -> str:
        """When its last attempt began."""
        return _moment(job.started_at)

    @admin.display(description="ended")
    def ended(self, job: Job) -> str:
        """When it came to its end."""
        return _moment(job.ended_at)

    @admin.display(description="progress")
    def how_far(self, job: Job) -> str:
        """What is done of it; of an active job as its worker said last."""
        said = queue.places([job]).get(job.pk, queue.Place()).progress if job.state in HOLDING else job.progress
        return "–" if said is None else f"{said:.0%}"

    @admin.display(description="waited")
    def waited(self, job: Job) -> str:
        """Seconds from its submit to its last start."""
        return "–" if job.started_at is None else f"{(job.started_at - job.created_at).total_seconds():.2f} s"

    @admin.display(description="took", ordering="duration")
    def took(self, job: Job) -> str:
        """Seconds from its start to its end."""
        return "–" if job.duration is None else f"{job.duration:.2f} s"

    @admin.display(description="nodes")
    def nodes(self, job: Job) -> SafeString:
        """Each node's state as the telemetry has it."""
        names = _names(job)
        rows = (_node_row(names.get(node, node), told) for node, told in _snapshot(job)["nodes"].items())
        return _table(("node", "status", "time", "error"), rows)

    @admin.display(description="parameters")
    def parameters(self, job: Job) -> SafeString:
        """As resolved when the job was submitted."""
        return _table(("parameter", "value"), ((name, _json(value)) for name, value in job.params.items()))

    @admin.display(description="products")
    def products(self, job: Job) -> SafeString:
        """The first hundred that it made."""
        made = job.assets.order_by("node", "output", "index")[:100]
        rows = ((asset.node, asset.output, asset.index, asset.kind, _link(asset)) for asset in made)
        return _table(("node", "output", "index", "kind", "content"), rows)

    @admin.display(description="error")
    def failure(self, job: Job) -> str:
        """What went wrong, and in which node."""
        if not job.error:
            return "–"
        node = job.error.get("node")
        where = f" In “{_names(job).get(node, node)}”." if node else ""
        return f"{job.error['message']}{where} ({job.error['code']})"

    @admin.display(description="traceback")
    def trace(self, job: Job) -> SafeString | str:
        """Where the node failed."""
        return format_html("<pre>{}</pre>", job.traceback) if job.traceback else "–"

    @admin.action(description="Cancel the selected jobs", permissions=["cancel"])
    def cancel(self, request: HttpRequest, jobs: QuerySet[Job]) -> None:
        """Through the gate, which records who did it; in the admin's own log too."""
        stopped = sum(self._stop(request, job) for job in jobs.select_related(None))
        messages.success(request, f"{stopped} cancelled. Jobs that had ended already stay as they are.")

    def get_urls(self) -> list[URLPattern]:
        """With the cancelling of one job, from its own page."""
        view = self.admin_site.admin_view(self.cancel_one)
        return [path("<uuid:job_id>/cancellation/", view, name="runs_job_cancellation"), *super().get_urls()]

    def cancel_one(self, request: HttpRequest, job_id: UUID) -> HttpResponseBase:
        """As the action does it; then back to the job."""
        job = get_object_or_404(Job, pk=job_id)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not self.has_cancel_permission(request):
            raise PermissionDenied
        self.cancel(request, Job.objects.filter(pk=job.pk))
        return redirect("admin:runs_job_change", job.pk)

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        """With what can be done with the job, and the way to its own page for whose it is."""
        job = self.get_object(request, object_id)
        more = {
            "may_cancel": job is not None and job.state in STOPPABLE and self.has_cancel_permission(request),
            "is_own": job is not None and job.owner_id == request.user.pk,
        }
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **more})

    def _stop(self, request: HttpRequest, job: Job) -> bool:
        """Whether there was anything to cancel."""
        try:
            gate.cancel(job.pk, by=request.user.get_username(), why="cancelled in the administration")
        except JobEnded:
            return False
        self.log_change(request, job, "Cancelled.")
        return True

    def has_cancel_permission(self, request: HttpRequest) -> bool:
        """Whoever may change jobs may stop them."""
        return request.user.has_perm("runs.change_job")

    def has_delete_permission(self, request: HttpRequest, obj: Job | None = None) -> bool:
        """Only what has ended is deleted."""
        return super().has_delete_permission(request, obj) and (obj is None or obj.state in TERMINAL)

    def delete_model(self, request: HttpRequest, obj: Job) -> None:
        """Through the gate, which refuses an active job."""
        self.delete_queryset(request, Job.objects.filter(pk=obj.pk))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Job]) -> None:
        """Through the gate, which refuses active jobs."""
        for job in queryset:
            try:
                remove_job(job)
            except JobActive as error:
                messages.warning(request, f"Job {job.pk}: {error}")


@admin.register(RunFocus)
class RunFocusAdmin(admin.ModelAdmin[RunFocus]):
    """Which job each person's canvas shows."""

    list_display = ("user", "workflow", "job", "pinned", "updated_at")
    list_filter = ("pinned", ("user", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("user", "workflow", "job__workflow")
    search_fields = ("user__username", "workflow__name")
    raw_id_fields = ("user", "workflow", "job")


@admin.register(Asset)
class AssetAdmin(ReadOnly, admin.ModelAdmin[Asset]):
    """All products and uploads."""

    list_display = ("id", "kind", "workflow", "job", "node", "output", "index", "owner", "created_at")
    list_filter = ("kind", ("owner", admin.RelatedOnlyFieldListFilter), "created_at")
    list_select_related = ("workflow", "job__workflow", "owner")
    search_fields = ("id", "node", "name", "workflow__name", "owner__username", "blob__digest")
    date_hierarchy = "created_at"
    ordering = ("-created_at", "-id")
    show_full_result_count = False
    fields = ("id", "kind", "picture", "owner", "workflow", "job", "node", "output", "index", "name", "blob", "value")
    readonly_fields = ("picture",)

    def get_urls(self) -> list[URLPattern]:
        """With the bytes of each: over REST, staff may only get their own."""
        view = self.admin_site.admin_view(self.serve)
        return [path("<uuid:asset_id>/content/", view, name="runs_asset_content"), *super().get_urls()]

    def serve(self, request: HttpRequest, asset_id: UUID) -> HttpResponseBase:
        """The bytes of anybody's asset."""
        asset = get_object_or_404(Asset.objects.select_related("blob", "job"), pk=asset_id)
        if not self.has_view_permission(request, asset):
            raise PermissionDenied
        try:
            return async_to_sync(content.respond)(request, content_of(asset))
        except ProblemError as problem:
            raise Http404(str(problem)) from problem

    @admin.display(description="content")
    def picture(self, asset: Asset) -> SafeString:
        """The picture itself, or a link to the bytes."""
        if asset.kind != "image":
            return _link(asset)
        return format_html('<a href="{0}"><img class="preview" src="{0}" alt="The picture"></a>', _address(asset))


def _names(job: Job) -> dict[str, str]:
    """The nodes' titles by their ids, where they have one."""
    return {node.id: node.title for node in job.graph.loaded().nodes if node.title}


def _moment(at: datetime | None) -> str:
    return "–" if at is None else f"{at:%Y-%m-%d %H:%M:%S} UTC"


def _snapshot(job: Job) -> Mapping[str, Any]:
    return tail.known(job)


def _node_row(name: str, node: Mapping[str, Any]) -> tuple[str, str, str, str]:
    error = node.get("error") or {}
    elapsed = f"{node['elapsed_ms'] / 1000:.2f} s" if "elapsed_ms" in node else ""
    return name, node.get("status", ""), elapsed, error.get("message", "")


def _link(asset: Asset) -> SafeString:
    return format_html('<a href="{}">open</a>', _address(asset))


def _address(asset: Asset) -> str:
    return reverse("admin:runs_asset_content", args=[asset.pk])


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _table(heads: Iterable[str], rows: Iterable[Iterable[object]]) -> SafeString:
    head = format_html_join("", "<th>{}</th>", ((head,) for head in heads))
    cells = (format_html_join("", "<td>{}</td>", ((cell,) for cell in row)) for row in rows)
    body = format_html_join("", "<tr>{}</tr>", ((row,) for row in cells))
    return (
        format_html("<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table>", head, body)
        if body
        else SafeString("–")
    )
