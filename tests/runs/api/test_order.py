"""What REST promises of the order of the queue: lanes, promotion, and bounds that hold nobody else back."""

from typing import Any

import pytest

from accounts.models import User
from accounts.scopes import Scope
from runs import gate
from runs.models import Gate, Job
from runs.states import State
from tests import factories
from tests.rest import Rest
from workflows.models import Workflow

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("valkey")]


@pytest.fixture
def rest(ada: User) -> Rest:
    return Rest(ada, Scope.RUN)


@pytest.fixture
def workflow(ada: User) -> Workflow:
    return factories.workflow(ada)


@pytest.fixture
def slots() -> None:
    """Two, and as many workers."""
    for name in ("w1", "w2"):
        factories.worker(name)
    Gate.objects.update_or_create(pk=1, defaults={"cap": 2})


def submitted(rest: Rest, workflow: Workflow, lane: str = "normal") -> dict[str, Any]:
    answer = rest.post(f"/workflows/{workflow.pk}/jobs", {"lane": lane, "focus": False})
    assert answer.status_code == 201
    found: dict[str, Any] = answer.json()
    return found


def line() -> list[int]:
    """The numbers of the waiting, the next first."""
    return list(Job.objects.waiting().values_list("number", flat=True))


def claimed() -> list[int]:
    """The numbers of all that may start now, in their order."""
    numbers = []
    while claim := gate.claim("w1"):
        numbers.append(claim.number)
    return numbers


@pytest.mark.usefixtures("slots")
def test_the_background_starts_when_nothing_of_the_normal_lane_waits(rest: Rest, workflow: Workflow) -> None:
    behind = [submitted(rest, workflow, "background") for _ in range(2)]
    ahead = [submitted(rest, workflow) for _ in range(3)]
    assert [job["lane"] for job in (*behind, *ahead)] == ["background"] * 2 + ["normal"] * 3
    seen = [rest.get(f"/jobs/{job['id']}").json() for job in (*ahead, *behind)]
    assert [job["queue_position"] for job in seen] == [1, 2, 3, 4, 5]
    assert [job["waiting_for"] for job in seen] == [None, None, "cap", "lane", "lane"]
    Gate.objects.update(cap=9)
    assert claimed() == [3, 4, 5, 1, 2]


def test_a_batch_goes_to_its_lane_too(rest: Rest, workflow: Workflow) -> None:
    answer = rest.post(f"/workflows/{workflow.pk}/batches", {"axes": {}, "repeat": 2, "lane": "background"})
    assert [job["lane"] for job in answer.json()["jobs"]] == ["background"] * 2
    submitted(rest, workflow)
    assert line() == [3, 1, 2]


def test_a_lane_that_is_none_is_refused(rest: Rest, workflow: Workflow) -> None:
    assert rest.post(f"/workflows/{workflow.pk}/jobs", {"lane": "fast"}).status_code == 422
    assert not Job.objects.exists()


@pytest.mark.parametrize("lane", ["normal", "background"])
def test_a_promoted_job_goes_before_its_owners_own_and_moves_nobody_else(
    rest: Rest, workflow: Workflow, bob: User, lane: str
) -> None:
    theirs, bobs = factories.workflow(bob), Rest(bob, Scope.RUN)
    mine = [submitted(rest, workflow, lane)["id"]]
    submitted(bobs, theirs, lane)
    mine += [submitted(rest, workflow, lane)["id"] for _ in range(2)]
    order = [str(pk) for pk in Job.objects.waiting().values_list("pk", flat=True)]
    answer = rest.post(f"/jobs/{mine[2]}/promotion")
    assert (answer.status_code, answer.json()["queue_position"]) == (200, 1)
    after = [str(pk) for pk in Job.objects.waiting().values_list("pk", flat=True)]
    assert after == [mine[2], order[1], mine[0], mine[1]]
    assert rest.post(f"/jobs/{mine[2]}/promotion").json()["queue_position"] == 1  # it is first already


def test_staff_with_scope_admin_put_a_job_before_everyones_of_its_lane(
    rest: Rest, workflow: Workflow, root: User, bob: User
) -> None:
    submitted(Rest(bob, Scope.RUN), factories.workflow(bob))
    jobs = [submitted(rest, workflow, lane)["id"] for lane in ("normal", "background", "background")]
    admin = Rest(root, Scope.ADMIN)
    assert admin.post(f"/jobs/{jobs[0]}/promotion").json()["queue_position"] == 1
    assert admin.post(f"/jobs/{jobs[2]}/promotion").json()["queue_position"] == 3
    assert admin.post(f"/jobs/{jobs[1]}/promotion").json()["queue_position"] == 3
    assert submitted(rest, workflow)["queue_position"] == 3


def test_who_is_staff_no_more_passes_nobody_else_though_their_token_has_the_scope(
    workflow: Workflow, root: User, bob: User
) -> None:
    first = submitted(Rest(bob, Scope.RUN), factories.workflow(bob))
    admin = Rest(root, Scope.ADMIN)
    mine = [submitted(admin, factories.workflow(root))["id"] for _ in range(2)]
    User.objects.filter(pk=root.pk).update(is_staff=False)
    assert admin.post(f"/jobs/{mine[1]}/promotion").json()["queue_position"] == 2
    assert [str(pk) for pk in Job.objects.waiting().values_list("pk", flat=True)] == [first["id"], *reversed(mine)]


@pytest.mark.parametrize("state", [State.RUNNING, State.COMPLETED])
def test_only_what_waits_is_promoted(rest: Rest, workflow: Workflow, state: State) -> None:
    job = factories.job(workflow, state=state)
    answer = rest.post(f"/jobs/{job.pk}/promotion")
    assert (answer.status_code, "does not wait" in answer.json()["detail"]) == (409, True)


@pytest.mark.parametrize("bound", ["WORKFLOW", "USER"])
@pytest.mark.usefixtures("slots")
def test_a_bound_holds_back_its_own_and_nobody_behind_them(
    rest: Rest, workflow: Workflow, bob: User, settings: Any, bound: str
) -> None:
    setattr(settings, f"MAX_CONCURRENT_JOBS_PER_{bound}", 1)
    jobs = [factories.job(workflow, number=number) for number in (1, 2, 3)]
    factories.job(factories.workflow(bob), number=7)
    assert claimed() == [1, 7]
    assert line() == [2, 3]
    seen = [rest.get(f"/jobs/{job.pk}").json()["waiting_for"] for job in jobs]
    assert seen == [None, bound.lower(), bound.lower()]
    assert Job.objects.startable() == 0
    Job.objects.filter(number=1).update(state=State.COMPLETED)
    assert claimed() == [2]


@pytest.mark.usefixtures("slots")
def test_those_that_a_bound_holds_back_take_no_turn_of_those_behind_them(
    workflow: Workflow, bob: User, settings: Any
) -> None:
    settings.MAX_CONCURRENT_JOBS_PER_WORKFLOW = 1
    for number in (1, 2, 3):
        factories.job(workflow, number=number)
    assert claimed() == [1]
    factories.worker("w3")
    Gate.objects.update(cap=3)
    others = [factories.job(factories.workflow(bob)) for _ in range(3)]
    seen = [Rest(bob).get(f"/jobs/{job.pk}").json() for job in others]
    assert [job["queue_position"] for job in seen] == [3, 4, 5]
    assert [job["waiting_for"] for job in seen] == [None, None, "cap"]


@pytest.mark.usefixtures("slots")
def test_at_the_bound_one_more_waits_and_at_one_less_it_starts(workflow: Workflow, settings: Any) -> None:
    settings.MAX_CONCURRENT_JOBS_PER_WORKFLOW = 2
    for number in (1, 2, 3):
        factories.job(workflow, number=number)
    Gate.objects.update(cap=9)
    assert claimed() == [1, 2]
    settings.MAX_CONCURRENT_JOBS_PER_WORKFLOW = 3
    assert claimed() == [3]
