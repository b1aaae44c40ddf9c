"""What REST promises of jobs once they are there."""

import base64
import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import redis
from django.utils import timezone

from accounts.models import User
from accounts.scopes import Scope
from runs import filtering, gate, stream
from runs.models import Asset, Gate, Job, JobTransition
from runs.states import State
from runs.telemetry import EMPTY, TelemetryId
from tests import factories
from tests.rest import Rest, codes
from workflows.models import Workflow

pytestmark = pytest.mark.django_db


@pytest.fixture
def rest(ada: User, valkey: redis.Redis) -> Rest:
    return Rest(ada)


@pytest.fixture
def workflow(ada: User) -> Workflow:
    return factories.workflow(ada)


def ids(answer: Any) -> list[str]:
    assert answer.status_code == 200
    return [item["id"] for item in answer.json()["items"]]


def test_the_waiting_know_their_position_and_what_they_wait_for(rest: Rest, workflow: Workflow) -> None:
    factories.worker("w1")
    factories.worker("w2")
    Gate.objects.update_or_create(pk=1, defaults={"cap": 2})
    jobs = [factories.job(workflow) for _ in range(3)]

    seen = [rest.get(f"/jobs/{job.pk}").json() for job in jobs]

    assert [each["queue_position"] for each in seen] == [1, 2, 3]
    assert [each["waiting_for"] for each in seen] == [None, None, "cap"]


def test_beyond_the_workers_that_is_what_they_wait_for(rest: Rest, workflow: Workflow) -> None:
    Gate.objects.update_or_create(pk=1, defaults={"cap": 4})
    jobs = [factories.job(workflow) for _ in range(3)]
    seen = [rest.get(f"/jobs/{job.pk}").json()["waiting_for"] for job in jobs]
    factories.worker("w1")
    with_one = [rest.get(f"/jobs/{job.pk}").json()["waiting_for"] for job in jobs]

    assert seen == ["no_worker"] * 3
    assert with_one == [None, "no_worker", "no_worker"]


def test_places_in_a_long_queue_are_counted_wherever_the_jobs_stand(rest: Rest, workflow: Workflow) -> None:
    jobs = [factories.job(workflow) for _ in range(6)]
    gate.cancel(jobs[1].pk, by="ada")

    assert gate.positions([jobs[4].pk, jobs[2].pk, jobs[1].pk]) == {jobs[2].pk: 2, jobs[4].pk: 4}


def test_a_running_job_tells_its_progress(rest: Rest, workflow: Workflow) -> None:
    job = factories.job(workflow)
    claim = gate.claim("w1")
    assert claim is not None
    stream.begin(job.pk, claim.fence)
    stream.append(job.pk, stream.Addition(TelemetryId(claim.fence, 1), {"nodes": {}}, EMPTY, 0.25), whole=False)

    seen = rest.get(f"/jobs/{job.pk}").json()

    assert (seen["state"], seen["progress"], seen["worker"], seen["attempts"]) == ("running", 0.25, "w1", 1)
    assert (seen["queue_position"], seen["waiting_for"]) == (None, None)


def test_outputs_are_values_or_where_they_are(rest: Rest, workflow: Workflow) -> None:
    job = factories.job(workflow, state=State.COMPLETED, started_at=timezone.now())
    place = {"job": job, "workflow": workflow, "owner": workflow.owner, "output": "value", "created_at": timezone.now()}
    Asset.objects.create(node="a", result="echo", kind="text", value="hello", **place)
    Asset.objects.create(node="b", result="many", kind="number", value=1, index=0, **place)
    Asset.objects.create(node="b", result="many", kind="number", value=2, index=1, **place)
    Asset.objects.create(node="c", result="", kind="text", value="no result", **place)

    assert rest.get(f"/jobs/{job.pk}").json()["outputs"] == {"echo": "hello", "many": [1, 2]}


def test_a_waiting_job_that_is_cancelled_never_starts(rest: Rest, workflow: Workflow) -> None:
    job = factories.job(workflow)

    answer = rest.post(f"/jobs/{job.pk}/cancellation")

    assert (answer.status_code, answer.json()["state"]) == (200, "cancelled")
    assert gate.claim("w1") is None
    assert JobTransition.objects.get(to_state="cancelled").by == "ada"


def test_a_running_job_is_told_to_stop_and_told_again(rest: Rest, workflow: Workflow) -> None:
    job = factories.job(workflow)
    gate.claim("w1")

    answers = [rest.post(f"/jobs/{job.pk}/cancellation") for _ in range(2)]

    assert [(answer.status_code, answer.json()["state"]) for answer in answers] == [(202, "cancelling")] * 2


@pytest.mark.parametrize(("state", "status"), [(State.CANCELLED, 200), (State.COMPLETED, 409), (State.FAILED, 409)])
def test_what_has_ended_otherwise_cannot_be_cancelled(
    rest: Rest, workflow: Workflow, state: State, status: int
) -> None:
    job = factories.job(workflow, state=state)

    assert rest.post(f"/jobs/{job.pk}/cancellation").status_code == status


def test_an_ended_job_is_deleted_with_all_that_is_its(rest: Rest, workflow: Workflow) -> None:
    job = factories.job(workflow, state=State.FAILED)
    Asset.objects.create(
        job=job, workflow=workflow, owner=workflow.owner, node="a", output="v", kind="text", value="x",
        created_at=timezone.now(),
    )  # fmt: skip

    assert rest.delete(f"/jobs/{job.pk}").status_code == 204
    assert not Job.objects.exists()
    assert not Asset.objects.exists()


def test_an_active_job_is_not_deleted(rest: Rest, workflow: Workflow) -> None:
    job = factories.job(workflow)

    assert rest.delete(f"/jobs/{job.pk}").status_code == 409
    assert Job.objects.exists()


def test_deleting_needs_the_scope_write(ada: User, workflow: Workflow) -> None:
    job = factories.job(workflow, state=State.FAILED)

    assert Rest(ada, Scope.RUN).delete(f"/jobs/{job.pk}").status_code == 403


def test_a_workflow_goes_with_its_jobs_once_none_is_active(rest: Rest, workflow: Workflow) -> None:
    factories.job(workflow, state=State.COMPLETED)
    active = factories.job(workflow)

    assert rest.delete(f"/workflows/{workflow.pk}").status_code == 409
    gate.cancel(active.pk, by="ada")
    assert rest.delete(f"/workflows/{workflow.pk}").status_code == 204
    assert not Workflow.objects.exists()
    assert not Job.objects.exists()


def test_telemetry_of_a_waiting_job_is_empty(rest: Rest, workflow: Workflow) -> None:
    job = factories.job(workflow)

    assert rest.get(f"/jobs/{job.pk}/telemetry").json() == {"id": "0-0", "snapshot": EMPTY}


def test_telemetry_of_a_running_job_is_all_that_it_told(rest: Rest, workflow: Workflow) -> None:
    job = factories.job(workflow)
    claim = gate.claim("w1")
    assert claim is not None
    stream.begin(job.pk, claim.fence)
    for seq, chunk in enumerate(("he", "llo"), start=1):
        said = stream.Addition(TelemetryId(claim.fence, seq), {"text": {"n": chunk}}, EMPTY, 0.0)
        stream.append(job.pk, said, whole=False)

    told = rest.get(f"/jobs/{job.pk}/telemetry").json()

    assert told["id"] == f"{claim.fence}-2"
    assert told["snapshot"]["text"] == {"n": "hello"}


def test_telemetry_of_an_ended_job_is_kept(rest: Rest, workflow: Workflow) -> None:
    factories.job(workflow)
    claim = gate.claim("w1")
    assert claim is not None
    snapshot = {**EMPTY, "nodes": {"n": {"status": "completed"}}}
    gate.finish(claim, gate.End(State.COMPLETED), gate.Telemetry(f"{claim.fence}-7", snapshot))

    assert rest.get(f"/jobs/{claim.job_id}/telemetry").json() == {"id": f"{claim.fence}-7", "snapshot": snapshot}


def test_a_list_holds_outputs_too_and_the_newest_first(rest: Rest, workflow: Workflow) -> None:
    jobs = [factories.job(workflow) for _ in range(3)]

    answer = rest.get("/jobs").json()

    assert [item["id"] for item in answer["items"]] == [str(job.pk) for job in reversed(jobs)]
    assert answer["items"][0]["outputs"] == {}
    assert [item["queue_position"] for item in answer["items"]] == [3, 2, 1]


def test_a_list_costs_the_same_number_of_queries_however_long(
    rest: Rest, workflow: Workflow, django_assert_max_num_queries: Any
) -> None:
    for _ in range(20):
        factories.job(workflow)
    for number in range(4):
        gate.claim(f"w{number}")
    rest.get("/me")

    with django_assert_max_num_queries(7):
        assert len(ids(rest.get("/jobs", {"limit": 200}))) == 20


def test_lists_are_filtered(rest: Rest, ada: User, workflow: Workflow) -> None:
    other = factories.workflow(ada)
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    first = factories.job(workflow, state=State.CANCELLED, label="a", created_at=long_ago)
    second = factories.job(workflow, label="b", params={"seed": 3, "style": "ink", "a__b": True})
    third = factories.job(other, state=State.RUNNING, params={"seed": "3"})

    def found(**query: object) -> set[str]:
        return set(ids(rest.get("/jobs", query)))

    assert found(workflow=other.pk) == {str(third.pk)}
    assert found(state="canceled") == found(state="cancelled") == {str(first.pk)}
    assert found(state=["cancelled", "running"]) == {str(first.pk), str(third.pk)}
    assert found(label="b") == {str(second.pk)}
    assert found(search="B") == {str(second.pk)}
    assert str(third.pk) in found(search=f"#{third.number}")
    assert found(submitted_after="2020-01-01T00:00:00Z") == {str(second.pk), str(third.pk)}
    assert found(submitted_after="2020-01-01T23:37:00+23:37") == {str(second.pk), str(third.pk)}
    assert found(batch=first.pk) == set()
    assert found(**{"param.style": "ink"}) == {str(second.pk)}
    assert found(**{"param.seed": "3"}) == {str(second.pk), str(third.pk)}
    assert found(**{"param.a__b": "true"}) == {str(second.pk)}
    assert found(**{"param.style": "ink", "param.seed": "4"}) == set()


def test_a_list_is_filtered_by_so_many_parameters_at_most(rest: Rest) -> None:
    most = "&".join(f"param.a={number}" for number in range(filtering.MOST))
    assert rest.get(f"/jobs?{most}&{most}").status_code == 200
    assert codes(rest.get(f"/jobs?{most}&param.b=1")) == {("param.b", "too_large")}


@pytest.mark.parametrize(
    ("name", "value", "texts", "others"),
    [
        ("-1", "x", ["x", '"x"'], ["-1", "y"]),
        ("7", 5, ["5", "5.0"], ['"5"', "7"]),
        ("0", "a", ["a"], ["b"]),
        ('a"b', 5, ["5"], ["6"]),
        ("a'b.c[0]\\", "ü", ["ü"], ["u"]),
        ("ключ 😀", "😀", ["😀"], [""]),
        ("", "", [""], ["x"]),
        ("$", "3", ["3", '"3"'], ["3.0", "4"]),
        ("n", 3, ["3", "3.0", "3e0"], ['"3"', "3.5"]),
        ("b", True, ["true"], ['"true"', "1", "false"]),
        ("b", "true", ["true", '"true"'], ["false"]),
        ("z", None, ["null"], ['"null"', "0", ""]),
        ("l", [1, "a", {"x": None}], ['[1,"a",{"x":null}]'], ['["a",1,{"x":null}]', "[1]", "[]"]),
        ("o", {"a": 1, "b": [True]}, ['{"b": [true], "a": 1.0}'], ['{"a":1}', '{"a":1,"b":[true],"c":0}', "{}"]),
        ("o", {}, ["{}"], ["[]", "", "null"]),
        ("c", {"a.b": {"c": 1}}, ['{"a.b": {"c": 1}}'], ['{"a": {"b.c": 1}}']),
    ],
)
def test_parameters_of_any_name_are_compared_as_json_else_as_text(
    rest: Rest, workflow: Workflow, name: str, value: object, texts: list[str], others: list[str]
) -> None:
    job = factories.job(workflow, params={name: value})
    factories.job(workflow, params={"another": value})

    for text in texts:
        assert ids(rest.get("/jobs", {f"param.{name}": text})) == [str(job.pk)], text
    for text in others:
        assert ids(rest.get("/jobs", {f"param.{name}": text})) == [], text


def test_what_is_wrong_is_named_as_it_was_sent(rest: Rest) -> None:
    assert codes(rest.get("/jobs", {"state": "foo"})) == {("state", "bad_value")}
    assert codes(rest.get("/jobs", {"limit": "x", "workflow": "y"})) == {
        ("limit", "bad_value"),
        ("workflow", "bad_value"),
    }


@pytest.mark.parametrize("limit", ["1.0", "1_0", " 1", "1 ", "+1", "", "\u0661"])
def test_an_integer_is_digits_alone(rest: Rest, limit: str) -> None:
    assert codes(rest.get("/jobs", {"limit": limit})) == {("limit", "bad_value")}


@pytest.mark.parametrize(
    "time",
    [
        *("1577836800", "1577836800.5", "2020-01-01", "2020-01-01T00:00Z", "2020-01-01T00:00:00", "20200101T000000Z"),
        *(
            "2020-01-01T00:00:00+0100",
            "2020-01-01T00:00:001Z",
            "2020-01-01T00:00:00,5Z",
            "2020-01-01_00:00:00Z",
            "2020-13-01T00:00:00Z",
        ),
        *("٢٠٢٠-01-01T00:00:00Z", "2020-01-01T00:00:00Z\n", ""),
    ],
)
def test_a_time_is_as_rfc_3339_has_it_alone(rest: Rest, time: str) -> None:
    assert codes(rest.get("/jobs", {"submitted_after": time})) == {("submitted_after", "bad_value")}


@pytest.mark.parametrize(
    "time", ["2020-01-01T00:00:00.123456789Z", "2020-01-01t00:00:00z", "2020-01-01 00:00:00-23:59"]
)
def test_a_time_may_be_all_that_rfc_3339_has(rest: Rest, time: str) -> None:
    assert rest.get("/jobs", {"submitted_after": time}).status_code == 200


@pytest.mark.parametrize(
    "query",
    [
        {"state": "done"},
        {"param.a\0b": "x"},
        {"order": "number"},
        {"workflow": "x"},
        {"submitted_after": "yesterday"},
        {"submitted_after": "2026-01-01T00:00:00"},
        {"submitted_after": "0001-01-01T00:00:00+01:00"},
        {"limit": 0},
        {"limit": 201},
        {"sort": "x"},
        {"label": "\0"},
    ],
)
def test_a_filter_that_is_not_known_is_refused(rest: Rest, query: dict[str, Any]) -> None:
    assert rest.get("/jobs", query).status_code == 422


@pytest.mark.parametrize("field", ["created_at", "started_at", "ended_at", "duration"])
@pytest.mark.parametrize("sign", ["", "-"])
def test_every_order_is_read_in_parts_that_join_without_gap(
    rest: Rest, workflow: Workflow, field: str, sign: str
) -> None:
    now = timezone.now()
    values: list[Any] = [now + timedelta(seconds=n // 2) for n in range(6)]
    if field == "duration":
        values = [0.1 * (n // 2) for n in range(6)]
    for value in values:
        factories.job(workflow, state=State.COMPLETED, **{field: value})
    if field != "created_at":
        for _ in range(3):
            factories.job(workflow)

    seen: list[str] = []
    cursor: str | None = None
    while True:
        query = {"order": f"{sign}{field}", "limit": 2, **({"cursor": cursor} if cursor else {})}
        part = rest.get("/jobs", query).json()
        seen += [item["id"] for item in part["items"]]
        cursor = part["next"]
        if cursor is None:
            break

    rows = {str(job.pk): getattr(job, field) for job in Job.objects.all()}
    assert len(seen) == len(rows)
    assert set(seen) == set(rows)
    valued = [rows[each] for each in seen if rows[each] is not None]
    assert valued == sorted(values, reverse=bool(sign))
    assert [rows[each] for each in seen[len(valued) :]] == [None] * (len(rows) - len(valued))


@pytest.mark.parametrize(
    "value",
    [
        *("0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "2026-01-01T00:00:00", "2026-01-01", "yesterday"),
        *(3, [], True, {}, None),
    ],
)
def test_a_cursor_of_no_time_is_none_of_the_list(rest: Rest, workflow: Workflow, value: object) -> None:
    made = json.dumps(["-created_at", value, str(uuid.uuid4())]).encode()
    cursor = base64.urlsafe_b64encode(made).decode().rstrip("=")

    assert codes(rest.get("/jobs", {"cursor": cursor})) == {("cursor", "bad_value")}


def test_a_cursor_belongs_to_its_order(rest: Rest, workflow: Workflow) -> None:
    for _ in range(2):
        factories.job(workflow)
    cursor = rest.get("/jobs", {"limit": 1}).json()["next"]

    assert codes(rest.get("/jobs", {"order": "created_at", "cursor": cursor})) == {("cursor", "bad_value")}
