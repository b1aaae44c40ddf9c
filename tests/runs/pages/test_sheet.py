"""The sheet of a job: what its page shows, from row, history, products and telemetry."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from accounts.plain_json import moment
from runs import gate
from runs.models import Asset
from runs.pages import drawing, sheet
from runs.pages.parts import parts
from runs.pages.sheet import Sheet
from runs.pages.step import counts as counts_of
from runs.states import State
from runs.telemetry import EMPTY, share as share_of
from tests import factories
from tests.runs.jobs import claimed, graph, ran
from workflows import graph as graphs
from workflows.registry import registry

DRAWN = drawing.draw(graphs.parse(factories.NOISE))
SEED, NOISE, OUT = DRAWN.parts
NOW = timezone.now()


def of(state: str = "running", nodes: dict[str, Any] | None = None, **fields: Any) -> Sheet:
    """A sheet of seed → noise → picture, started ten seconds ago."""
    started = moment(NOW - timedelta(seconds=10))
    job = {"id": "j", "state": state, "started_at": started, "ended_at": None, "error": None, "progress": None}
    given = {**EMPTY, "nodes": nodes or {}}
    products = {product["id"]: product for product in fields.pop("products", [])}
    return Sheet({**job, **fields}, DRAWN, given, products, [], NOW)


def product(index: int, **fields: Any) -> dict[str, Any]:
    given = {
        "id": f"a{index}",
        "node": "noise",
        "output": "image",
        "index": index,
        "value": None,
        "thumbnail_url": "/t",
    }
    return {**given, **fields}


def test_a_node_of_which_nothing_is_known_waits_and_is_skipped_once_the_job_has_ended() -> None:
    assert of().step(NOISE).status == "waiting"
    assert of("cancelled").step(NOISE).status == "skipped"


def test_a_node_that_has_begun_has_a_bar_on_the_scale_of_the_run() -> None:
    begun = {"status": "running", "started_at": moment(NOW - timedelta(seconds=4))}
    made = {"status": "completed", "started_at": moment(NOW - timedelta(seconds=9)), "elapsed_ms": 2500}
    shown = of(nodes={"seed": made, "noise": begun})
    seed, noise, out = (bar for _, bar in shown.bars)
    assert shown.scale.seconds == 10
    assert seed is not None
    assert noise is not None
    assert (seed.start, seed.seconds, seed.left, seed.width) == (1.0, 2.5, 0.1, 0.25)
    assert (noise.start, noise.seconds, noise.left, noise.width) == (6.0, 4.0, 0.6, 0.4)
    assert out is None


def test_a_job_that_is_back_in_the_queue_has_no_bars() -> None:
    made = {"status": "completed", "started_at": moment(NOW), "elapsed_ms": 2500}
    assert [bar for _, bar in of("queued", nodes={"seed": made}, started_at=None).bars] == [None] * 3


def test_a_running_nodes_time_counts_on_and_an_ended_ones_stays() -> None:
    begun = {"status": "running", "started_at": moment(NOW - timedelta(seconds=4)), "progress": [1, 4]}
    running = of(nodes={"noise": begun}).step(NOISE)
    assert (running.elapsed, running.ticks, running.share, running.counts) == (4.0, True, 0.25, "1 of 4")
    ended = of(nodes={"noise": {**begun, "status": "completed", "elapsed_ms": 4200}}).step(NOISE)
    assert (ended.elapsed, ended.ticks, ended.share, ended.counts) == (4.2, False, 1.0, "")


@pytest.mark.parametrize(
    ("progress", "share", "counts"),
    [(None, 0.0, ""), ([0, 0], 0.0, ""), ([0.5, 1], 0.5, ""), ([9, 4], 1.0, "9 of 4"), ([-1, 4], 0.0, "-1 of 4")],
)
def test_progress_is_a_share_and_words_for_whole_things(progress: Any, share: float, counts: str) -> None:
    node = {"progress": progress}
    assert (share_of(node), counts_of(node)) == (share, counts)


def test_a_card_shows_the_newest_pictures_and_how_many_more_there_are() -> None:
    step = of(products=[product(index) for index in reversed(range(8))]).step(NOISE)
    assert [picture["index"] for picture in step.pictures] == [2, 3, 4, 5, 6, 7]
    assert step.more == 2


def test_a_value_comes_from_telemetry_or_from_what_was_kept() -> None:
    told = replace(of(), snapshot={**EMPTY, "values": {"seed": {"value": 42}}})
    assert told.step(SEED).values == [("value", 42)]
    kept = of(products=[product(0, node="out", output="value", value="hello", thumbnail_url=None)])
    assert kept.step(OUT).values == [("value", "hello")]


def test_a_result_is_awaited_until_its_node_or_the_job_has_ended() -> None:
    assert [result.part.result for result in of().results] == ["picture"]
    assert of().results[0].coming
    assert not of(nodes={"out": {"status": "skipped"}}).results[0].coming
    assert not of("failed").results[0].coming


def test_progress_of_an_ended_job_is_what_its_row_says() -> None:
    nodes = {"seed": {"status": "completed"}, "noise": {"status": "failed"}, "out": {"status": "skipped"}}
    failed = of(
        "failed", nodes, ended_at=moment(NOW), progress=0.5, error={"code": "x", "message": "No.", "node": "noise"}
    )
    assert (failed.done, failed.share, failed.failed, failed.elapsed) == (1, 0.5, NOISE, 10.0)
    assert of("running", {"seed": {"status": "completed"}}).share == pytest.approx(1 / 3)
    assert of("cancelled", progress=None).share == 0.0


def test_a_completed_job_is_whole_and_says_what_it_left_out() -> None:
    nodes = {"seed": {"status": "completed"}, "noise": {"status": "completed"}, "out": {"status": "skipped"}}
    assert (of("completed", nodes, progress=0.6).share, of("completed", nodes).tally) == (1.0, "2 done, 1 skipped")
    assert of("running", nodes).tally == ""
    assert of("completed", {node: {"status": "completed"} for node in nodes}).tally == ""


def test_a_batch_makes_a_new_sheet_with_what_landed() -> None:
    before = of()
    after = before.after({"nodes": {"noise": {"status": "completed"}}, "products": [product(0)]})
    assert (before.step(NOISE).status, after.step(NOISE).status) == ("waiting", "completed")
    assert [picture["id"] for picture in after.step(NOISE).pictures] == ["a0"]


def test_only_the_newest_lines_of_the_log_are_shown() -> None:
    told = of().after({"logs": [{"message": str(line)} for line in range(sheet.LOG_LINES + 5)]})
    assert [line["message"] for line in told.logs][:2] == ["5", "6"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("valkey")
class TestReading:
    def test_an_ended_job_shows_all_that_it_kept(self, ada: User) -> None:
        job = ran(ada, factories.NOISE)
        found = sheet.read(job)
        assert [step.status for step in found.steps] == ["completed"] * 3
        assert [item["kind"] for item in found.results[0].items] == ["image"]
        assert [step.to_state for step in found.history] == ["running", "completed"]
        assert found.params == list(job.params.items())
        assert not found.active
        assert (found.crowded, found.grows) == (False, False)

    def test_products_are_the_rows_even_where_telemetry_was_lost(self, ada: User) -> None:
        job = ran(ada, factories.NOISE)
        document = {"id": str(job.pk), "state": "failed"}
        found = sheet.sheet(job, document, EMPTY)
        assert len(found.results[0].items) == 1
        Asset.objects.all().delete()
        assert sheet.products(job.pk) == {}

    def test_it_says_who_stopped_the_job(self, ada: User) -> None:
        job = factories.job(factories.workflow(ada))
        assert sheet.read(job).stopped is None
        stopped = sheet.read(gate.cancel(job.pk, by="root", why="too long")).stopped
        assert stopped is not None
        assert (stopped.by, stopped.why) == ("root", "too long")

    def test_history_goes_to_a_version(self, ada: User) -> None:
        claim = claimed(ada)
        gate.cancel(claim.job_id, by="root")
        assert [step.to_state for step in sheet.history(claim.job_id)] == [State.RUNNING, State.CANCELLING]
        assert [step.to_state for step in sheet.history(claim.job_id, 1)] == [State.RUNNING]


def test_parts_are_drawn_by_their_types_and_shaped_by_what_they_make() -> None:
    document = graph(
        {
            "text": ("input.text", {"name": "words", "value": "a"}),
            "split": ("text.split", {}),
            "wait": ("control.wait", {}),
            "all": ("list.collect", {}),
            "told": ("output.result", {"name": "told"}),
            "noise": ("image.noise", {}),
            "if": ("control.if", {"condition": True}),
            "seen": ("output.preview", {}),
            "odd": ("somebody.else", {}),
        },
        "text.value > split.text",
        "split.item > wait.value",
        "wait.value > all.item",
        "all.items > told.value",
        "noise.image > if.value",
        "if.then > seen.value",
    )
    drawn = {part.id: part for part in parts(graphs.parse(document), registry)}
    shapes = {name: part.shape for name, part in drawn.items()}
    assert shapes == {
        "text": "text",
        "split": "text",
        "wait": "text",
        "all": "text",
        "told": "text",
        "noise": "picture",
        "if": "picture",
        "seen": "picture",
        "odd": "value",
    }
    assert (drawn["noise"].colour, drawn["wait"].colour, drawn["told"].result) == ("image", "any", "told")
    assert (drawn["odd"].title, drawn["noise"].title) == ("somebody.else", "Noise")
    order = list(drawn)
    assert order.index("split") < order.index("wait") < order.index("all") < order.index("told")
