"""Choices: the product of a node that runs of a part of its workflow take."""

from django.db import models

from runs.models.asset import Asset
from workflows.models import Workflow


class Choice(models.Model):
    """One for each node at most. It stays until it is taken back, or its product is deleted."""

    workflow = models.ForeignKey(Workflow, models.CASCADE, related_name="choices", db_index=False)
    node = models.CharField(max_length=64)
    asset = models.ForeignKey(Asset, models.CASCADE, related_name="choices")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("workflow", "node"), name="one_choice_a_node"),)

    def __str__(self) -> str:
        return f"{self.asset_id} for {self.node}"
