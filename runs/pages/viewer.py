"""Who looks at a job's page: its owner, or staff in the administration; and where they find what it shows."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from django.urls import reverse

from accounts.models import User
from runs.representation import API_ROOT


class Viewer(NamedTuple):
    """What somebody may do with the job that they look at."""

    staff: bool = False
    may_stop: bool = True
    may_delete: bool = True

    def content_url(self, asset_id: str) -> str:
        """Where they get an asset's bytes: over REST, a session gets its own alone."""
        if self.staff:
            return reverse("admin:runs_asset_content", args=[asset_id])
        return f"{API_ROOT}/assets/{asset_id}/content"

    def product(self, document: Mapping[str, Any]) -> Mapping[str, Any]:
        """An asset's document with the addresses that are good for them."""
        if not self.staff:
            return document
        thumbnail = reverse("admin:runs_asset_thumbnail", args=[document["id"]])
        urls = {"url": self.content_url(document["id"]), "thumbnail_url": document["thumbnail_url"] and thumbnail}
        return {**document, **urls}


OWNER: Final = Viewer()


def staff(user: User) -> Viewer | None:
    """One of staff, with their rights as the database has them now; None for who may not look at others' jobs."""
    now = User.objects.filter(pk=user.pk, is_active=True, is_staff=True).first()
    if now is None or not now.has_perm("runs.view_job"):
        return None
    return Viewer(staff=True, may_stop=now.has_perm("runs.change_job"), may_delete=now.has_perm("runs.delete_job"))
