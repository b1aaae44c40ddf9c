"""Workflows, their versions, and the graphs that both and every job refer to."""

import copy
import uuid

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models

from accounts.models import User
from workflows import graph as graphs


class GraphQuerySet(models.QuerySet["Graph"]):
    """Graphs, each kept once."""

    def keep(self, graph: graphs.Graph) -> "Graph":
        """The row of this graph, stored once however often it is used."""
        return self.get_or_create(digest=graph.digest, defaults={"document": graph.document})[0]


class Graph(models.Model):
    """One immutable graph, by the SHA-256 of its canonical JSON."""

    digest = models.CharField(primary_key=True, max_length=64)
    document = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True)

    objects = GraphQuerySet.as_manager()

    def __str__(self) -> str:
        return self.digest[:12]

    def loaded(self) -> graphs.Graph:
        """The graph as the pure modules know it."""
        return graphs.load(self.document)


class WorkflowQuerySet(models.QuerySet["Workflow"]):
    """Workflows, by who may see them."""

    def visible_to(self, user: User | AnonymousUser) -> "WorkflowQuerySet":
        """A person's own workflows that stay. Every page, request, socket and list goes through this."""
        return self.filter(owner_id=user.pk, leaving=False) if user.is_authenticated else self.none()


class Workflow(models.Model):
    """A graph that a person draws and runs; its current version's graph is `graph`."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="workflows")
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True, max_length=10_000)
    graph = models.ForeignKey(Graph, models.PROTECT, related_name="+")
    version = models.PositiveIntegerField(default=1)
    jobs_made = models.PositiveIntegerField(default=0, editable=False, help_text="The newest job's number.")
    leaving = models.BooleanField(default=False, editable=False, help_text="Goes once its last job has ended.")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = WorkflowQuerySet.as_manager()

    class Meta:
        ordering = ("-updated_at",)
        indexes = (
            models.Index(fields=("owner", "-updated_at", "-id"), name="workflow_of_owner"),
            models.Index(fields=("id",), name="workflow_leaving", condition=models.Q(leaving=True)),
        )

    def __str__(self) -> str:
        return self.name

    def of_version(self, number: int, graph: Graph) -> "Workflow":
        """This workflow as it was at that version, to be read and run, never saved."""
        older = copy.copy(self)
        older.version, older.graph = number, graph
        return older


class WorkflowVersion(models.Model):
    """What a workflow was at one of its versions."""

    workflow = models.ForeignKey(Workflow, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    graph = models.ForeignKey(Graph, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-number",)
        constraints = (models.UniqueConstraint(fields=("workflow", "number"), name="one_version_a_number"),)

    def __str__(self) -> str:
        return f"{self.workflow} v{self.number}"
