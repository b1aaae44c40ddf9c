"""What calls of pure nodes made, to be served again to their owner's equal calls."""

from django.conf import settings
from django.db import models


class KeptQuerySet(models.QuerySet["Kept"]):
    """Results, by their age."""

    def forget_beyond(self, most: int) -> None:
        """Deletes the oldest, so that about `most` are left."""
        newest = self.order_by("-made_at").values_list("made_at", flat=True)
        oldest_left = newest[most - 1 : most].first() if most else None
        if most == 0:
            self.all().delete()
        elif oldest_left:
            self.filter(made_at__lt=oldest_left).delete()


class Kept(models.Model):
    """The results of one call. It refers to bytes and keeps none: with the last asset of them they go, and so it does.

    Its key has in it whose it is, so that nobody is ever served what another person made.
    """

    key = models.CharField(primary_key=True, max_length=64, help_text="SHA-256 of owner, node type and arguments.")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    results = models.JSONField(help_text="[[place, output, value], …]")
    made_at = models.DateTimeField(db_index=True)

    objects = KeptQuerySet.as_manager()

    def __str__(self) -> str:
        return self.key[:12]
