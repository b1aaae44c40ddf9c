"""Lenses in the administration."""

from django.contrib import admin

from accounts.long_lists import LongList
from runs.models import RunFocus


@admin.register(RunFocus)
class RunFocusAdmin(LongList):
    """Which job each person's canvas shows."""

    list_display = ("user", "workflow", "job", "pinned", "updated_at")
    list_filter = ("pinned",)
    list_select_related = ("user", "workflow", "job__workflow")
    search_fields = ("user__username", "workflow__name")
    raw_id_fields = ("user", "workflow", "job")
