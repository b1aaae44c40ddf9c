"""Workflows in the administration, with what their runs made."""

from typing import Any

from django.contrib import admin
from django.db.models import Count
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from runs.admin.jobs import thumbnail_url
from runs.models import Job
from runs.pages.listing import newest_picture
from workflows.admin import WorkflowAdmin
from workflows.models import Workflow

admin.site.unregister(Workflow)


@admin.register(Workflow)
class RunWorkflowAdmin(WorkflowAdmin):
    """Every workflow with its newest picture and how many of its runs are active."""

    list_display: tuple[str, ...] = ("shown", "owner", "version", "jobs_made", "active", "updated_at")

    def fill(self, rows: list[Any]) -> None:
        """The newest picture of each, and how many of its runs are active."""
        ids = [workflow.pk for workflow in rows]
        pictured = Workflow.objects.filter(pk__in=ids).order_by().annotate(picture=newest_picture())
        pictures = dict(pictured.values_list("pk", "picture"))
        counted = Job.objects.active().filter(workflow__in=ids).order_by().values_list("workflow").annotate(Count("pk"))
        active = dict(counted)
        for workflow in rows:
            workflow.picture, workflow.at_work = pictures.get(workflow.pk), active.get(workflow.pk, 0)

    @admin.display(description="workflow")
    def shown(self, workflow: Any) -> SafeString:
        """Its newest picture, and its name."""
        image = (
            format_html('<img src="{}" alt="" loading="lazy">', thumbnail_url(workflow.picture))
            if workflow.picture
            else ""
        )
        return format_html('<span class="faced"><span class="thumb">{}</span>{}</span>', image, workflow.name)

    @admin.display(description="active")
    def active(self, workflow: Any) -> SafeString:
        """How many of its runs wait or run; it leads to all of them."""
        runs = reverse("admin:runs_job_changelist")
        return format_html('<a href="{}?workflow__id__exact={}">{} active</a>', runs, workflow.pk, workflow.at_work)
