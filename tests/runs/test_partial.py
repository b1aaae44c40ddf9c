"""What a run of a part of a workflow takes from earlier runs, what it makes anew, and what it leaves alone."""

from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import User
from runs.models import Asset, Choice, Job, JobStock
from runs.removal import remove_asset
from runs.submit import Order, rerun, submit
from tests import factories
from tests.runs.jobs import cached, graph, told, worked_off
from workflows.errors import GraphInvalid
from workflows.models import Workflow
from workflows.schemas import ScopeBody

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("valkey")]
Ran = Callable[..., Job]
Nodes = dict[str, tuple[str, dict[str, Any]]]

CHAIN = graph(
    {
        "seed": ("input.integer", {"name": "seed", "value": 1}),
        "noise": ("image.noise", {"width": 16, "height": 16}),
        "blur": ("image.blur", {"radius": 1.0}),
        "small": ("image.resize", {"width": 8, "height": 8}),
        "out": ("output.result", {"name": "picture"}),
    },
    "seed.value > noise.seed",
    "noise.image > blur.image",
    "blur.image > small.image",
    "small.image > out.value",
)
WORDS = graph(
    {
        "word": ("input.text", {"name": "word", "value": "a"}),
        "slow": ("control.wait", {"seconds": 0.0}),
        "said": ("text.template", {"template": "{{ it }}!"}),
        "out": ("output.result", {"name": "said"}),
    },
    "word.value > slow.value",
    "slow.value > said.it",
    "said.text > out.value",
)
WORDS["nodes"][2]["dynamic_inputs"] = ["it"]


@pytest.fixture
def workflow(ada: User) -> Workflow:
    return factories.workflow(ada, CHAIN)


@pytest.fixture
def words(ada: User) -> Workflow:
    return factories.workflow(ada, WORDS)


@pytest.fixture
def ran(ada: User) -> Ran:
    def run(workflow: Workflow, mode: str = "", nodes: str = "", from_job: Job | None = None, **params: object) -> Job:
        scope = scoped(mode, nodes, from_job) if mode else None
        job = submit(ada, workflow, Order(params, scope=scope))
        worked_off()
        return Job.objects.get(pk=job.pk)

    return run


def scoped(mode: str, nodes: str, from_job: Job | None = None) -> ScopeBody:
    given = {"mode": mode, "nodes": nodes.split(), "from_job": from_job and str(from_job.pk)}
    return ScopeBody.model_validate(given)


def part(job: Job) -> dict[str, Any]:
    assert job.scope is not None
    return dict(job.scope)


def made(job: Job) -> set[str]:
    return set(Asset.objects.filter(job=job).values_list("node", flat=True))


def digest(job: Job, node: str) -> str:
    return str(Asset.objects.get(job=job, node=node).blob_id)


def statuses(job: Job) -> dict[str, str]:
    return {node: fields["status"] for node, fields in told(job)["nodes"].items()}


def test_one_node_runs_on_what_the_newest_run_made(ran: Ran, workflow: Workflow) -> None:
    ran(workflow, seed=1)
    newest = ran(workflow, seed=2)

    job = ran(workflow, "node", "blur")

    assert (job.state, made(job)) == ("completed", {"blur"})
    assert digest(job, "blur") == digest(newest, "blur")
    ends = {"seed": "skipped", "noise": "completed", "blur": "completed", "small": "skipped", "out": "skipped"}
    assert (statuses(job), cached(job), job.progress) == (ends, {"noise"}, 1.0)
    assert job.params == {}


def test_a_named_job_goes_before_the_newest_and_what_was_chosen_before_both(ran: Ran, workflow: Workflow) -> None:
    chosen, named, _newest = (ran(workflow, seed=seed) for seed in (1, 2, 3))

    assert digest(ran(workflow, "node", "blur", named), "blur") == digest(named, "blur")

    choice = Asset.objects.get(job=chosen, node="noise")
    Choice.objects.create(workflow=workflow, node="noise", asset=choice)
    assert digest(ran(workflow, "node", "blur", named), "blur") == digest(chosen, "blur")


def test_from_a_node_all_behind_it_runs(ran: Ran, workflow: Workflow) -> None:
    ran(workflow)

    job = ran(workflow, "from", "blur")

    assert made(job) == {"blur", "small", "out"}
    assert job.scope == {
        "mode": "from", "nodes": ["blur"], "from_job": None, "runs": ["blur", "small", "out"], "given": ["noise"],
    }  # fmt: skip
    assert job.label == "from Blur"


def test_a_node_that_is_named_twice_is_one(ran: Ran, workflow: Workflow) -> None:
    assert ran(workflow, "node", "blur blur").label == "only Blur"


def test_a_selection_runs_and_nothing_beside_it(ran: Ran, workflow: Workflow) -> None:
    first = ran(workflow)

    job = ran(workflow, "selection", "blur out")

    assert made(job) == {"blur", "out"}
    assert digest(job, "out") == digest(first, "small")


def test_what_is_missing_is_computed(ran: Ran, workflow: Workflow) -> None:
    job = ran(workflow, "node", "blur", seed=7)

    assert made(job) == {"noise", "blur"}
    assert (part(job)["runs"], job.params) == (["seed", "noise", "blur"], {"seed": 7})


def test_values_that_are_no_assets_come_from_what_a_run_told(ran: Ran, words: Workflow) -> None:
    ran(words, word="first")
    ran(words, "node", "said")

    job = ran(words, "from", "said")

    assert told(job)["values"]["said"] == {"text": "first!"}
    assert (cached(job), told(job)["values"]["slow"]) == ({"slow"}, {"value": "first"})


def test_inputs_are_the_new_runs_own_but_those_of_a_named_job_are_its(ran: Ran, words: Workflow) -> None:
    first = ran(words, word="first")
    Choice.objects.all().delete()

    assert told(ran(words, "selection", "slow said"))["values"]["said"] == {"text": "a!"}
    assert told(ran(words, "selection", "slow said", first))["values"]["said"] == {"text": "first!"}
    assert told(ran(words, "selection", "slow said", first, word="mine"))["values"]["said"] == {"text": "mine!"}


def test_a_stream_of_products_is_taken_item_by_item(ran: Ran, ada: User) -> None:
    document = graph(
        {
            "lines": ("text.split", {"text": "one\ntwo\nthree"}),
            "noise": ("image.noise", {"width": 64, "height": 64}),
            "text": ("image.text", {"size": 8}),
            "blur": ("image.blur", {"radius": 1.0}),
        },
        "lines.item > text.text",
        "noise.image > text.image",
        "text.image > blur.image",
    )
    workflow = factories.workflow(ada, document)
    first = ran(workflow)

    job = ran(workflow, "node", "blur")

    def blobs(of: Job) -> list[Any]:
        return list(Asset.objects.filter(job=of, node="blur").order_by("index").values_list("blob", flat=True))

    assert part(job)["given"] == ["text"]
    assert len(blobs(job)) == 3
    assert blobs(job) == blobs(first)


def test_a_stream_that_broke_off_is_made_anew(ran: Ran, ada: User) -> None:
    document = graph(
        {
            "lines": ("text.split", {"text": "one\ntwo\nthree"}),
            "noise": ("image.noise", {"width": 8, "height": 8}),
            "text": ("image.text", {"size": 4}),  # three letters fit, five don't
            "blur": ("image.blur", {"radius": 1.0}),
        },
        "lines.item > text.text",
        "noise.image > text.image",
        "text.image > blur.image",
    )
    workflow = factories.workflow(ada, document)
    first = ran(workflow)
    assert (first.state, Asset.objects.filter(job=first, node="text").count()) == ("failed", 2)

    job = ran(workflow, "node", "blur")

    assert part(job)["given"] == ["noise"]


def test_bypassed_nodes_are_passed(ran: Ran, ada: User) -> None:
    document = {**CHAIN, "nodes": [{**node, "bypassed": node["id"] == "blur"} for node in CHAIN["nodes"]]}
    workflow = factories.workflow(ada, document)
    first = ran(workflow)

    job = ran(workflow, "node", "small")

    assert (made(job), part(job)["given"]) == ({"small"}, ["noise"])
    assert digest(job, "small") == digest(first, "small")
    with pytest.raises(GraphInvalid, match="bypassed"):
        submit(ada, workflow, Order(scope=scoped("node", "blur")))


def test_what_stands_outside_may_be_unfinished(ran: Ran, ada: User) -> None:
    document = {**CHAIN, "nodes": [*CHAIN["nodes"], {"id": "odd", "type": "no.such", "properties": {}}]}
    workflow = factories.workflow(ada, document)

    assert ran(workflow, "node", "blur").state == "completed"
    with pytest.raises(GraphInvalid, match=r"no\.such"):
        submit(ada, workflow, Order())


def test_in_a_circle_nothing_runs_and_nothing_hangs(ada: User) -> None:
    nodes: Nodes = {name: ("image.blur", {}) for name in "abc"}
    document = graph(nodes, "a.image > b.image", "b.image > a.image", "b.image > c.image")
    for bypassed in ("", "ab"):
        marked = [{**node, "bypassed": node["id"] in bypassed} for node in document["nodes"]]
        workflow = factories.workflow(ada, {**document, "nodes": marked})
        with pytest.raises(GraphInvalid, match="circle"):
            submit(ada, workflow, Order(scope=scoped("node", "c")))


def test_running_again_takes_the_very_same(ran: Ran, ada: User, workflow: Workflow) -> None:
    first = ran(workflow, seed=1)
    job = ran(workflow, "node", "blur")
    ran(workflow, seed=2)

    again = rerun(ada, job, {})
    worked_off()

    assert digest(again, "blur") == digest(first, "blur")
    remove_asset(Asset.objects.get(job=first, node="noise"))
    anew = rerun(ada, job, {})
    assert JobStock.objects.get(job=anew).document != JobStock.objects.get(job=job).document


def test_a_product_that_a_waiting_run_is_given_is_not_deleted_unless_forced(
    ran: Ran, ada: User, workflow: Workflow
) -> None:
    first = ran(workflow)
    job = submit(ada, workflow, Order(scope=scoped("node", "blur")))
    asset = Asset.objects.get(job=first, node="noise")

    assert list(Job.objects.given(asset.pk)) == [job]

    remove_asset(asset, force=True)
    worked_off()
    job.refresh_from_db()
    assert (job.state, job.error and job.error["code"], job.error and job.error["node"]) == (
        "failed", "asset_missing", "noise",
    )  # fmt: skip


def test_nothing_made_before_is_removed(ran: Ran, workflow: Workflow) -> None:
    ran(workflow)
    before = set(Asset.objects.values_list("pk", flat=True))

    ran(workflow, "from", "noise", seed=9)

    assert before < set(Asset.objects.values_list("pk", flat=True))


def test_what_a_run_is_given_is_found_in_as_many_queries_however_many_nodes_there_are(
    ran: Ran, ada: User, django_assert_max_num_queries: Any
) -> None:
    nodes: Nodes = {f"n{place}": ("image.noise", {"width": 4, "height": 4, "seed": place}) for place in range(30)}
    film: Nodes = {"film": ("video.from_images", {})}
    workflow = factories.workflow(ada, graph(nodes | film, *(f"{name}.image > film.images" for name in nodes)))
    ran(workflow)

    with django_assert_max_num_queries(30):
        job = submit(ada, workflow, Order(scope=scoped("node", "film")))
    assert len(part(job)["given"]) == 30
