"""Webhooks: who wants to be told what, and each thing that is told: a delivery, kept until it has come to its end."""

import uuid
from collections.abc import Collection, Iterable
from typing import Final

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import connection, models
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from workflows.models import Workflow

JOB_ENDED, BATCH_ENDED, ASSET_CREATED = "job.ended", "batch.ended", "asset.created"
EVENTS: Final = (JOB_ENDED, BATCH_ENDED, ASSET_CREATED)
WAITING, DELIVERED, FAILED = "waiting", "delivered", "failed"
STATES: Final = (WAITING, DELIVERED, FAILED)


class WebhookQuerySet(models.QuerySet["Webhook"]):
    """Webhooks, by who may see them and what they hear."""

    def visible_to(self, user: User | AnonymousUser) -> "WebhookQuerySet":
        """A person's own, without those of single jobs."""
        return self.standing().filter(owner_id=user.pk) if user.is_authenticated else self.none()

    def standing(self) -> "WebhookQuerySet":
        """Those that are for more than a single job."""
        return self.filter(job_id=None)

    def any(self) -> bool:
        """Whether there is one at all. Whatever ends a job asks this, so it costs as little as a query can."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM runs_webhook LIMIT 1")
            return cursor.fetchone() is not None

    def hearing(
        self, events: Iterable[str], owners: Collection[uuid.UUID], jobs: Collection[uuid.UUID] = ()
    ) -> list["Webhook"]:
        """Those of these owners who may sign in, and of these jobs alone, that hear one of the events."""
        found = self.filter(Q(owner__in=owners, job_id=None) | Q(job_id__in=jobs), disabled_at=None)
        found = found.filter(owner__is_active=True)
        wanted = set(events)
        return [hook for hook in found if wanted & set(hook.events)]

    def disable(self, why: str) -> None:
        """They are told nothing more; what still waits for them comes to its end."""
        hooks = list(self.values_list("pk", flat=True))
        self.model.objects.filter(pk__in=hooks, disabled_at=None).update(disabled_at=timezone.now(), disabled_why=why)
        waiting = Delivery.objects.waiting().filter(webhook__in=hooks)
        waiting.update(state=FAILED, due_at=None, body="", error=why)


class Webhook(models.Model):
    """An address that is told of events: of all that is its owner's, of one workflow, or of a single job's end."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="webhooks", db_index=False)
    workflow = models.ForeignKey(Workflow, models.CASCADE, null=True, blank=True, related_name="webhooks")
    job_id = models.UUIDField(null=True, blank=True, help_text="A job that may be deleted before its end is told.")
    url = models.CharField(max_length=2000)
    origin = models.CharField(max_length=300, help_text="Its host with the port: so many requests go to one at once.")
    events = models.JSONField(default=list)
    secret = models.TextField(help_text="What signs, sealed.")
    created_at = models.DateTimeField()
    disabled_at = models.DateTimeField(null=True, blank=True)
    disabled_why = models.CharField(max_length=200, blank=True)

    objects = WebhookQuerySet.as_manager()

    class Meta:
        indexes = (
            models.Index(fields=("owner", "-created_at", "-id"), name="webhook_of_owner", condition=Q(job_id=None)),
            models.Index(fields=("job_id",), name="webhook_of_job", condition=Q(job_id__isnull=False)),
            models.Index(fields=("-created_at", "-id"), name="webhook_by_created"),
        )

    def __str__(self) -> str:
        return f"{', '.join(self.events)} to {self.origin}"

    def hears(self, event: str, owner_id: uuid.UUID, workflow_id: uuid.UUID | None) -> bool:
        """Whether it is told of this, if it is for more than a single job."""
        mine = self.job_id is None and self.owner_id == owner_id
        return mine and event in self.events and self.workflow_id in {None, workflow_id}


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    """Deliveries, by what is to be done with them."""

    def waiting(self) -> "DeliveryQuerySet":
        """Those that have not come to their end."""
        return self.filter(due_at__isnull=False)

    def ended(self) -> "DeliveryQuerySet":
        """Those that have."""
        return self.filter(due_at=None)


class Delivery(models.Model):
    """One event told to one webhook. Its id is the `webhook-id` of every try, by which a receiver knows repeats."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # Without a constraint: to delete a webhook just now fails neither the run that tells it nor the request.
    webhook = models.ForeignKey(Webhook, models.CASCADE, related_name="deliveries", db_index=False, db_constraint=False)
    event = models.CharField(max_length=20, choices=[(event, event) for event in EVENTS])
    subject = models.UUIDField(help_text="The job, batch or asset that it tells of.")
    body = models.TextField(blank=True, help_text="What is sent: written before the first try, the same at each.")
    created_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True, help_text="When it is tried next; none once it has come to its end.")
    state = models.CharField(max_length=9, choices=[(state, state) for state in STATES], default=WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    tried_at = models.DateTimeField(null=True)
    status = models.PositiveSmallIntegerField(null=True, help_text="What the receiver answered last.")
    error = models.CharField(max_length=300, blank=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "deliveries"
        indexes = (
            models.Index(fields=("due_at",), name="delivery_due", condition=Q(due_at__isnull=False)),
            models.Index(fields=("webhook", "-created_at", "-id"), name="delivery_of_webhook"),
            models.Index(fields=("-created_at", "-id"), name="delivery_by_created"),
        )

    def __str__(self) -> str:
        return f"{self.event} of {self.subject}"
