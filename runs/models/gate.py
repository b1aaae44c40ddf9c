"""What the gate keeps besides jobs: its lock and settings, the workers it knows, and who does the chores."""

from datetime import timedelta
from typing import Final

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone

from accounts.compiled import Compiled

DUTY_SECONDS: Final = 10.0
"""Another pool takes a duty over when the one that has it is silent for so long."""


class GateQuerySet(models.QuerySet["Gate"]):
    """The one gate."""

    def now(self) -> "Gate":
        """The gate as it stands, which need not have a row yet."""
        return _NOW.first() or Gate()

    def cap(self) -> int:
        """How many jobs may run at once, over all machines."""
        return self.now().limit


class Gate(models.Model):
    """The one row that is locked while jobs are submitted and claimed, with what was set at run time."""

    cap = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text=f"{settings.LEAST_CAP}–{settings.MOST_CAP}; empty: MAX_CONCURRENT_JOBS.",
    )
    paused = models.BooleanField(default=False, help_text="Nothing starts; what runs goes on.")

    objects = GateQuerySet.as_manager()

    def __str__(self) -> str:
        return "the gate"

    @property
    def limit(self) -> int:
        """The cap in force: as it was set at run time, else the setting."""
        return int(settings.MAX_CONCURRENT_JOBS) if self.cap is None else self.cap


_NOW: Final = Compiled[Gate](lambda: Gate.objects.filter(pk=1))


class Worker(models.Model):
    """A worker process that lives, as its pool last saw it."""

    name = models.CharField(primary_key=True, max_length=100)
    host = models.CharField(max_length=255)
    pid = models.PositiveIntegerField()
    pool = models.CharField(max_length=100, db_index=True)
    draining = models.BooleanField(default=False)
    up = models.BooleanField(default=True, db_default=True)
    """Whether it has come up, so that it can take a job."""
    started_at = models.DateTimeField()
    heartbeat_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class DutyQuerySet(models.QuerySet["Duty"]):
    """The duties there are."""

    def take(self, name: str, holder: str) -> bool:
        """Takes the duty, or holds it for one more term. Answers whether it is this holder's now."""
        now, term = timezone.now(), timedelta(seconds=DUTY_SECONDS)
        over = Q(until__lte=now) | Q(until__gt=now + 6 * term)  # the latter since the clock was put back
        with transaction.atomic():
            self.get_or_create(name=name, defaults={"until": now})
            return bool(self.filter(over | Q(holder=holder), name=name).update(holder=holder, until=now + term))


class Duty(models.Model):
    """Who sweeps, or sends, and until when: chores that one process does for all."""

    name = models.CharField(primary_key=True, max_length=50)
    holder = models.CharField(max_length=100, blank=True)
    until = models.DateTimeField()

    objects = DutyQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "duties"

    def __str__(self) -> str:
        return f"{self.name}: {self.holder}"
