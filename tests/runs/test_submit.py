"""What a submit promises: all checked, then a whole job or none."""

import uuid

import pytest
from django.utils import timezone

from accounts.models import User
from runs import gate
from runs.errors import JobExists
from runs.models import Asset, Job, JobTransition, RunFocus
from runs.submit import Order, submit, validate
from tests import factories
from tests.turns import before
from workflows.errors import GraphInvalid
from workflows.models import Workflow

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("valkey")]

PHOTO = {
    "version": 1,
    "nodes": [
        {"id": "photo", "type": "input.image", "properties": {"name": "photo", "value": None}},
        {"id": "blur", "type": "image.blur", "properties": {"radius": 2}},
        {"id": "out", "type": "output.result", "properties": {"name": "picture"}},
    ],
    "edges": [
        {"id": "e1", "source": "photo", "output": "value", "target": "blur", "input": "image"},
        {"id": "e2", "source": "blur", "output": "image", "target": "out", "input": "value"},
    ],
}


@pytest.fixture
def workflow(ada: User) -> Workflow:
    return factories.workflow(ada, factories.NOISE)


def upload(owner: User, kind: str = "image") -> dict[str, str]:
    return {"asset": str(Asset.objects.create(owner=owner, kind=kind, created_at=timezone.now()).pk)}


def problems_of(user: User, workflow: Workflow, **params: object) -> list[tuple[str, str | None, str | None]]:
    with pytest.raises(GraphInvalid) as caught:
        submit(user, workflow, Order(params=params))
    assert not Job.objects.exists()
    return [(problem.code, problem.node, problem.property) for problem in caught.value.problems]


def test_a_job_keeps_the_graph_and_the_resolved_parameters(ada: User, workflow: Workflow) -> None:
    job = submit(ada, workflow, Order(params={"seed": 7, "noise.width": 16}))
    assert (job.params, job.graph_id, job.workflow_version) == ({"seed": 7, "noise.width": 16}, workflow.graph_id, 1)
    assert (job.number, job.state, job.version) == (1, "queued", 1)
    step = JobTransition.objects.get(job=job)
    assert (step.from_state, step.to_state, step.by) == ("", "queued", "ada")


def test_jobs_are_numbered_and_queued_in_the_order_of_their_submits(ada: User, workflow: Workflow) -> None:
    jobs = [submit(ada, workflow, Order()) for _ in range(3)]
    assert [job.number for job in jobs] == [1, 2, 3]
    assert gate.positions([job.pk for job in jobs]) == {job.pk: place for place, job in enumerate(jobs, 1)}


def test_a_number_is_never_given_twice(ada: User, workflow: Workflow) -> None:
    first = submit(ada, workflow, Order())
    gate.cancel(first.pk, by="ada")
    gate.delete(first.pk)
    assert submit(ada, workflow, Order()).number == 2


def test_a_null_seed_is_drawn_and_stands_in_the_job(ada: User, workflow: Workflow) -> None:
    drawn = {submit(ada, workflow, Order(params={"seed": None})).params["seed"] for _ in range(3)}
    assert len(drawn) == 3
    assert all(isinstance(seed, int) for seed in drawn)


def test_everything_wrong_is_reported_at_once_and_no_job_is_made(ada: User, workflow: Workflow) -> None:
    found = problems_of(ada, workflow, seed="seven", **{"noise.width": 0, "nothing": 1})
    assert {code for code, _, _ in found} == {"bad_value", "unknown_parameter"}
    assert ("bad_value", "noise", "width") in found
    assert ("bad_value", "seed", "value") in found


def test_validation_says_the_same_and_makes_nothing(ada: User, workflow: Workflow) -> None:
    assert validate(workflow, {}) == []
    assert [problem.code for problem in validate(workflow, {"nothing": 1})] == ["unknown_parameter"]
    assert not Job.objects.exists()


def test_a_picture_is_needed_where_there_is_none(ada: User) -> None:
    photo = factories.workflow(ada, PHOTO)
    assert problems_of(ada, photo) == [("missing_input", "photo", "value")]


def test_a_picture_must_be_there_and_ones_own_and_a_picture(ada: User, bob: User) -> None:
    photo = factories.workflow(ada, PHOTO)
    for bad in ({"asset": str(uuid.uuid4())}, {"asset": "nonsense"}, upload(bob), upload(ada, "text")):
        assert problems_of(ada, photo, photo=bad) == [("bad_value", "photo", "value")]
    assert submit(ada, photo, Order(params={"photo": upload(ada)})).state == "queued"


@pytest.mark.parametrize("kind", ["audio", "video", "file"])
def test_sounds_films_and_files_must_be_there_and_fit(ada: User, bob: User, kind: str) -> None:
    document = {
        "version": 1,
        "nodes": [{"id": "in", "type": f"input.{kind}", "properties": {"name": "in"}}],
        "edges": [],
    }
    workflow = factories.workflow(ada, document)
    assert problems_of(ada, workflow) == [("missing_input", "in", "value")]
    for bad in ({"asset": str(uuid.uuid4())}, {"asset": "nonsense"}, "a.wav", upload(bob, kind)):
        assert problems_of(ada, workflow, **{"in": bad}) == [("bad_value", "in", "value")]
    others = {"image", "audio", "video", "text", "file"} - {kind}
    for other in others if kind != "file" else ():
        assert problems_of(ada, workflow, **{"in": upload(ada, other)}) == [("bad_value", "in", "value")]
    for fitting in others if kind == "file" else (kind,):
        assert submit(ada, workflow, Order(params={"in": upload(ada, fitting)})).state == "queued"


def test_a_chosen_id_is_taken_once(ada: User, workflow: Workflow) -> None:
    chosen = uuid.uuid4()
    assert submit(ada, workflow, Order(id=chosen)).pk == chosen
    with pytest.raises(JobExists):
        submit(ada, workflow, Order(id=chosen))
    assert Job.objects.count() == 1
    assert Workflow.objects.get(pk=workflow.pk).jobs_made == 1


def test_the_lens_follows_submits_unless_it_is_pinned_or_told_not_to(ada: User, workflow: Workflow) -> None:
    first, second = submit(ada, workflow, Order()), submit(ada, workflow, Order())
    focus = RunFocus.objects.get(user=ada, workflow=workflow)
    assert (focus.job_id, focus.pinned) == (second.pk, False)
    submit(ada, workflow, Order(focus=False))
    assert RunFocus.objects.get(pk=focus.pk).job_id == second.pk
    RunFocus.objects.filter(pk=focus.pk).update(pinned=True, job=first)
    submit(ada, workflow, Order())
    assert RunFocus.objects.get(pk=focus.pk).job_id == first.pk


def test_a_label_is_what_differs(ada: User, workflow: Workflow) -> None:
    assert submit(ada, workflow, Order(params={"seed": 42})).label == "seed 42"
    assert submit(ada, workflow, Order(label="mine")).label == "mine"
    assert submit(ada, workflow, Order()).label == "seed 1"


def test_who_submits_at_the_same_time_comes_behind(ada: User, bob: User, workflow: Workflow) -> None:
    theirs = factories.workflow(bob)
    with before(lambda: submit(bob, theirs, Order())):
        first = submit(ada, workflow, Order())
    assert first.place < theirs.jobs.get().place
