"""What one job makes: media and results become assets, whose rows are written in fenced transactions."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from PIL import Image

from accounts import compiled
from accounts.models import User
from runs import outbox, store
from runs.errors import OverQuota
from runs.gate import Claim
from runs.models import Asset, Blob, Job
from runs.quota import Quota
from runs.representation import asset_document, inline_content, media_type
from runs.worker import hold, plain
from runs.worker.crew import AWAY, Crew, insist
from runs.worker.media import Media, Medium, Safe
from runs.worker.memory import Memory
from workflows.errors import NodeFailed
from workflows.graph import Node
from workflows.ports import MEDIA
from workflows.recordings import Recording

Document = dict[str, Any]


class Products:
    """The products of one job. What can be awaited is for the run's loop, `save` for the desk, `last` for its end."""

    def __init__(self, claim: Claim, crew: Crew) -> None:
        self._claim = claim
        self._crew = crew
        self._safe = Safe(claim, crew)
        self._quota = Quota(claim.owner_id)
        self._media = Media(crew, self._safe)
        self.memory = Memory(claim, crew, self._media)
        self._made: defaultdict[tuple[str, str], int] = defaultdict(int)
        self._unsaved: list[Asset] = []
        self._in_doubt = False

    async def keep(self, node: Node, output: str, port_type: str, value: object) -> None:
        """Makes an asset of each medium in a value, and one of all that an `output.*` node or one with a gallery has.

        Raises NodeFailed when it can't be stored, OutputLimit when the job has stored too much.
        """
        media = list(_media(value))
        if media:
            for index, medium in zip(self._places(node, output, len(media)), media, strict=True):
                kind = medium.kind if isinstance(medium, Recording) else "image"
                await self._add_blob(node, output, index, kind, await self._media.blob_of(medium))
        elif node.family == "output" or node.gallery:
            (index,) = self._places(node, output, 1)
            await self._keep_value(node, output, index, plain.kind(value, port_type), value)

    async def open(self, asset_id: str, kind: str) -> object:
        """The run's value of an asset of the job's owner, as a port of this kind takes it: any asset can be a `file`.

        Raises NodeFailed when there is none, or it can't be read.
        """
        asset = await self._crew.at_desk(insist, lambda: self._find(asset_id))
        if asset is None:
            raise NodeFailed("asset_missing", "The asset that this node uses is gone. Choose or upload another one.")
        if kind == "file":
            blob = asset.blob or await self._safe.keep(inline_content(asset), media_type(asset))
            return await self._media.open(blob, "file")
        if asset.blob is None:
            return asset.value
        if asset.kind in MEDIA:
            return await self._media.open(asset.blob, asset.kind)
        return await self._crew.in_workshop(_read, asset.kind, asset.blob)

    def save(self) -> list[Document]:
        """Writes the rows that are due, in one transaction. Answers their documents.

        Raises LostLease when the job has passed on, OperationalError as the database does; nothing is lost then.
        """
        due = self._unsaved.copy()
        if not due:
            return []
        try:
            with transaction.atomic():
                hold.lock(self._claim)
                self._write(due)
        except AWAY:
            self._in_doubt = True
            raise
        self._in_doubt = False
        del self._unsaved[: len(due)]
        return _documents(due)

    def last(self) -> tuple[list[Document], Callable[[], None]]:
        """The documents of the rows that are due, and what writes them within the transaction that ends the job."""
        due, self._unsaved = self._unsaved, []
        return _documents(due), lambda: self._write(due)

    def _write(self, due: Sequence[Asset]) -> None:
        """Those that are not there yet: they may have been committed though the answer was lost."""
        there = set(Asset.objects.filter(job=self._claim.job_id).values_list("pk", flat=True)) if self._in_doubt else ()
        _write([asset for asset in due if asset.pk not in there])

    async def _keep_value(self, node: Node, output: str, index: int, kind: str, value: object) -> None:
        size = plain.small_size(value)
        if size is not None:
            self._safe.spend(size)
            self._add(node, output, index, kind=kind, value=value)
            return
        try:
            data, stored_as = await self._crew.in_workshop(plain.encoded, value)
        except (ValueError, TypeError, RecursionError) as error:
            message = (
                f"This value can't be kept, as JSON can't write it ({error}). Turn it into text or numbers before."
            )
            raise NodeFailed("not_json", message) from error
        await self._add_blob(node, output, index, kind, await self._safe.keep(data, stored_as))

    def _places(self, node: Node, output: str, count: int) -> range:
        """The next so many indices, given before anything is awaited, so that they are in the order of the values."""
        first = self._made[node.id, output]
        self._made[node.id, output] += count
        return range(first, first + count)

    async def _add_blob(self, node: Node, output: str, index: int, kind: str, blob: Blob) -> None:
        if settings.STORAGE_QUOTA_PER_USER:
            try:
                await self._crew.at_desk(insist, lambda: self._quota.take(blob))
            except OverQuota as error:
                raise NodeFailed("storage_quota", str(error)) from error
        self._add(node, output, index, kind=kind, blob=blob)

    def _add(self, node: Node, output: str, index: int, **content: Any) -> None:
        claim = self._claim
        self._unsaved.append(
            Asset(
                owner_id=claim.owner_id,
                workflow_id=claim.workflow_id,
                job=Job(pk=claim.job_id, number=claim.number),
                node=node.id,
                output=output,
                index=index,
                result=(node.properties.get("name") or node.id) if node.type == "output.result" else "",
                created_at=timezone.now(),
                **content,
            )
        )

    def _find(self, asset_id: str) -> Asset | None:
        mine = Asset.objects.visible_to(User(pk=self._claim.owner_id))
        try:
            return mine.select_related("blob").filter(pk=asset_id).first()
        except ValidationError:  # no UUID
            return None


def _documents(assets: Iterable[Asset]) -> list[Document]:
    return [asset_document(asset) for asset in assets]


def _write(assets: Sequence[Asset]) -> None:
    """Again and again, if a transaction fails; each time they are new."""
    if assets:
        compiled.insert(assets)
        outbox.assets_made(assets[0].owner_id, assets[0].workflow_id, [asset.pk for asset in assets])


def _media(value: object) -> Iterator[Medium]:
    """The pictures, sounds, films and files in a value: itself, or those of a list."""
    if isinstance(value, Image.Image | Recording):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _media(item)


def _read(kind: str, blob: Blob) -> object:
    text = store.path(blob.digest).read_text(encoding="utf-8")
    return text if kind == "text" else json.loads(text)
