"""What REST promises of assets: what is listed, and how their bytes are served."""

import hashlib
from typing import Any

import pytest
import redis
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from PIL import Image

from accounts.models import User
from accounts.scopes import Scope
from runs import store
from runs.models import Asset, Blob
from tests import factories
from tests.rest import Rest, codes
from workflows import media
from workflows.models import Workflow

pytestmark = pytest.mark.django_db


@pytest.fixture
def rest(ada: User, valkey: redis.Redis) -> Rest:
    return Rest(ada, Scope.RUN)


@pytest.fixture
def workflow(ada: User) -> Workflow:
    return factories.workflow(ada)


@pytest.fixture
def letters(rest: Rest) -> Any:
    """An uploaded file of the 26 letters."""
    return rest.upload("letters.bin", b"abcdefghijklmnopqrstuvwxyz").json()


def picture(width: int = 400, height: int = 200) -> bytes:
    return media.encode_image(Image.new("RGB", (width, height), "teal")).data


def product(workflow: Workflow, **fields: Any) -> Asset:
    job = fields.pop("job", None) or factories.job(workflow)
    given = {"node": "n", "output": "value", "kind": "text", "created_at": timezone.now()}
    return Asset.objects.create(owner=workflow.owner, workflow=workflow, job=job, **{**given, **fields})


def test_an_upload_is_kept_and_looked_at(rest: Rest) -> None:
    data = picture()

    answer = rest.upload("Größe.png", data)

    assert answer.status_code == 201
    asset = answer.json()
    assert answer["Location"] == f"/api/v1/assets/{asset['id']}"
    assert set(asset) == {
        "id", "workflow_id", "node", "job_id", "job_number", "output", "index", "kind", "media_type", "size", "width",
        "height", "duration", "value", "url", "thumbnail_url", "created_at", "sha256",
    }  # fmt: skip
    assert (asset["kind"], asset["media_type"], asset["width"], asset["height"]) == ("image", "image/png", 400, 200)
    assert (asset["size"], asset["sha256"]) == (len(data), hashlib.sha256(data).hexdigest())
    assert [asset[name] for name in ("workflow_id", "node", "job_id", "job_number", "output", "value")] == [None] * 6
    assert rest.get(f"/assets/{asset['id']}").json() == asset
    assert rest.fetch(f"/assets/{asset['id']}/content").body == data


def test_equal_bytes_are_stored_once(rest: Rest) -> None:
    first, second = rest.upload("a.png", picture()).json(), rest.upload("b.png", picture()).json()

    assert first["id"] != second["id"]
    assert Blob.objects.filter(media_type="image/png").count() == 1


def test_a_picture_has_a_thumbnail(rest: Rest) -> None:
    asset = rest.upload("a.png", picture()).json()

    small = rest.fetch(asset["thumbnail_url"].removeprefix("/api/v1"))

    assert (small.status_code, small["Content-Type"]) == (200, "image/webp")
    assert max(media.decode_image(small.body).size) == media.THUMBNAIL_SIDE


def test_what_is_no_picture_has_no_thumbnail(rest: Rest, letters: Any) -> None:
    assert letters["thumbnail_url"] is None
    assert rest.fetch(f"/assets/{letters['id']}/thumbnail").status_code == 404


def test_a_damaged_picture_is_refused(rest: Rest) -> None:
    answer = rest.upload("a.png", picture()[:200])

    assert (answer.status_code, codes(answer)) == (422, {("file", "bad_value")})
    assert not Asset.objects.exists()


def test_a_page_that_calls_itself_a_picture_is_saved_not_shown(rest: Rest) -> None:
    asset = rest.upload("cute.png", b"<html><script>alert(1)</script></html>").json()

    served = rest.fetch(f"/assets/{asset['id']}/content")

    assert (asset["kind"], asset["media_type"]) == ("file", "application/octet-stream")
    assert served["Content-Disposition"].startswith("attachment;")
    assert served["X-Content-Type-Options"] == "nosniff"
    assert served["Content-Security-Policy"] == "sandbox; default-src 'none'"


def test_too_large_a_file_is_refused(rest: Rest, settings: Any) -> None:
    settings.MAX_UPLOAD_BYTES = 10

    assert rest.upload("a", b"x" * 10).status_code == 201
    assert rest.upload("a", b"x" * 11).status_code == 413


def test_an_upload_beyond_the_quota_is_refused(rest: Rest, settings: Any) -> None:
    settings.STORAGE_QUOTA_PER_USER = 10
    assert rest.upload("four.bin", b"four").status_code == 201
    assert rest.upload("again.bin", b"four").status_code == 201  # the same bytes take no room
    assert rest.upload("six.bin", b"sixsix").status_code == 201

    answer = rest.upload("one.bin", b"1")

    assert answer.status_code == 413
    assert answer["Content-Type"] == "application/problem+json"
    assert "may have 10 bytes in all; they have 10, and this one has 1" in answer.json()["detail"]
    assert Asset.objects.count() == 3
    Asset.objects.filter(name="six.bin").delete()
    assert rest.upload("one.bin", b"1").status_code == 201


@pytest.mark.parametrize("body", [b"{}", b""])
def test_an_upload_is_multipart(rest: Rest, body: bytes) -> None:
    assert rest.post("/assets", body).status_code == 415


def test_an_upload_is_one_file_in_its_field(rest: Rest) -> None:
    path, headers = "/api/v1/assets", rest.headers

    two = [SimpleUploadedFile(name, b"x") for name in "ab"]
    assert rest.client.post(path, {"file": two}, headers=headers).status_code == 422
    assert rest.client.post(path, {"other": "text"}, headers=headers).status_code == 422
    assert rest.post("/assets", b"nonsense", content_type="multipart/form-data; boundary=x").status_code == 422
    assert rest.post("/assets", b"x", content_type="multipart/form-data").status_code == 400


def test_a_repeated_upload_answers_with_the_first(rest: Rest) -> None:
    first = rest.upload("a", b"data", idempotency_key="k")
    again = rest.upload("a", b"data", idempotency_key="k")
    other = rest.upload("a", b"other data", idempotency_key="k")

    assert [each.status_code for each in (first, again, other)] == [201, 200, 422]
    assert first.json() == again.json()
    assert Asset.objects.count() == 1


def test_bytes_are_served_whole_with_safe_headers(rest: Rest, letters: Any) -> None:
    served = rest.fetch(f"/assets/{letters['id']}/content")

    assert (served.status_code, served.body) == (200, b"abcdefghijklmnopqrstuvwxyz")
    assert served["Content-Length"] == "26"
    assert served["ETag"] == f'"{letters["sha256"]}"'
    assert served["Accept-Ranges"] == "bytes"
    assert served["Cache-Control"] == "private, max-age=31536000, immutable"
    assert served["Content-Disposition"] == "attachment; filename=\"letters.bin\"; filename*=UTF-8''letters.bin"


def test_head_says_the_same_without_the_bytes(rest: Rest, letters: Any) -> None:
    path = f"/assets/{letters['id']}/content"

    whole, head = rest.fetch(path), rest.fetch(path, "HEAD")

    assert (head.status_code, head.body) == (200, b"")
    assert {**head.headers} == {**whole.headers}


@pytest.mark.parametrize(
    ("asked", "served", "where"),
    [
        ("bytes=0-2", b"abc", "bytes 0-2/26"),
        ("bytes=23-", b"xyz", "bytes 23-25/26"),
        ("Bytes=-2", b"yz", "bytes 24-25/26"),
        ("bytes=24-99", b"yz", "bytes 24-25/26"),
        ("bytes=-99", b"abcdefghijklmnopqrstuvwxyz", "bytes 0-25/26"),
    ],
)
def test_a_range_is_served(rest: Rest, letters: Any, asked: str, served: bytes, where: str) -> None:
    answer = rest.fetch(f"/assets/{letters['id']}/content", range=asked)

    assert (answer.status_code, answer.body, answer["Content-Range"]) == (206, served, where)
    assert answer["Content-Length"] == str(len(served))


@pytest.mark.parametrize("asked", ["bytes=0-1,3-4", "bytes=2-1", "bytes=-", "lines=1-2", f"bytes={'9' * 5000}-"])
def test_what_is_no_single_range_gets_all(rest: Rest, letters: Any, asked: str) -> None:
    answer = rest.fetch(f"/assets/{letters['id']}/content", range=asked)

    assert (answer.status_code, len(answer.body)) == (200, 26)


@pytest.mark.parametrize("asked", ["bytes=26-", "bytes=99-100", "bytes=-0"])
def test_a_range_behind_the_end_cannot_be_served(rest: Rest, letters: Any, asked: str) -> None:
    answer = rest.fetch(f"/assets/{letters['id']}/content", range=asked)

    assert (answer.status_code, answer["Content-Range"]) == (416, "bytes */26")
    assert answer["Content-Type"] == "application/problem+json"


def test_a_range_of_other_bytes_gets_all(rest: Rest, letters: Any) -> None:
    path = f"/assets/{letters['id']}/content"

    same = rest.fetch(path, range="bytes=0-1", if_range=f'"{letters["sha256"]}"')
    other = rest.fetch(path, range="bytes=0-1", if_range='"other"')

    assert (same.status_code, other.status_code) == (206, 200)


@pytest.mark.parametrize("known", ['"{}"', 'W/"{}"', '"x", "{}"', "*"])
def test_who_has_the_bytes_already_gets_none(rest: Rest, letters: Any, known: str) -> None:
    answer = rest.fetch(f"/assets/{letters['id']}/content", if_none_match=known.format(letters["sha256"]))

    assert (answer.status_code, answer.body) == (304, b"")
    assert answer["ETag"] == f'"{letters["sha256"]}"'


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_who_has_the_bytes_already_keeps_their_safe_headers(rest: Rest, letters: Any, method: str) -> None:
    path = f"/assets/{letters['id']}/content"
    given = rest.fetch(path)

    answer = rest.fetch(path, method, if_none_match="*")

    left_out = {"Content-Length", "Content-Type"}
    assert {**answer.headers} == {name: value for name, value in given.headers.items() if name not in left_out}
    assert answer["Content-Security-Policy"].startswith("sandbox")


def test_bytes_that_are_gone_from_the_disk_are_not_found(rest: Rest, letters: Any) -> None:
    store.path(letters["sha256"]).unlink()

    assert rest.fetch(f"/assets/{letters['id']}/content").status_code == 404


def test_names_of_files_are_data(rest: Rest) -> None:
    asset = rest.upload('ü"\r\nX: y.txt', b"x").json()

    said = rest.fetch(f"/assets/{asset['id']}/content")["Content-Disposition"]

    assert "\n" not in said
    assert said.startswith("attachment; filename=")


def test_small_values_live_in_their_rows_and_are_served_as_bytes(rest: Rest, workflow: Workflow) -> None:
    text = product(workflow, value="Grüße <b>")
    table = product(workflow, value={"a": [1, 2]}, kind="json")

    said, given = (rest.fetch(f"/assets/{asset.pk}/content") for asset in (text, table))

    assert (said["Content-Type"], said.body.decode()) == ("text/plain; charset=utf-8", "Grüße <b>")
    assert (given["Content-Type"], given.body) == ("application/json; charset=utf-8", b'{"a":[1,2]}')
    document = rest.get(f"/assets/{text.pk}").json()
    assert (document["value"], document["size"]) == ("Grüße <b>", 11)
    assert document["sha256"] == hashlib.sha256("Grüße <b>".encode()).hexdigest()
    assert rest.fetch(f"/assets/{text.pk}/content", range="bytes=0-1").body == b"Gr"


def test_a_workflows_assets_are_those_of_all_its_jobs(rest: Rest, ada: User, workflow: Workflow) -> None:
    first, second = product(workflow), product(workflow, node="m", kind="number", value=3)
    elsewhere = product(factories.workflow(ada))

    def found(**query: object) -> list[str]:
        answer = rest.get(f"/workflows/{workflow.pk}/assets", query)
        return [item["id"] for item in answer.json()["items"]]

    assert found() == [str(second.pk), str(first.pk)]
    assert found(order="created_at") == [str(first.pk), str(second.pk)]
    assert found(node="m") == found(kind="number") == found(job=second.job_id) == [str(second.pk)]
    assert found(job=elsewhere.job_id) == []
    assert rest.get(f"/workflows/{workflow.pk}/assets", {"kind": "smell"}).status_code == 422


def test_a_jobs_assets_are_its_own(rest: Rest, workflow: Workflow) -> None:
    mine = product(workflow)
    product(workflow)

    listed = rest.get(f"/jobs/{mine.job_id}/assets").json()["items"]

    assert [item["id"] for item in listed] == [str(mine.pk)]
    assert mine.job is not None
    assert (listed[0]["job_number"], listed[0]["node"], listed[0]["output"]) == (mine.job.number, "n", "value")


def test_a_list_costs_the_same_number_of_queries_however_long(
    rest: Rest, workflow: Workflow, django_assert_max_num_queries: Any
) -> None:
    for _ in range(10):
        product(workflow, blob=store.keep(picture(), media_type="image/png"))
    rest.get("/me")

    with django_assert_max_num_queries(3):
        rest.get(f"/workflows/{workflow.pk}/assets")


def test_bytes_that_nothing_needs_go_after_an_hour(rest: Rest, letters: Any) -> None:
    rest.upload("a.png", picture())
    Asset.objects.filter(pk=letters["id"]).delete()
    assert store.clear_unused() == 0

    Blob.objects.update(used_at=timezone.now() - store.UNUSED_FOR)

    assert store.clear_unused() == 1
    assert not store.path(letters["sha256"]).exists()
    assert Blob.objects.count() == 2
