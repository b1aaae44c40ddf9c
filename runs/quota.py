"""How many bytes one person's assets may have: each blob counts once, however many of them are made of it."""

from uuid import UUID

from django.conf import settings
from django.db.models import Sum

from runs.errors import OverQuota
from runs.models import Asset, Blob


class Quota:
    """What is left to one person, as it was when it was first asked for, less what has been taken since."""

    def __init__(self, owner_id: UUID) -> None:
        self._owner_id = owner_id
        self._taken: dict[str, int] = {}
        self._used: int | None = None

    def take(self, blob: Blob) -> None:
        """Counts the blob as the person's. Raises OverQuota when there is no room for it."""
        most = settings.STORAGE_QUOTA_PER_USER
        mine = Asset.objects.filter(owner=self._owner_id, blob__isnull=False)
        if not most or blob.digest in self._taken or mine.filter(blob=blob).exists():
            return
        if self._used is None:
            self._used = Blob.objects.filter(pk__in=mine.values("blob")).aggregate(sum=Sum("size"))["sum"] or 0
        used = self._used + sum(self._taken.values())
        if used + blob.size > most:
            raise OverQuota(
                f"Your assets may have {most:,} bytes in all; they have {used:,}, and this one has {blob.size:,}. "
                "Delete some, or ask who runs this Loupe to raise STORAGE_QUOTA_PER_USER."
            )
        self._taken[blob.digest] = blob.size
