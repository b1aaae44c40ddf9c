"""What is served of several assets at once, and what a picture tells of where it comes from."""

import io
import json
import zipfile
from typing import Any

import pytest
import redis
from PIL import Image, PngImagePlugin

from accounts.models import User
from accounts.scopes import Scope
from runs import archive, store
from runs.models import Asset, Blob
from tests import factories
from tests.rest import Rest
from workflows import media
from workflows.models import Workflow

pytestmark = pytest.mark.django_db


@pytest.fixture
def rest(ada: User, valkey: redis.Redis) -> Rest:
    return Rest(ada, Scope.READ, Scope.RUN)


@pytest.fixture
def workflow(ada: User) -> Workflow:
    return factories.workflow(ada)


@pytest.fixture
def png() -> media.Encoded:
    return media.encode_image(Image.new("RGB", (40, 20), "teal"))


@pytest.fixture
def picture(workflow: Workflow, png: media.Encoded) -> Asset:
    job = factories.job(workflow, number=7, label="seed 7", params={"seed": 7, "word": "Möwe"})
    return _picture(job, png)


def _picture(job: Any, png: media.Encoded, **fields: Any) -> Asset:
    blob = store.keep(png.data, media_type="image/png", width=40, height=20)
    return factories.product(job, "out", kind="image", value=None, blob=blob, output="image", **fields)


def path(asset: Asset) -> str:
    return f"/assets/{asset.pk}/content"


def test_a_png_that_a_run_made_tells_where_it_comes_from(rest: Rest, picture: Asset, workflow: Workflow) -> None:
    answer = rest.fetch(path(picture))

    opened = Image.open(io.BytesIO(answer.body))
    opened.load()
    assert isinstance(opened, PngImagePlugin.PngImageFile)
    told = json.loads(opened.text["loupe"])
    assert told["job"] == {
        "id": str(picture.job_id),
        "number": 7,
        "label": "seed 7",
        "params": {"seed": 7, "word": "Möwe"},
    }
    assert (told["asset"], told["node"], told["output"], told["index"]) == (str(picture.pk), "out", "image", 0)
    assert told["workflow"] == {"id": str(workflow.pk), "version": 1}
    assert told["graph"] == workflow.graph.document
    assert answer["Content-Length"] == str(len(answer.body))


def test_raw_gives_the_stored_bytes_which_size_and_sum_are_of(rest: Rest, picture: Asset, png: media.Encoded) -> None:
    document = rest.get(f"/assets/{picture.pk}").json()
    told, raw = rest.fetch(path(picture)), rest.fetch(f"{path(picture)}?raw=1")

    assert raw.body == png.data
    assert (document["size"], document["sha256"]) == (len(png.data), picture.blob_id)
    assert raw["ETag"] == f'"{picture.blob_id}"' != told["ETag"]


def test_every_range_is_of_what_is_served(rest: Rest, picture: Asset) -> None:
    whole = rest.fetch(path(picture)).body
    inserted = len(whole) - (picture.blob.size if picture.blob else 0)
    edges = (0, 1, 32, 33, 34, 33 + inserted - 1, 33 + inserted, 33 + inserted + 1, len(whole) - 1)
    for first in edges:
        for last in edges:
            if first <= last:
                answer = rest.fetch(path(picture), range=f"bytes={first}-{last}")
                assert answer.status_code == 206
                assert answer.body == whole[first : last + 1], (first, last)
                assert answer["Content-Range"] == f"bytes {first}-{last}/{len(whole)}"


def test_another_runs_picture_of_the_same_bytes_is_another_to_a_cache(
    rest: Rest, picture: Asset, workflow: Workflow, png: media.Encoded
) -> None:
    other = _picture(factories.job(workflow, number=8), png)
    first, second = rest.fetch(path(picture)), rest.fetch(path(other))

    assert picture.blob_id == other.blob_id
    assert first["ETag"] != second["ETag"]
    assert rest.fetch(path(other), if_none_match=second["ETag"]).status_code == 304
    assert rest.fetch(path(other), if_none_match=first["ETag"]).status_code == 200


def test_an_upload_is_served_as_it_was_given(rest: Rest, png: media.Encoded) -> None:
    asset = rest.upload("teal.png", png.data).json()

    assert rest.fetch(f"/assets/{asset['id']}/content").body == png.data


def test_an_archive_has_what_is_asked_for_as_it_is_served(rest: Rest, picture: Asset, png: media.Encoded) -> None:
    story = factories.product(picture.job, "story", value="Once")  # type: ignore[arg-type]
    uploads = [rest.upload(name, data).json()["id"] for name, data in (("a.bin", b"x" * 300_000), ("A.bin", b"y"))]

    answer = rest.fetch("/assets/archive", "POST", {"ids": [str(picture.pk), str(story.pk), *uploads, uploads[0]]})

    assert (answer.status_code, answer["Content-Type"]) == (200, "application/zip")
    assert answer["Content-Disposition"] == 'attachment; filename="loupe-assets.zip"'
    with zipfile.ZipFile(io.BytesIO(answer.body)) as packed:
        assert packed.testzip() is None
        assert packed.namelist() == ["run-7-out-image-1.png", "run-7-story-value-1.txt", "a.bin", "A (2).bin"]
        assert packed.read("run-7-out-image-1.png") == rest.fetch(path(picture)).body
        assert packed.read("run-7-story-value-1.txt") == b"Once"
        assert (packed.read("a.bin"), packed.read("A (2).bin")) == (b"x" * 300_000, b"y")


def test_an_archive_is_sent_while_it_is_written(rest: Rest, picture: Asset) -> None:
    assert rest.fetch("/assets/archive", "POST", {"ids": [str(picture.pk)]}).streaming


def test_an_archive_of_what_one_may_not_see_is_not_found(rest: Rest, picture: Asset, bob: User) -> None:
    foreign = factories.product(factories.job(factories.workflow(bob)))

    answer = rest.fetch("/assets/archive", "POST", {"ids": [str(picture.pk), str(foreign.pk)]})

    assert answer.status_code == 404
    assert str(foreign.pk) in json.loads(answer.body)["detail"]
    assert str(picture.pk) not in json.loads(answer.body)["detail"]


def test_an_archive_of_bytes_that_are_gone_is_refused_before_it_begins(rest: Rest, picture: Asset) -> None:
    store.path(Blob.objects.get().digest).unlink()

    answer = rest.fetch("/assets/archive", "POST", {"ids": [str(picture.pk)]})

    assert answer.status_code == 404
    assert "gone from the disk" in json.loads(answer.body)["detail"]


@pytest.mark.parametrize("ids", [[], ["x"], "all", [str(number).zfill(32) for number in range(archive.MOST + 1)]])
def test_an_archive_is_of_one_to_a_thousand_ids(rest: Rest, ids: object) -> None:
    assert rest.fetch("/assets/archive", "POST", {"ids": ids}).status_code == 422


def test_an_archive_of_a_thousand_takes_as_many_queries_as_of_one(
    rest: Rest, workflow: Workflow, django_assert_max_num_queries: Any
) -> None:
    job = factories.job(workflow)
    ids = [str(factories.product(job, index=number).pk) for number in range(archive.MOST)]
    with django_assert_max_num_queries(8):
        answer = rest.fetch("/assets/archive", "POST", {"ids": ids})
    with zipfile.ZipFile(io.BytesIO(answer.body)) as packed:
        assert len(packed.namelist()) == archive.MOST
