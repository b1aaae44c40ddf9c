"""What REST promises of a submit."""

import threading
import uuid
from datetime import timedelta
from typing import Any

import pytest
import redis
from django.utils import timezone

from accounts import idempotency
from accounts.models import IdempotencyKey, User
from accounts.scopes import Scope
from runs.models import Job, RunFocus
from runs.submit import submit
from tests import factories
from tests.rest import Rest, codes
from workflows.models import Workflow

pytestmark = pytest.mark.django_db


@pytest.fixture
def rest(ada: User, valkey: redis.Redis) -> Rest:
    return Rest(ada, Scope.RUN)


@pytest.fixture
def workflow(ada: User) -> Workflow:
    return factories.workflow(ada)


def jobs_of(workflow: Workflow) -> str:
    return f"/workflows/{workflow.pk}/jobs"


def test_a_submit_answers_with_the_job_that_it_made(rest: Rest, workflow: Workflow) -> None:
    answer = rest.post(jobs_of(workflow), {"params": {"word": "hi"}, "label": "mine"})

    assert answer.status_code == 201
    job = answer.json()
    assert answer["Location"] == f"/api/v1/jobs/{job['id']}"
    assert set(job) == {
        "id", "number", "waiting_for", "workflow_id", "workflow_version", "batch_id", "state", "queue_position", "lane",
        "label", "params", "scope", "progress", "eta", "attempts", "worker", "created_at", "started_at", "ended_at",
        "error", "cost", "outputs", "identical_to",
    }  # fmt: skip
    assert job["workflow_id"] == str(workflow.pk)
    assert (job["state"], job["queue_position"], job["number"], job["attempts"]) == ("queued", 1, 1, 0)
    assert (job["params"], job["label"], job["lane"]) == ({"word": "hi"}, "mine", "normal")
    assert job["waiting_for"] == "no_worker"
    later = ("batch_id", "eta", "cost", "scope", "progress", "worker", "started_at", "ended_at", "error")
    assert [job[name] for name in later] == [None] * len(later)
    assert job["outputs"] == {}


def test_a_submit_without_a_body_takes_what_is_saved(rest: Rest, workflow: Workflow) -> None:
    answer = rest.post(jobs_of(workflow))

    assert (answer.status_code, answer.json()["params"]) == (201, {"word": "hello"})


def test_the_id_may_be_chosen_once(rest: Rest, workflow: Workflow) -> None:
    chosen = str(uuid.uuid4())

    assert rest.post(jobs_of(workflow), {"id": chosen}).json()["id"] == chosen
    again = rest.post(jobs_of(workflow), {"id": chosen})

    assert again.status_code == 409
    assert Job.objects.count() == 1


def test_everything_that_is_wrong_is_told_and_no_job_is_made(rest: Rest, workflow: Workflow) -> None:
    answer = rest.post(jobs_of(workflow), {"params": {"word": 3, "wrod": "x"}})

    assert answer.status_code == 422
    assert {code for _, code in codes(answer)} == {"bad_value", "unknown_parameter"}
    assert not Job.objects.exists()


@pytest.mark.parametrize("later", ["webhook", "scopes"])
def test_keys_that_are_not_known_are_refused(rest: Rest, workflow: Workflow, later: str) -> None:
    answer = rest.post(jobs_of(workflow), {later: "normal"})

    assert (answer.status_code, codes(answer)) == (422, {(later, "unknown_property")})
    assert not Job.objects.exists()


def test_a_submit_moves_the_lens_unless_told_otherwise(rest: Rest, workflow: Workflow) -> None:
    first = rest.post(jobs_of(workflow)).json()["id"]
    rest.post(jobs_of(workflow), {"focus": False})

    assert str(RunFocus.objects.get().job_id) == first


def test_an_asset_of_somebody_else_is_no_asset(rest: Rest, ada: User, bob: User) -> None:
    graph = {
        "version": 1,
        "nodes": [
            {"id": "photo", "type": "input.image", "properties": {"name": "photo", "value": None}},
            {"id": "out", "type": "output.result", "properties": {"name": "same"}},
        ],
        "edges": [{"id": "e", "source": "photo", "output": "value", "target": "out", "input": "value"}],
    }
    workflow = factories.workflow(ada, graph)
    theirs = Rest(bob, Scope.RUN).upload("note.txt", b"secret").json()["id"]

    answer = rest.post(jobs_of(workflow), {"params": {"photo": {"asset": theirs}}})

    assert answer.status_code == 422
    assert {code for _, code in codes(answer)} == {"bad_value"}


def test_a_repeat_with_the_same_key_answers_with_the_first_job(rest: Rest, workflow: Workflow) -> None:
    first = rest.post(jobs_of(workflow), {"params": {"word": "a"}}, idempotency_key="once")
    again = rest.post(jobs_of(workflow), {"params": {"word": "a"}}, idempotency_key="once")

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["id"] == again.json()["id"]
    assert again["Location"] == first["Location"]
    assert Job.objects.count() == 1


def test_the_same_key_with_another_body_is_refused(rest: Rest, workflow: Workflow) -> None:
    rest.post(jobs_of(workflow), {"params": {"word": "a"}}, idempotency_key="once")
    other = rest.post(jobs_of(workflow), {"params": {"word": "b"}}, idempotency_key="once")

    assert (other.status_code, codes(other)) == (422, {("Idempotency-Key", "bad_value")})
    assert Job.objects.count() == 1


def test_a_key_whose_job_is_deleted_is_a_conflict_that_names_it(rest: Rest, workflow: Workflow) -> None:
    rest.post(jobs_of(workflow), idempotency_key="gone")
    Job.objects.all().delete()

    again = rest.post(jobs_of(workflow), idempotency_key="gone")

    assert again.status_code == 409
    assert "“gone”" in again.json()["detail"]
    assert not Job.objects.exists()


def test_keys_are_each_users_own_and_each_paths_own(rest: Rest, ada: User, workflow: Workflow, bob: User) -> None:
    elsewhere, bobs = factories.workflow(ada), factories.workflow(bob)
    answers = [
        rest.post(jobs_of(workflow), idempotency_key="k"),
        rest.post(jobs_of(elsewhere), idempotency_key="k"),
        Rest(bob, Scope.RUN).post(jobs_of(bobs), idempotency_key="k"),
    ]

    assert [answer.status_code for answer in answers] == [201, 201, 201]


def test_a_first_attempt_that_failed_leaves_nothing_behind(rest: Rest, workflow: Workflow) -> None:
    assert rest.post(jobs_of(workflow), {"params": {"word": 3}}, idempotency_key="k").status_code == 422
    assert not IdempotencyKey.objects.exists()
    assert rest.post(jobs_of(workflow), {"params": {"word": "a"}}, idempotency_key="k").status_code == 201


def test_a_key_is_forgotten_after_a_day(rest: Rest, workflow: Workflow) -> None:
    rest.post(jobs_of(workflow), idempotency_key="k")
    kept = IdempotencyKey.objects.get()
    kept.created_at -= idempotency.KEPT_FOR
    kept.save()

    assert rest.post(jobs_of(workflow), idempotency_key="k").status_code == 201
    assert Job.objects.count() == 2
    assert IdempotencyKey.objects.count() == 1


def test_a_key_that_was_forgotten_is_new_however_many_others_are_to_be_swept(
    rest: Rest, ada: User, workflow: Workflow
) -> None:
    path = f"/api/v1{jobs_of(workflow)}"
    uses = [("/", str(number)) for number in range(idempotency._SWEPT_AT_ONCE)] + [(path, "k")]
    long_ago = timezone.now() - 2 * idempotency.KEPT_FOR
    IdempotencyKey.objects.bulk_create(
        IdempotencyKey(user=ada, path=path, key=key, body="", created_at=long_ago + timedelta(seconds=second))
        for second, (path, key) in enumerate(uses)
    )

    assert rest.post(path.removeprefix("/api/v1"), idempotency_key="k").status_code == 201


def test_bodies_are_the_same_that_are_the_same_value(rest: Rest, workflow: Workflow) -> None:
    spellings = [
        b'{"params": {"word": "\xc3\xa9"}, "label": "x"}',
        b'{ "label":"x",\n"params":{"word":"\\u00e9"}}',
        b'{"params": {"word": "\xc3\xa9"}, "label": "X"}',
    ]
    answers = [rest.post(jobs_of(workflow), body, idempotency_key="k").status_code for body in spellings]

    assert answers == [201, 200, 422]


@pytest.mark.parametrize("key", ["", "x" * 256])
def test_a_key_has_one_to_255_characters(rest: Rest, workflow: Workflow, key: str) -> None:
    assert rest.post(jobs_of(workflow), idempotency_key=key).status_code == 400


def test_a_key_whose_first_request_is_still_handled_answers_409(
    rest: Rest, workflow: Workflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers: list[Any] = []

    def slow(*args: Any) -> Job:
        answers.append(rest.post(jobs_of(workflow), idempotency_key="k"))  # comes while the first is under way
        return submit(*args)

    monkeypatch.setattr("runs.api.jobs.submit", slow)
    answers.append(rest.post(jobs_of(workflow), idempotency_key="k"))

    assert [answer.status_code for answer in answers] == [409, 201]
    assert Job.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_many_at_once_with_one_key_make_one_job(rest: Rest, workflow: Workflow) -> None:
    statuses: list[int] = []
    path = jobs_of(workflow)
    threads = [
        threading.Thread(target=lambda: statuses.append(rest.post(path, idempotency_key="k").status_code))
        for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert statuses.count(201) == 1
    assert set(statuses) <= {200, 201, 409}
    assert Job.objects.count() == 1


def test_reading_is_not_enough_to_submit(ada: User, workflow: Workflow) -> None:
    assert Rest(ada, Scope.READ).post(jobs_of(workflow)).status_code == 403


def test_a_submit_costs_few_queries(rest: Rest, workflow: Workflow, django_assert_max_num_queries: Any) -> None:
    rest.post(jobs_of(workflow))

    with django_assert_max_num_queries(26):
        rest.post(jobs_of(workflow))


def test_too_many_waiting_jobs_of_one_person_are_refused(
    rest: Rest, workflow: Workflow, bob: User, settings: Any
) -> None:
    settings.MAX_WAITING_JOBS_PER_USER = 2
    answers = [rest.post(jobs_of(workflow)) for _ in range(3)]
    bobs = Rest(bob, Scope.RUN).post(jobs_of(factories.workflow(bob)))

    assert [answer.status_code for answer in answers] == [201, 201, 429]
    assert answers[2]["Retry-After"] == "60"
    assert bobs.status_code == 201
    assert Job.objects.count() == 3
