"""The cap, changed by people at run time: checked, kept, in force at once, and written down with who did it."""

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import QuerySet

from accounts.models import User
from runs import gate
from runs.models import Gate

LEAST, MOST = 1, 1000


def change(user: User, cap: int | None) -> int:
    """Sets the cap; None goes back to the setting. Answers the cap now in force."""
    before, after = gate.cap(), gate.set_cap(cap)
    how = "back to the setting, " if cap is None else ""
    LogEntry.objects.log_actions(
        user.pk, Gate.objects.filter(pk=1), CHANGE, f"Cap: {before} → {how}{after}.", single_object=True
    )
    return after


def changes() -> QuerySet[LogEntry]:
    """Who changed it, the newest first."""
    gates = ContentType.objects.get_for_model(Gate)
    return LogEntry.objects.filter(content_type=gates).select_related("user").order_by("-action_time")
