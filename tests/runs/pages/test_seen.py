"""Through the lens: each node's chrome is the focused run's alone; others are a ring, and a gallery."""

from typing import Any

import pytest

from accounts.models import User
from runs.models import Job
from runs.pages import board, pushes, seen, sheet
from runs.pages.pushes import Focus
from runs.pages.seen import View
from runs.pages.working import Working
from runs.telemetry import EMPTY, Snapshot
from tests import factories
from tests.runs.jobs import graph
from workflows.models import Workflow

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("valkey")]

GRAPH = graph(
    {
        "word": ("input.text", {"name": "word", "value": "hello"}),
        "story": ("text.stream", {}),
        "out": ("output.result", {"name": "story"}),
    },
    "word.value > story.text",
    "story.text > out.value",
)


@pytest.fixture
def workflow(ada: User) -> Workflow:
    return factories.workflow(ada, GRAPH)


def through(workflow: Workflow, job: Job | None = None, running: tuple[Working, ...] = (), **told: Any) -> View:
    """The canvas with the lens on a job that has told this."""
    snapshot: Snapshot = {**EMPTY, **told}
    document = {"id": str(job.pk), "number": job.number, "state": job.state, "started_at": None} if job else {}
    looked = sheet.sheet(job, {**document, "error": None, "progress": None}, snapshot) if job else None
    return seen.read(workflow.pk, seen=looked, running=running)


def test_without_a_run_nodes_are_idle_and_the_gallery_stays(workflow: Workflow) -> None:
    factories.product(factories.job(workflow, number=1, state="completed"))
    view = through(workflow)
    assert {node.status for node in view.nodes.values()} == {"idle"}
    wall = view.nodes["out"].wall
    assert wall is not None
    assert [tile.number for tile in wall.tiles] == [1]


def test_a_node_shows_what_the_focused_run_does_there(workflow: Workflow) -> None:
    job = factories.job(workflow, state="running")
    view = through(workflow, job, nodes={"story": {"status": "running", "progress": [1, 4]}})
    story = view.nodes["story"]
    assert (story.status, story.share) == ("running", 0.25)
    assert view.nodes["out"].status == "waiting"
    assert view.focused == str(job.pk)


def test_a_node_that_came_after_the_run_is_idle(ada: User, workflow: Workflow) -> None:
    job = factories.job(factories.workflow(ada, factories.TEXT), state="completed")
    view = through(workflow, job, nodes={"word": {"status": "completed"}})
    assert (view.nodes["word"].status, view.nodes["story"].status) == ("completed", "idle")


def test_others_busy_at_a_node_are_a_ring_the_focused_run_is_not(workflow: Workflow) -> None:
    job = factories.job(workflow, number=9, state="running")
    others = [Working(f"job-{number}", number, 0.1, {"story": "running"}) for number in (8, 7, 6, 5)]
    mine = Working(str(job.pk), 9, 0.1, {"story": "running"})
    view = through(workflow, job, (mine, *others))
    assert view.ring("story") == (4, [8, 7, 6])
    assert view.ring("out") == (0, [])


def test_an_inputs_value_is_told_where_the_run_was_given_another(workflow: Workflow) -> None:
    job = factories.job(workflow, state="completed")
    same = through(workflow, job, values={"word": {"value": "hello"}})
    other = through(workflow, job, values={"word": {"value": "good night"}})
    assert (same.nodes["word"].given, other.nodes["word"].given) == (False, True)


def test_edges_say_their_flow_and_how_much_passed(workflow: Workflow) -> None:
    job = factories.job(workflow, state="running")
    view = through(workflow, job, edges={"e0": {"state": "active", "count": 3}})
    assert view.flows == {"e0": ("active", "3"), "e1": ("idle", "")}


def test_the_focused_runs_own_telemetry_is_newer_than_any_summary(workflow: Workflow) -> None:
    job = factories.job(workflow, number=1, state="running")
    factories.product(job)
    stale = Working(str(job.pk), 1, 0.1, {"out": "running"})
    view = through(workflow, job, (stale,), nodes={"out": {"status": "completed"}})
    assert [each.statuses for each in view.working] == [{"out": "completed"}]


def test_an_edited_workflow_is_drawn_as_it_is_now(ada: User, workflow: Workflow) -> None:
    job = factories.job(workflow, state="completed")
    before = through(workflow, job)
    workflow.graph_id = factories.workflow(ada, factories.TEXT).graph_id
    workflow.save()
    assert before.sheet is not None
    assert set(seen.through(before, before.sheet).nodes) == {"word", "out"}


def test_a_change_of_status_is_html_and_a_progress_is_a_patch_alone(workflow: Workflow) -> None:
    job = factories.job(workflow, state="running")
    view = through(workflow, job, nodes={"story": {"status": "running", "progress": [1, 2]}})
    html, patch = pushes.changes(view, {"nodes": {"story": {"progress": [1, 2]}}})
    assert html == ""
    assert patch["nodes"]["story"] == {"status": "running", "cached": False, "share": 0.5, "counts": "1 of 2"}
    html, patch = pushes.changes(view, {"nodes": {"story": {"status": "running"}}})
    assert 'hx-target="#foot-story"' in html
    assert "#foot-word" not in html
    assert "data-node" not in html  # a node's root is never swapped


def test_streamed_text_and_flow_are_patches(workflow: Workflow) -> None:
    job = factories.job(workflow, state="running")
    view = through(workflow, job, text={"story": "Once 🙂 upon"}, edges={"e1": {"state": "completed", "count": 0}})
    _, patch = pushes.changes(view, {"text": {"story": " upon"}, "edges": {"e1": {"state": "completed", "count": 0}}})
    assert patch["text"] == {"story": [7, " upon"]}
    assert patch["edges"] == {"e1": ("completed", "0")}


def test_all_of_the_chrome_is_redrawn_when_the_lens_moves(workflow: Workflow) -> None:
    job = factories.job(workflow, number=5, state="completed", label="<b>ink</b>")
    view = through(workflow, job)
    html, patch = pushes.chrome(view, Focus(str(job.pk), pinned=True), None)
    for target in ("#lens", "#stop", "#body-word", "#foot-story", "#ring-out"):
        assert f'hx-target="{target}"' in html
    assert patch["focused"] == str(job.pk)
    assert set(patch["nodes"]) == {"word", "story", "out"}
    assert set(patch["edges"]) == {"e0", "e1"}
    assert "<b>ink" not in html


def test_a_lens_that_moves_sends_the_card_that_it_left_and_the_one_that_it_came_to(workflow: Workflow) -> None:
    jobs = [factories.job(workflow, number=number, state="completed") for number in (1, 2, 3)]
    shown = board.read(workflow.owner, workflow)
    was, now = (Focus(str(job.pk), pinned=True) for job in jobs[:2])
    html = pushes.groups(shown, shown, now, was)
    assert [f'hx-target="#card-{job.pk}"' in html for job in jobs] == [True, True, False]
    assert "#queue-completed" not in html
    assert html.count('aria-current="true"') == 1
