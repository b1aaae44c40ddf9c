"""What people change of the queue at run time: checked, kept, in force at once, and written down with who did it."""

from django.conf import settings
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import QuerySet

from accounts.models import User
from runs import gate
from runs.models import Gate

LEAST, MOST = settings.LEAST_CAP, settings.MOST_CAP


def change(user: User, cap: int | None) -> int:
    """Sets the cap; None goes back to the setting. Answers the cap now in force."""
    before, after = gate.cap(), gate.set_cap(cap)
    how = "back to the setting, " if cap is None else ""
    _note(user, f"Cap: {before} → {how}{after}.")
    return after


def pause(user: User, *, paused: bool) -> None:
    """Lets nothing start any more, or goes on."""
    if Gate.objects.now().paused != paused:
        gate.pause(paused)
        _note(user, "Paused." if paused else "Resumed.")


def changes() -> QuerySet[LogEntry]:
    """Who changed it, the newest first."""
    gates = ContentType.objects.get_for_model(Gate)
    return LogEntry.objects.filter(content_type=gates).select_related("user").order_by("-action_time")


def _note(user: User, what: str) -> None:
    LogEntry.objects.log_actions(user.pk, Gate.objects.filter(pk=1), CHANGE, what, single_object=True)
