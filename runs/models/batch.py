"""Batches: jobs that one request made together, what they may spend, and what they have spent."""

import uuid
from typing import Any, Final

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import BooleanField, Func, Q

from accounts.models import User
from workflows.models import Workflow

FIRST_FAILURE, SECONDS, BYTES, COST = "first_failure", "seconds", "bytes", "cost"
RULES: Final = (FIRST_FAILURE, SECONDS, BYTES, COST)
"""What may stop a batch, in the order in which they are looked at."""


class BatchIsNot(Func):
    """Whether a job is of no batch that is in this way: `which` is SQL over the table of batches.

    There are never many such batches, so that they are read beforehand, once a query, along an index of their own.
    """

    template = "(%(expressions)s IS NULL OR %(expressions)s NOT IN (SELECT id FROM runs_batch WHERE %(which)s))"
    output_field = BooleanField()


class BatchQuerySet(models.QuerySet["Batch"]):
    """Batches, by who may see them."""

    def visible_to(self, user: User | AnonymousUser) -> "BatchQuerySet":
        """A person's own batches that are all there."""
        return self.released().filter(owner_id=user.pk) if user.is_authenticated else self.none()

    def released(self) -> "BatchQuerySet":
        """Those that are all there."""
        return self.exclude(released_at=None)

    def in_making(self) -> "BatchQuerySet":
        """Those that are being written, or were left in the middle of it."""
        return self.filter(released_at=None)


class Batch(models.Model):
    """The jobs that one request made together. Until it is released they are seen by nobody; see `runs.making`."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    workflow = models.ForeignKey(Workflow, models.CASCADE, related_name="batches")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="batches")
    count = models.PositiveIntegerField(help_text="How many jobs it was made with.")
    created_at = models.DateTimeField()
    making_until = models.DateTimeField(
        null=True, help_text="Who writes it has to go on until then, or it is given up."
    )
    released_at = models.DateTimeField(null=True, help_text="Since when its jobs are in the queue.")
    stop = models.JSONField(null=True, help_text='When it stops: {"first_failure": true, "seconds", "bytes", "cost"}.')
    stops_at = models.DateTimeField(null=True, help_text="When its time will be spent.")
    stopped_at = models.DateTimeField(null=True)
    stopped_by = models.CharField(max_length=13, blank=True, choices=[(rule, rule) for rule in RULES])
    stopped_why = models.CharField(max_length=200, blank=True)
    stopping = models.BooleanField(default=False, help_text="Stopped, and some of its jobs are still active.")
    bytes = models.BigIntegerField(default=0, help_text="What its jobs had made when they ended, if it has rules.")
    cost = models.FloatField(null=True, help_text="What they had cost then, in US dollars.")

    objects = BatchQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "batches"
        indexes = (
            models.Index(fields=("id",), name="batch_in_making", condition=Q(released_at=None)),
            models.Index(fields=("id",), name="batch_stopping", condition=Q(stopping=True)),
            models.Index(fields=("stops_at",), name="batch_stops_at", condition=Q(stops_at__isnull=False)),
        )

    def __str__(self) -> str:
        return f"{self.count} jobs of {self.workflow}"

    @property
    def error(self) -> dict[str, Any]:
        """What those of its jobs are told that were cancelled because it stopped."""
        return {"code": "batch_stopped", "message": self.stopped_why, "node": None}

    def spent(self, rule: str) -> bool:
        """Whether the budget that it has of this is spent; without one it never is."""
        budget, spent = (self.stop or {}).get(rule), getattr(self, rule)
        return budget is not None and spent is not None and spent >= budget
