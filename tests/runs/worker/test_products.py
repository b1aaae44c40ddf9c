"""What a job makes becomes blobs and assets, once each, and only while the job is this worker's."""

import asyncio
import dataclasses
import errno
import math
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, transaction
from django.utils import timezone
from PIL import Image
from pytest_django import Settings

from accounts import compiled
from accounts.models import User
from runs import gate, store, webhooks
from runs.errors import LostLease, OutputLimit
from runs.models import ASSET_CREATED, Asset, Blob, Delivery
from runs.worker.crew import Crew
from runs.worker.products import Products
from tests.databases import unanswered
from tests.runs.jobs import claimed, graph
from workflows.errors import NodeFailed
from workflows.graph import Node, load
from workflows.media import encode_image
from workflows.recordings import Audio, File, Video

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("valkey")]

GRAPH = graph(
    {
        "noise": ("image.noise", {}),
        "blur": ("image.blur", {}),
        "list": ("list.collect", {}),
        "out": ("output.result", {"name": "picture"}),
        "show": ("output.preview", {}),
    }
)
NODES = {node.id: node for node in load(GRAPH).nodes}
NOISE, BLUR, LIST, OUT, SHOW = (NODES[name] for name in ("noise", "blur", "list", "out", "show"))


@pytest.fixture
def crew() -> Iterator[Crew]:
    crew = Crew()
    yield crew
    crew.close()


@pytest.fixture
def products(ada: User, crew: Crew) -> Products:
    return Products(claimed(ada, GRAPH), crew)


def keep(products: Products, *values: tuple[Node, str, str, object]) -> list[Asset]:
    """What these (node, output, port type, value) become."""

    async def all_of_them() -> None:
        await asyncio.gather(*(products.keep(*value) for value in values))

    asyncio.run(all_of_them())
    products.save()
    return list(Asset.objects.order_by("node", "index").select_related("blob__thumbnail"))


def picture(seed: int = 0) -> Image.Image:
    return Image.effect_noise((400, 200), 10 + seed)


def test_a_picture_that_passes_through_three_nodes_is_one_blob_and_three_assets(products: Products) -> None:
    image = picture()
    assets = keep(products, *((node, "image", "image", image) for node in (NOISE, BLUR, OUT)))
    assert [asset.node for asset in assets] == ["blur", "noise", "out"]
    assert len({asset.blob_id for asset in assets}) == 1
    assert Blob.objects.count() == 2  # with its thumbnail


def test_a_node_that_carries_a_gallery_keeps_its_values(products: Products) -> None:
    carrying = dataclasses.replace(LIST, gallery=True)
    (asset,) = keep(products, (carrying, "items", "list[text]", ["a"]), (LIST, "items", "list[text]", ["b"]))
    assert (asset.node, asset.kind, asset.value, asset.result) == ("list", "json", ["a"], "")


def test_equal_pictures_are_the_same_bytes(products: Products) -> None:
    image = picture()
    first, second = keep(products, (NOISE, "image", "image", image), (BLUR, "image", "image", image.copy()))
    assert first.blob_id == second.blob_id


def test_a_picture_is_stored_as_png_with_a_thumbnail(products: Products) -> None:
    image = picture()
    (asset,) = keep(products, (NOISE, "image", "image", image))
    blob = asset.blob
    assert blob is not None
    assert blob.thumbnail is not None
    assert (blob.media_type, blob.width, blob.height) == ("image/png", 400, 200)
    assert (blob.thumbnail.media_type, blob.thumbnail.width, blob.thumbnail.height) == ("image/webp", 320, 160)
    assert store.path(blob.digest).read_bytes() == encode_image(image).data


def test_pictures_in_a_list_are_an_asset_each(products: Products) -> None:
    images = [picture(seed) for seed in range(3)]
    assets = keep(products, (LIST, "items", "list[image]", images), (LIST, "items", "list[image]", images[:1]))
    assert [asset.index for asset in assets] == [0, 1, 2, 3]
    assert assets[0].blob_id == assets[3].blob_id


def test_indices_follow_the_order_of_the_values_however_long_each_takes(products: Products) -> None:
    values = [Image.effect_noise((side, side), 50) for side in (900, 20, 300)]
    assets = keep(products, *((NOISE, "image", "image", value) for value in values))
    assert [asset.blob and asset.blob.width for asset in assets] == [900, 20, 300]


@pytest.mark.parametrize(
    ("value", "port", "kind"),
    [("hello", "text", "text"), (4, "integer", "number"), ({"a": [1]}, "json", "json"), (True, "boolean", "json")],
)
def test_what_an_output_gets_is_an_asset_whatever_its_type(
    products: Products, value: object, port: str, kind: str
) -> None:
    (asset,) = keep(products, (OUT, "value", port, value), (LIST, "items", port, value))
    assert (asset.node, asset.kind, asset.value, asset.blob, asset.result) == ("out", kind, value, None, "picture")


def test_a_preview_is_no_result(products: Products) -> None:
    (asset,) = keep(products, (SHOW, "value", "text", "hello"))
    assert asset.result == ""


@pytest.mark.parametrize(
    ("value", "media_type", "stored"),
    [
        ("é" * 40_000, "text/plain", "é" * 40_000),
        ("a\0b", "text/plain", "a\0b"),
        ([9] * 40_000, "application/json", None),
    ],
)
def test_a_large_value_is_a_blob(products: Products, value: object, media_type: str, stored: str | None) -> None:
    (asset,) = keep(products, (OUT, "value", "any", value))
    assert asset.blob is not None
    assert (asset.value, asset.blob.media_type) == (None, media_type)
    if stored is not None:
        assert store.path(asset.blob.digest).read_text(encoding="utf-8") == stored
    assert asyncio.run(products.open(str(asset.pk), "any")) == value


def test_a_value_that_json_cannot_write_fails_the_node(products: Products) -> None:
    with pytest.raises(NodeFailed, match="JSON can't write it"):
        keep(products, (OUT, "value", "number", math.nan))


def test_an_opened_picture_that_is_passed_on_keeps_its_blob(products: Products, ada: User) -> None:
    encoded = encode_image(picture())
    blob = store.keep(encoded.data, media_type="image/png", width=400, height=200)
    upload = Asset.objects.create(owner=ada, kind="image", blob=blob, created_at=timezone.now())

    async def pass_on() -> None:
        await products.keep(NOISE, "image", "image", await products.open(str(upload.pk), "image"))

    asyncio.run(pass_on())
    (document,) = products.save()
    assert document["sha256"] == blob.digest
    assert Blob.objects.count() == 1


@pytest.mark.parametrize("content", [{"value": {"a": 1}}, {"blob": b'{"a":1}'}])
def test_any_asset_can_be_opened_as_a_file(products: Products, ada: User, content: dict[str, Any]) -> None:
    if "blob" in content:
        content = {"blob": store.keep(content["blob"], media_type="application/json")}
    asset = Asset.objects.create(owner=ada, kind="json", created_at=timezone.now(), **content)
    opened = asyncio.run(products.open(str(asset.pk), "file"))
    assert isinstance(opened, File)
    assert (opened.path.read_bytes(), opened.media_type) == (b'{"a":1}', "application/json")


def test_a_sound_that_passes_through_is_stored_once_with_what_is_known_of_it(
    products: Products, tmp_path: Path
) -> None:
    (tmp_path / "made").write_bytes(b"a sound")
    sound = Audio(tmp_path / "made", "audio/wav", 1.5)
    assets = keep(products, (NOISE, "audio", "audio", sound), (OUT, "value", "any", sound), (BLUR, "a", "any", [sound]))
    assert [asset.kind for asset in assets] == ["audio"] * 3
    (blob,) = Blob.objects.all()
    assert store.path(blob.digest).read_bytes() == b"a sound"
    assert (blob.size, blob.media_type, blob.duration, blob.thumbnail) == (7, "audio/wav", 1.5, None)


def test_a_film_has_its_size_and_its_poster_as_thumbnail(products: Products, tmp_path: Path) -> None:
    (tmp_path / "made").write_bytes(b"a film")
    (asset,) = keep(products, (OUT, "value", "video", Video(tmp_path / "made", "video/mp4", 2, 400, 200, picture())))
    blob = asset.blob
    assert blob is not None
    assert blob.thumbnail is not None
    assert (asset.kind, blob.duration, blob.width, blob.height) == ("video", 2.0, 400, 200)
    assert (blob.thumbnail.media_type, blob.thumbnail.width, blob.thumbnail.height) == ("image/webp", 320, 160)


@pytest.mark.parametrize("kind", ["audio", "video", "file"])
def test_bytes_that_are_gone_fail_the_node(products: Products, ada: User, kind: str) -> None:
    blob = store.keep(b"soon gone", media_type="audio/wav")
    store.path(blob.digest).unlink()
    asset = Asset.objects.create(owner=ada, kind=kind, blob=blob, created_at=timezone.now())
    with pytest.raises(NodeFailed, match="no longer there"):
        asyncio.run(products.open(str(asset.pk), kind))


@pytest.mark.parametrize("whose", ["nobody", "bob", "no id"])
def test_only_the_owners_own_assets_can_be_opened(products: Products, bob: User, whose: str) -> None:
    others = Asset.objects.create(owner=bob, kind="text", value="secret", created_at=timezone.now())
    asset = {"nobody": str(uuid.uuid4()), "bob": str(others.pk), "no id": "nonsense"}[whose]
    with pytest.raises(NodeFailed, match="is gone"):
        asyncio.run(products.open(asset, "text"))


def test_small_values_and_files_are_opened_as_what_they_are(products: Products, ada: User) -> None:
    small = Asset.objects.create(owner=ada, kind="json", value={"a": 1}, created_at=timezone.now())
    blob = store.keep(b"RIFF", media_type="audio/wav", duration=2.5)
    sound = Asset.objects.create(owner=ada, kind="audio", blob=blob, created_at=timezone.now())
    assert asyncio.run(products.open(str(small.pk), "any")) == {"a": 1}
    opened = asyncio.run(products.open(str(sound.pk), "audio"))
    assert isinstance(opened, Audio)
    assert (opened.path, opened.media_type, opened.duration) == (store.path(blob.digest), "audio/wav", 2.5)


def test_a_picture_that_cannot_be_read_fails_the_node(products: Products, ada: User) -> None:
    blob = store.keep(b"no picture", media_type="image/png")
    asset = Asset.objects.create(owner=ada, kind="image", blob=blob, created_at=timezone.now())
    with pytest.raises(NodeFailed) as failed:
        asyncio.run(products.open(str(asset.pk), "image"))
    assert failed.value.code == "bad_media"


def test_nothing_is_written_for_a_job_that_has_passed_on(ada: User, crew: Crew) -> None:
    claim = claimed(ada, GRAPH)
    products = Products(claim, crew)
    gate.lost(claim.job_id, claim.fence, by="a test", why="lost")
    assert gate.claim("another worker") is not None
    with pytest.raises(LostLease):
        keep(products, (OUT, "value", "text", "late"))
    assert not Asset.objects.exists()


def test_a_new_attempt_makes_everything_anew(ada: User, crew: Crew) -> None:
    claim = claimed(ada, GRAPH)
    keep(Products(claim, crew), (OUT, "value", "text", "first"))
    gate.lost(claim.job_id, claim.fence, by="a test", why="lost")
    again = gate.claim("another worker")
    assert again is not None
    assert not Asset.objects.exists()
    (asset,) = keep(Products(again, crew), (OUT, "value", "text", "second"))
    assert asset.value == "second"


def test_a_job_stores_no_more_than_it_may(products: Products, settings: Settings) -> None:
    settings.MAX_OUTPUT_BYTES = 50_000
    assert len(keep(products, (OUT, "value", "text", "x" * 30_000))) == 1
    with pytest.raises(OutputLimit, match="MAX_OUTPUT_BYTES"):
        keep(products, (OUT, "value", "text", "y" * 30_000))
    with pytest.raises(OutputLimit):
        keep(products, (NOISE, "image", "image", picture()))


def test_a_file_counts_towards_what_a_job_may_store(products: Products, settings: Settings, tmp_path: Path) -> None:
    settings.MAX_OUTPUT_BYTES = 1000
    (tmp_path / "made").write_bytes(b"x" * 1001)
    with pytest.raises(OutputLimit, match="MAX_OUTPUT_BYTES"):
        keep(products, (OUT, "value", "audio", Audio(tmp_path / "made", "audio/wav")))


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "disk_full"),
        (PermissionError(errno.EACCES, "Permission denied"), "not_stored"),
    ],
)
def test_a_store_that_takes_nothing_fails_the_node_clearly(
    products: Products, monkeypatch: pytest.MonkeyPatch, error: Exception, code: str
) -> None:
    monkeypatch.setattr(store, "_write", _raising(error))
    with pytest.raises(NodeFailed) as failed:
        keep(products, (NOISE, "image", "image", picture()))
    assert failed.value.code == code


def test_rows_wait_while_the_database_is_away(products: Products, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as away:
        away.setattr(compiled, "insert", _raising(OperationalError("the database is away")))
        with pytest.raises(OperationalError):
            keep(products, (OUT, "value", "text", "waits"))
    assert [document["value"] for document in products.save()] == ["waits"]
    assert products.save() == []


@pytest.mark.parametrize("at_the_end", [False, True])
def test_rows_whose_commit_was_not_answered_are_there_and_told_once(
    products: Products, ada: User, at_the_end: bool
) -> None:
    webhooks.make(ada, "https://example.org/hook", (ASSET_CREATED,), None)
    with unanswered(), pytest.raises(OperationalError):
        keep(products, (OUT, "value", "text", "once"))
    if at_the_end:
        documents, write = products.last()
        with transaction.atomic():
            write()
    else:
        documents = products.save()
    assert [document["id"] for document in documents] == [str(Asset.objects.get().pk)]
    assert Delivery.objects.get().subject == Asset.objects.get().pk


def _raising(error: Exception) -> Callable[..., Any]:
    def fail(*_: object, **__: object) -> None:
        raise error

    return fail
