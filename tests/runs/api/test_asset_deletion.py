"""What REST promises of deleting what jobs made and people uploaded."""

from datetime import timedelta
from typing import Any

import pytest
import redis
from channels.layers import get_channel_layer
from django.utils import timezone

from accounts.models import User
from accounts.scopes import Scope
from runs import gate, publish, store
from runs.models import Asset, Blob, Job
from runs.states import State
from tests import factories
from tests.rest import Rest
from workflows.models import Workflow

pytestmark = pytest.mark.django_db

PHOTO: dict[str, Any] = {
    "version": 1,
    "nodes": [
        {"id": "photo", "type": "input.image", "properties": {"name": "photo", "value": None}},
        {"id": "out", "type": "output.result", "properties": {"name": "same"}},
    ],
    "edges": [{"id": "e", "source": "photo", "output": "value", "target": "out", "input": "value"}],
}


@pytest.fixture
def rest(ada: User, valkey: redis.Redis) -> Rest:
    return Rest(ada)


@pytest.fixture
def workflow(ada: User) -> Workflow:
    return factories.workflow(ada, PHOTO)


@pytest.fixture
def made(workflow: Workflow) -> Asset:
    """The picture of a job that has ended."""
    return factories.picture(factories.job(workflow, state=State.COMPLETED, ended_at=timezone.now()))


def path(asset: Asset) -> str:
    return f"/assets/{asset.pk}"


def given(asset: Asset) -> dict[str, Any]:
    return {"asset": str(asset.pk)}


def with_value(asset: Asset) -> dict[str, Any]:
    """The graph whose picture is this one where nothing else is given."""
    photo, out = PHOTO["nodes"]
    return {**PHOTO, "nodes": [{**photo, "properties": {"name": "photo", "value": given(asset)}}, out]}


def test_a_product_is_gone_and_its_job_stays(rest: Rest, made: Asset) -> None:
    answer = rest.delete(path(made))

    assert (answer.status_code, answer.content) == (204, b"")
    assert rest.get(path(made)).status_code == rest.delete(path(made)).status_code == 404
    assert rest.get(f"/jobs/{made.job_id}").json()["outputs"] == {}


def test_who_follows_its_workflow_or_job_is_told(rest: Rest, valkey: Any, made: Asset) -> None:
    document = rest.get(path(made)).json()
    layer: Any = get_channel_layer()
    listener = valkey.pubsub()
    for group in (f"job.{made.job_id}", f"workflow.{made.workflow_id}"):
        listener.subscribe(f"{publish.PREFIX}__group__{group}")

    rest.delete(path(made))

    messages = iter(lambda: listener.get_message(timeout=1), None)
    heard = [layer.deserialize(message["data"]) for message in messages if message["type"] == "message"]
    listener.close()
    assert [(each["type"], each["event"], each["asset"]) for each in heard] == [
        ("asset.event", "deleted", document)
    ] * 2


def test_its_bytes_go_once_nothing_has_needed_them_for_an_hour(rest: Rest, ada: User) -> None:
    one, other = (rest.upload(name, b"data").json()["id"] for name in "ab")
    (digest,) = Blob.objects.values_list("pk", flat=True)

    rest.delete(f"/assets/{one}")
    Blob.objects.update(used_at=timezone.now() - timedelta(hours=2))
    assert store.clear_unused() == 0
    rest.delete(f"/assets/{other}")

    assert store.clear_unused() == 1
    assert not store.path(digest).exists()


@pytest.mark.parametrize("state", [State.QUEUED, State.RUNNING, State.CANCELLING])
def test_what_a_job_is_given_that_is_not_over_stays_unless_forced(
    rest: Rest, workflow: Workflow, made: Asset, state: State
) -> None:
    job = factories.job(workflow, params={"photo": given(made)}, state=state)

    answer = rest.delete(path(made))

    assert answer.status_code == 409
    assert f"#{job.number} " in answer.json()["detail"]
    assert rest.delete(f"{path(made)}?force=false").status_code == 409
    assert rest.delete(f"{path(made)}?force=true").status_code == 204


def test_so_does_what_stands_in_the_graph_of_one(rest: Rest, ada: User, made: Asset) -> None:
    factories.job(factories.workflow(ada, with_value(made)))

    assert rest.delete(path(made)).status_code == 409


def test_an_id_may_be_written_in_capitals(rest: Rest, workflow: Workflow, made: Asset) -> None:
    factories.job(workflow, params={"photo": {"asset": str(made.pk).upper()}})

    assert rest.delete(path(made)).status_code == 409


def test_jobs_that_are_over_or_given_something_else_hold_nothing(rest: Rest, workflow: Workflow, made: Asset) -> None:
    other = factories.product(Job.objects.get())
    factories.job(workflow, params={"photo": given(made)}, state=State.FAILED, ended_at=timezone.now())
    factories.job(workflow, params={"photo": given(other), "said": str(made.pk)})

    assert rest.delete(path(made)).status_code == 204


def test_an_upload_that_a_waiting_job_is_given_is_free_once_it_is_cancelled(rest: Rest, workflow: Workflow) -> None:
    asset = Asset.objects.get(pk=rest.upload("a.png", b"data").json()["id"])
    job = factories.job(workflow, params={"photo": given(asset)})

    assert rest.delete(path(asset)).status_code == 409
    gate.cancel(job.pk, by="ada")
    assert rest.delete(path(asset)).status_code == 204


@pytest.mark.parametrize("state", [State.QUEUED, State.RUNNING, State.CANCELLING])
def test_what_an_active_job_has_made_stays_until_its_end(rest: Rest, workflow: Workflow, state: State) -> None:
    asset = factories.product(factories.job(workflow, state=state))

    assert rest.delete(path(asset)).status_code == 409
    assert rest.delete(f"{path(asset)}?force=true").status_code == 409
    assert Asset.objects.exists()


def test_it_needs_the_scope_write(rest: Rest, ada: User, made: Asset) -> None:
    assert Rest(ada, Scope.RUN).delete(path(made)).status_code == 403


def test_another_persons_is_not_there(rest: Rest, bob: User, made: Asset) -> None:
    assert Rest(bob).delete(path(made)).status_code == 404
    assert Asset.objects.exists()
