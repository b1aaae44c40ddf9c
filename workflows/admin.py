"""Workflows in the admin: looked at there, drawn elsewhere."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.long_lists import LongList, OfOwner
from workflows import saving
from workflows.models import Workflow, WorkflowVersion


class VersionInline(admin.TabularInline[WorkflowVersion, Workflow]):
    """What the workflow was before."""

    model = WorkflowVersion
    fields = readonly_fields = ("number", "graph", "created_at")
    extra = 0
    can_delete = False

    def has_add_permission(self, _request: HttpRequest, _obj: Workflow | None = None) -> bool:
        """Versions come from saving the workflow."""
        return False


@admin.register(Workflow)
class WorkflowAdmin(LongList):
    """Every workflow with its owner and how often it ran."""

    list_display: tuple[str, ...] = ("name", "owner", "version", "jobs_made", "updated_at")
    list_filter = (OfOwner, "updated_at")
    search_fields = ("name", "description", "owner__username")
    search_help_text = "A name, a description or a person; or a workflow's whole id."
    date_hierarchy = "created_at"
    fields = ("id", "name", "description", "owner", "version", "graph", "jobs_made", "created_at", "updated_at")
    readonly_fields = ("id", "owner", "version", "graph", "jobs_made", "created_at", "updated_at")
    inlines = (VersionInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Workflow]:
        """Without the graphs: lists name them only."""
        return super().get_queryset(request).select_related("owner").defer("graph__document")

    def save_model(self, _request: HttpRequest, obj: Workflow, form: Any, _change: bool) -> None:
        """Only what was changed here, as a version of its own: runs may have been made meanwhile."""
        saving.change(obj, **{name: form.cleaned_data[name] for name in form.changed_data})

    def has_add_permission(self, _request: HttpRequest) -> bool:
        """Workflows are drawn, sent or imported."""
        return False

    def has_delete_permission(self, _request: HttpRequest, _obj: Workflow | None = None) -> bool:
        """They are deleted over REST, which refuses one whose jobs are active and tells who watches."""
        return False
