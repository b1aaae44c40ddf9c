"""The lens: which job a person's canvas shows for a workflow."""

from django.conf import settings
from django.db import models

from runs.models.job import Job
from workflows.models import Workflow


class RunFocus(models.Model):
    """RunFocus(user, workflow) → job, pinned. A submit moves it unless it is pinned."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="run_focuses")
    workflow = models.ForeignKey(Workflow, models.CASCADE, related_name="run_focuses")
    job = models.ForeignKey(Job, models.SET_NULL, null=True, blank=True, related_name="+")
    pinned = models.BooleanField(default=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name_plural = "run focuses"
        constraints = (models.UniqueConstraint(fields=("user", "workflow"), name="one_focus_a_user_and_workflow"),)

    def __str__(self) -> str:
        return f"{self.user} on {self.job or 'nothing'}"
