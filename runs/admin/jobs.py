"""Jobs in the administration: every run is found, looked at live and stopped there."""

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.views.decorators.http import require_POST

from accounts.long_lists import LongList, OfOwner, Typed
from runs import gate, queue
from runs.admin.readonly import ReadOnly
from runs.errors import JobActive, JobEnded, TooManyWaiting
from runs.models import Job
from runs.pages import sheet
from runs.pages.board import thumbnails
from runs.pages.mine import user_of
from runs.pages.viewer import staff
from runs.removal import remove_job
from runs.states import TERMINAL
from runs.submit import rerun
from workflows.errors import GraphInvalid
from workflows.models import Workflow

NAME_CHARACTERS = 28
ACTED_ON = 1000
"""An action that is asked for more does these, and says so."""


class OfWorkflow(Typed):
    """By the workflow's name, or its id."""

    title = "workflow"
    parameter_name = "of"
    placeholder = "its whole name"

    def queryset(self, _request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Those of workflows of that name, by the index of what is theirs."""
        if not self.value():
            return queryset
        named = Workflow.objects.filter(name__iexact=self.value()).order_by("pk").values_list("pk", flat=True)
        return queryset.filter(workflow__in=list(named[:100]))


@admin.register(Job)
class JobAdmin(ReadOnly, LongList):
    """All runs, newest first; each live with its nodes, parameters, error and history."""

    change_list_template = "admin/runs/job/change_list.html"
    list_display = ("title", "standing", "of_workflow", "of_owner", "by_worker", "created", "waited", "took")
    list_filter = ("state", OfOwner, OfWorkflow, "created_at")
    list_select_related = ("workflow", "owner")
    search_fields = ("label", "workflow__name", "owner__username", "worker")
    search_help_text = "A label, a workflow's name, a person or a worker; or a run's whole id."
    sortable_by = ()
    date_hierarchy = "created_at"
    ordering = ("-created_at", "-id")
    actions = ("cancel", "run_again")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Job]:
        """Without what is long and in no list."""
        return super().get_queryset(request).defer("traceback", "params", "workflow__description")

    def fill(self, rows: list[Any]) -> None:
        """Where each stands, and a picture that it made."""
        places, pictures = queue.places(rows), thumbnails(rows)
        for job in rows:
            job.stands, job.picture = places.get(job.pk, queue.Place()), pictures.get(job.pk)

    @admin.display(description="run")
    def title(self, job: Any) -> SafeString:
        """Its picture, its number within the workflow, and what distinguishes it."""
        image = format_html('<img src="{}" alt="" loading="lazy">', thumbnail_url(job.picture)) if job.picture else ""
        label = Truncator(job.label or "as saved").chars(NAME_CHARACTERS)
        facing = '<span class="faced"><span class="thumb">{}</span><span><b>#{}</b> {}</span></span>'
        return format_html(facing, image, job.number, label)

    @admin.display(description="state")
    def standing(self, job: Any) -> SafeString:
        """Its state in words, its place in the queue, and how far it is, as its worker said last."""
        return SafeString(render_to_string("admin/runs/job/_standing_cell.html", {"job": job, "place": job.stands}))

    @admin.display(description="workflow")
    def of_workflow(self, job: Job) -> SafeString:
        """Its name, shortened so that no long one takes the room of all else; it leads to all its runs."""
        name = job.workflow.name
        return format_html(
            '<a href="?workflow__id__exact={}" title="All runs of {}">{}</a>',
            job.workflow_id,
            name,
            Truncator(name).chars(NAME_CHARACTERS),
        )

    @admin.display(description="owner")
    def of_owner(self, job: Job) -> SafeString:
        """Whose it is; it leads to all their runs."""
        return format_html('<a href="?owner__id__exact={0}" title="All runs of {1}">{1}</a>', job.owner_id, job.owner)

    @admin.display(description="worker")
    def by_worker(self, job: Job) -> SafeString | str:
        """Its name, which may be long."""
        return format_html('<span title="{0}">{0}</span>', job.worker) if job.worker else "–"

    @admin.display(description="created (UTC)")
    def created(self, job: Job) -> SafeString:
        """When it was submitted."""
        return format_html("{}<br>{}", f"{job.created_at:%Y-%m-%d}", f"{job.created_at:%H:%M:%S}")

    @admin.display(description="waited")
    def waited(self, job: Job) -> str:
        """Seconds from its submit to its last start, or until now."""
        return f"{job.waited:.1f} s"

    @admin.display(description="ran")
    def took(self, job: Job) -> str:
        """Seconds from its start to its end, or until now."""
        return "–" if job.ran is None else f"{job.ran:.1f} s"

    @admin.action(description="Cancel the selected jobs", permissions=["cancel"])
    def cancel(self, request: HttpRequest, jobs: QuerySet[Job]) -> None:
        """Through the gate, which records who did it; in the admin's own log too."""
        chosen = list(jobs.select_related(None).order_by()[: ACTED_ON + 1])
        stopped = sum(self._stop(request, job) for job in chosen[:ACTED_ON])
        messages.success(request, f"{stopped} cancelled. Jobs that had ended already stay as they are.")
        _say_if_more(request, chosen)

    @admin.action(description="Run the selected jobs again", permissions=["cancel"])
    def run_again(self, request: HttpRequest, jobs: QuerySet[Job]) -> None:
        """Each as a new job of the same graph and parameters, for its owner."""
        chosen = list(jobs.select_related("workflow", "graph").order_by("created_at", "id")[: ACTED_ON + 1])
        made = sum(self._again(request, job) is not None for job in chosen[:ACTED_ON])
        messages.success(request, f"{made} made, at the end of the queue.")
        _say_if_more(request, chosen)

    def get_urls(self) -> list[URLPattern]:
        """With what is done to one job, from its own page."""
        verbs = (
            ("cancellation", self.cancel_one, "runs_job_cancellation"),
            ("rerun", self.rerun_one, "runs_job_rerun"),
        )
        mine = [
            path(f"<uuid:job_id>/{verb}/", self.admin_site.admin_view(require_POST(view)), name=name)
            for verb, view, name in verbs
        ]
        return [*mine, *super().get_urls()]

    def cancel_one(self, request: HttpRequest, job_id: UUID) -> HttpResponseBase:
        """As the action does it; then back to the job, or to the live page that waits for it."""
        job = self._asked(request, job_id)
        if request.headers.get("HX-Request"):
            self._stop(request, job)
            return HttpResponse(status=204)
        self.cancel(request, Job.objects.filter(pk=job.pk))
        return redirect("admin:runs_job_change", job.pk)

    def rerun_one(self, request: HttpRequest, job_id: UUID) -> HttpResponseBase:
        """As the action does it; then to the new job."""
        job = self._asked(request, job_id)
        return redirect("admin:runs_job_change", (self._again(request, job) or job).pk)

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        """The page of a job as its owner has it, with what only staff see."""
        found, viewer = self.get_object(request, object_id), staff(user_of(request))
        if found is not None and viewer is not None:
            shown = {"sheet": sheet.read(found, viewer), "is_own": found.owner_id == request.user.pk}
            extra_context = {**(extra_context or {}), **shown}
        return super().change_view(request, object_id, form_url, extra_context)

    def has_cancel_permission(self, request: HttpRequest) -> bool:
        """Whoever may change jobs may stop them, and run them again."""
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

    def _asked(self, request: HttpRequest, job_id: UUID) -> Job:
        """The job that somebody who may asks, by POST, to do something with."""
        if not self.has_cancel_permission(request):
            raise PermissionDenied
        return get_object_or_404(Job.objects.select_related("workflow", "graph"), pk=job_id)

    def _stop(self, request: HttpRequest, job: Job) -> bool:
        """Whether there was anything to cancel."""
        try:
            gate.cancel(job.pk, by=request.user.get_username(), why="cancelled in the administration")
        except JobEnded:
            return False
        self.log_change(request, job, "Cancelled.")
        return True

    def _again(self, request: HttpRequest, job: Job) -> Job | None:
        """The new job; None, with the reason told, where there is none."""
        try:
            made = rerun(user_of(request), job, {})
        except (GraphInvalid, TooManyWaiting) as error:
            messages.warning(request, f"{job} was not run again: {error}")
            return None
        self.log_change(request, job, f"Run again as #{made.number}.")
        return made


def thumbnail_url(asset_id: object) -> str:
    """Where staff get the small picture of anybody's asset."""
    return reverse("admin:runs_asset_thumbnail", args=[asset_id])


def _say_if_more(request: HttpRequest, chosen: list[Job]) -> None:
    if len(chosen) > ACTED_ON:
        messages.warning(request, f"These were the first {ACTED_ON:,}. Do it again for the rest.")
