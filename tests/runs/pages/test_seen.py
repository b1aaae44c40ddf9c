"""Through the lens: each node's chrome is the focused run's alone; others are a ring, and a gallery."""

import re
from typing import Any
from uuid import uuid4

import pytest

from accounts.models import User
from runs.models import Job
from runs.pages import board, pushes, seen, sheet
from runs.pages.pushes import Focus
from runs.pages.seen import View
from runs.pages.working import Working
from runs.telemetry import EMPTY, Batch, Snapshot
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


RUNNING = {"story": {"status": "running"}}


@pytest.fixture
def workflow(ada: User) -> Workflow:
    return factories.workflow(ada, GRAPH)


def through(workflow: Workflow, job: Job | None = None, running: tuple[Working, ...] = (), **told: Any) -> View:
    """The canvas with the lens on a job that has told this."""
    snapshot: Snapshot = {**EMPTY, **told}
    document = {"id": str(job.pk), "number": job.number, "state": job.state, "started_at": None} if job else {}
    looked = sheet.sheet(job, {**document, "error": None, "progress": None}, snapshot) if job else None
    return seen.read(workflow.pk, seen=looked, running=running)


def changes(view: View, batch: Batch, before: View | None = None) -> tuple[str, pushes.Patch]:
    """What a batch that `view` has already changes on a page that shows `before`; by default, the same."""
    return pushes.changes(view, batch, before or view)


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


def test_an_empty_gallery_says_what_became_of_it_in_the_run(workflow: Workflow) -> None:
    job = factories.job(workflow, state="failed")
    said = []
    failed = {"status": "failed"}
    for status, story in (("waiting", {}), ("skipped", failed), ("skipped", {}), ("cancelled", {}), ("completed", {})):
        view = through(workflow, job, nodes={"story": story, "out": {"status": status}})
        html = pushes.bodies(view, ["out"])
        said.append(re.sub(r"<[^>]*>", "", html[html.index("tile none") :].partition("</li>")[0]).partition(">")[2])
    needs = "needs a text from “Stream text”"
    assert said == ["What runs make lands here", needs, "not reached", "stopped", "nothing made"]


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
    html, patch = changes(view, {"nodes": {"story": {"progress": [1, 2]}}})
    assert html == ""
    hot = {"status": "running", "cached": False, "share": 0.5, "counts": "1 of 2", "cost": ""}
    assert patch["nodes"]["story"] == hot
    html, patch = changes(view, {"nodes": {"story": {"status": "running"}}})
    assert 'hx-target="#foot-story"' in html
    assert "#foot-word" not in html
    assert "data-node" not in html  # a node's root is never swapped


def test_what_it_costs_is_a_patch_of_the_node_and_of_the_run(workflow: Workflow) -> None:
    job = factories.job(workflow, state="running")
    costs = {"story": {"status": "running", "cost": 0.0012}, "out": {"status": "waiting", "cost": 0.5}}
    html, patch = changes(through(workflow, job, nodes=costs), {"nodes": {"story": {"cost": 0.0012}}})
    assert (html, patch["nodes"]["story"]["cost"], patch["cost"]) == ("", "$0.0012", "$0.5012")
    _, unmeasured = changes(through(workflow, job), {"nodes": {"story": {"progress": [1, 2]}}})
    assert unmeasured["cost"] == ""


def test_what_a_node_does_besides_is_drawn_in_its_own_place(workflow: Workflow) -> None:
    job = factories.job(workflow, state="running")
    calls = [{"node": "story", "id": "1", "tool": "<search>", "arguments": {"q": "<b>"}, "result": None}]
    html, _ = changes(through(workflow, job, calls=calls), {"calls": calls})
    assert html.count("hx-target") == 1
    assert 'hx-target="#acts-story"' in html
    assert "&lt;search&gt;" in html
    assert "<b>" not in html.replace("<b class", "")


def test_the_first_words_make_the_place_where_the_others_are_appended(ada: User) -> None:
    workflow = factories.workflow(ada, graph({"wait": ("control.wait", {})}))
    job = factories.job(workflow, state="running")
    running = {"wait": {"status": "running"}}
    silent = through(workflow, job, nodes=running)
    assert 'id="text-wait"' not in pushes.chrome(silent, Focus(str(job.pk), pinned=False), None)[0]
    begun = through(workflow, job, nodes=running, text={"wait": "Once"})
    assert 'id="text-wait"' in changes(begun, {"text": {"wait": "Once"}}, silent)[0]
    going_on = through(workflow, job, nodes=running, text={"wait": "Once more"})
    html, _ = changes(going_on, {"text": {"wait": " more"}})
    assert html == ""


def test_a_text_that_is_markdown_is_rendered_once_it_is_whole(workflow: Workflow) -> None:
    job = factories.job(workflow, state="running")
    for status, rendered in (("running", False), ("completed", True)):
        view = through(workflow, job, nodes={"story": {"status": status}}, text={"story": "# Title\n<i>"})
        html, _ = changes(view, {"nodes": {"story": {"status": status}}})
        assert ("<h3>Title</h3>" in html) is rendered
        assert "<i>" not in html


def test_a_cached_node_says_so(workflow: Workflow) -> None:
    job = factories.job(workflow, state="running")
    told = {"story": {"status": "completed", "cached": True}}
    html, patch = changes(through(workflow, job, nodes=told), {"nodes": told})
    assert patch["nodes"]["story"]["cached"] is True
    assert "Cached" in html


def test_an_input_shows_the_picture_that_the_run_was_given_where_the_workflow_has_another(ada: User) -> None:
    mine, other = ({"asset": f"{digit * 8}-1111-4111-8111-111111111111"} for digit in "12")
    workflow = factories.workflow(ada, graph({"photo": ("input.image", {"name": "photo", "value": mine})}))
    job = factories.job(workflow, state="queued")
    document = {"id": str(job.pk), "number": 7, "state": "queued", "started_at": None, "error": None, "progress": None}
    for given, shown in ((mine, False), (other, True)):
        looked = sheet.sheet(job, {**document, "params": {"photo": given}}, EMPTY)
        html, _ = pushes.chrome(seen.read(workflow.pk, seen=looked), Focus(str(job.pk), pinned=False), None)
        assert ("#7 had this" in html) is shown
        assert (other["asset"] in html) is shown


def test_a_switched_node_gets_its_gallery_and_loses_it_again(ada: User, workflow: Workflow) -> None:
    switched = {**GRAPH, "nodes": [{**node, "gallery": node["id"] == "story"} for node in GRAPH["nodes"]]}
    plain, walled = (seen.read(factories.workflow(ada, each).pk) for each in (GRAPH, switched))
    assert 'hx-target="#body-story"' in pushes.galleries(plain, walled)
    assert 'hx-target="#body-story"' in pushes.galleries(walled, plain)
    assert pushes.galleries(walled, walled) == ""


def test_an_edited_input_is_compared_anew_with_what_the_run_was_given(ada: User, workflow: Workflow) -> None:
    changed = graph({"word": ("input.text", {"name": "word", "value": "else"})})
    before = seen.read(workflow.pk)
    after = seen.read(factories.workflow(ada, changed).pk)
    assert 'hx-target="#foot-word"' in pushes.galleries(before, after)


def test_streamed_text_and_flow_are_patches(workflow: Workflow) -> None:
    job = factories.job(workflow, state="running")
    view = through(workflow, job, text={"story": "Once 🙂 upon"}, edges={"e1": {"state": "completed", "count": 0}})
    _, patch = changes(view, {"text": {"story": " upon"}, "edges": {"e1": {"state": "completed", "count": 0}}})
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


def test_a_batch_that_is_folded_says_which_of_its_runs_is_on_the_canvas(workflow: Workflow) -> None:
    batch = uuid4()
    jobs = [factories.job(workflow, number=number, state="completed", batch_id=batch) for number in (1, 2, 3)]
    shown = board.read(workflow.owner, workflow)
    was, now = (Focus(str(job.pk), pinned=True) for job in jobs[:2])
    html = pushes.groups(shown, shown, now, was)
    assert f'hx-target="#facts-completed-{batch}"' in html
    assert "#2 on canvas" in html
    assert "#1 on canvas" not in html


def test_a_lens_that_moves_leaves_the_tiles_that_stay_and_what_is_as_it_was(workflow: Workflow) -> None:
    jobs = [factories.job(workflow, number=number, state="completed") for number in (1, 2)]
    for job in jobs:
        factories.product(job, "out", result="story")
    before, view = (seen.view(workflow, job) for job in jobs)
    html, patch = pushes.chrome(view, Focus(str(jobs[1].pk), pinned=True), None, before)
    targets = re.findall(r'hx-target="([^"]+)"', html)
    assert not [each for each in targets if each.startswith(("#body-out", "#tile"))]  # where the ring is, is hot
    assert "#foot-out" not in targets
    assert not [each for each in targets if each.startswith(("#ring", "#acts"))]
    assert patch["focused"] == str(jobs[1].pk)
    whole, _ = pushes.chrome(view, Focus(str(jobs[1].pk), pinned=True), None)
    assert 'hx-target="#body-out"' in whole
    assert 'hx-target="#ring-out"' in whole


def test_words_in_the_place_of_words_are_a_patch(workflow: Workflow) -> None:
    job = factories.job(workflow, state="running")
    before = through(workflow, job, nodes=RUNNING, values={"story": {"text": "<once>"}})
    told: Batch = {"values": {"story": {"text": "upon"}}}
    html, patch = changes(through(workflow, job, nodes=RUNNING, **told), told, before)
    assert (html, patch["text"]) == ("", {"story": [0, "upon"]})
    failed = through(workflow, job, nodes={"story": {"status": "failed", "error": {"message": "no", "code": "node"}}})
    html, _ = changes(through(workflow, job, nodes=RUNNING, **told), told, failed)
    assert 'hx-target="#body-story"' in html


def test_a_lens_that_moves_among_runs_that_differ_in_words_draws_no_more_than_these(workflow: Workflow) -> None:
    jobs = [factories.job(workflow, number=number, state="completed") for number in (1, 2)]
    told = [{"story": {"status": "completed", "elapsed_ms": 5}}, {"story": {"status": "completed", "elapsed_ms": 5}}]
    before, view = (
        through(workflow, job, nodes=nodes, values={"story": {"text": text}})
        for job, nodes, text in zip(jobs, told, ["once", "twice"], strict=True)
    )
    html, patch = pushes.chrome(view, Focus(str(jobs[1].pk), pinned=True), None, before)
    assert patch["text"]["story"] == [0, "twice"]
    assert "-story" not in html
    assert "nodes" not in patch
    assert "text" not in pushes.chrome(view, Focus(str(jobs[1].pk), pinned=True), None, view)[1]
    slower = through(workflow, jobs[1], nodes={"story": {"status": "completed", "elapsed_ms": 6000}})
    html, _ = pushes.chrome(slower, Focus(str(jobs[1].pk), pinned=True), None, view)
    assert 'hx-target="#foot-story"' in html


def test_what_is_swapped_in_has_no_white_space_around_it(workflow: Workflow) -> None:
    job = factories.job(workflow, state="running")
    view = through(workflow, job, nodes=RUNNING)
    html, _ = pushes.chrome(view, Focus(str(job.pk), pinned=False), None)
    assert len(re.findall(r"<hx-partial [^>]*><", html)) == html.count("<hx-partial")
    assert html.count("></hx-partial>") == html.count("<hx-partial")


def test_tiles_that_move_are_drawn_with_all_of_their_gallery(workflow: Workflow) -> None:
    jobs = [factories.job(workflow, number=number, state="completed") for number in range(1, 41)]
    for job in jobs:
        for index in range(2):
            factories.product(job, "out", result="story", index=index)
    folded, unfolded = jobs[9], jobs[35]
    before, view = seen.view(workflow, folded), seen.view(workflow, unfolded)
    html, _ = pushes.chrome(view, Focus(str(unfolded.pk), pinned=True), None, before)
    assert 'hx-target="#body-out"' in html
    assert 'hx-target="#tile' not in html
