"""Products: what the nodes of a job made, and what people uploaded. Bytes are kept once, by their SHA-256."""

import uuid

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models.functions import Cast, Coalesce, Length

from accounts.models import User
from runs.models.job import Job
from workflows.models import Workflow


class Blob(models.Model):
    """Bytes in the store, once however many assets are made of them. Its file is named by the digest."""

    digest = models.CharField(primary_key=True, max_length=64, help_text="SHA-256 of the bytes, in hexadecimal.")
    size = models.BigIntegerField(help_text="Bytes.")
    media_type = models.CharField(max_length=100)
    width = models.PositiveIntegerField(null=True, blank=True, help_text="Pixels.")
    height = models.PositiveIntegerField(null=True, blank=True, help_text="Pixels.")
    duration = models.FloatField(null=True, blank=True, help_text="Seconds, of a sound or film.")
    thumbnail = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="+")
    used_at = models.DateTimeField(help_text="When an asset last came to need it; an unused blob goes an hour later.")

    def __str__(self) -> str:
        return self.digest[:12]


class AssetQuerySet(models.QuerySet["Asset"]):
    """Assets, by who may see them."""

    def visible_to(self, user: User | AnonymousUser) -> "AssetQuerySet":
        """A person's own assets. Every page, request, socket and list goes through this."""
        return self.filter(owner_id=user.pk) if user.is_authenticated else self.none()

    def room(self) -> int:
        """The bytes that they take: of their blobs, or of their values as rows have them."""
        size = Coalesce("blob__size", Length(Cast("value", models.TextField())), 0)
        return int(self.order_by().aggregate(room=Coalesce(models.Sum(size), 0))["room"])

    def for_documents(self) -> "AssetQuerySet":
        """With their blobs and jobs, as `asset_document` reads them, and nothing that is large."""
        return self.select_related("blob", "job").defer("job__params", "job__error", "job__traceback")


class Asset(models.Model):
    """One product: (workflow, node, job, output, index) of a job's node, or an upload, which has none of these."""

    KINDS = ("image", "audio", "video", "text", "table", "json", "number", "file")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # Foreign keys that begin an index below need none of their own: each index costs every write.
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="assets", db_index=False)
    workflow = models.ForeignKey(Workflow, models.CASCADE, null=True, blank=True, related_name="assets", db_index=False)
    job = models.ForeignKey(Job, models.CASCADE, null=True, blank=True, related_name="assets", db_index=False)
    node = models.CharField(max_length=64, blank=True)
    output = models.CharField(max_length=64, blank=True)
    index = models.PositiveIntegerField(default=0, help_text="Counts what one output made in one job.")
    result = models.CharField(max_length=200, blank=True, help_text="The name of the job's output that it is, if any.")
    name = models.CharField(max_length=255, blank=True, help_text="An upload's file name, for people.")
    kind = models.CharField(max_length=8, choices=[(kind, kind) for kind in KINDS])
    blob = models.ForeignKey(Blob, models.PROTECT, null=True, blank=True, related_name="assets")
    value = models.JSONField(null=True, blank=True, help_text="What is small enough to live in the row.")
    created_at = models.DateTimeField()

    objects = AssetQuerySet.as_manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("job", "node", "output", "index"), name="one_asset_a_place"),)
        indexes = (
            models.Index(fields=("workflow", "-created_at", "-id"), name="asset_of_workflow"),
            models.Index(fields=("workflow", "node", "-created_at", "-id"), name="asset_of_node"),
            models.Index(fields=("job", "-created_at", "-id"), name="asset_of_job"),
            models.Index(fields=("owner", "-created_at", "-id"), name="asset_of_owner"),
            models.Index(fields=("-created_at", "-id"), name="asset_by_created"),
            models.Index(
                fields=("workflow", "-created_at", "-id"),
                name="asset_with_bytes",
                condition=models.Q(blob__isnull=False),
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.node or self.name}"
