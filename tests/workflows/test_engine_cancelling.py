"""A cancelled run: what cooperates ends within 100 ms, every node has a last status, nothing goes on behind."""

import asyncio
import contextlib
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from tests.workflows.drawing import Nodes, draw
from tests.workflows.small_nodes import with_small
from tests.workflows.witness import Witness
from workflows.context import NodeContext
from workflows.engine import Outcome, run

PROMPTLY = 0.1  # seconds
TRIES = 3  # another process may have kept the machine busy just then


class Scene:
    """A registry of nodes that begin and then go on until they are cancelled, and what became of them."""

    def __init__(self) -> None:
        self.registry = with_small()
        self.witness = Witness()
        self.begun = threading.Event()
        self.cleaned: list[str] = []
        self.let_go = threading.Event()
        for function in (*in_threads(self), *in_threads_to_their_own_end(self), *in_the_loop(self)):
            self.registry.node(function.__name__, title="", description="", output="value")(function)

    def start(self, nodes: Nodes, *edges: str, threads: int = 4) -> asyncio.Task[Outcome]:
        return asyncio.create_task(run(draw(nodes, *edges), self.registry, self.witness, threads=threads))

    async def cancelled(self, nodes: Nodes, *edges: str, threads: int = 4) -> float:
        """Cancel a run of this graph once it has begun; the seconds until it had ended."""
        task = self.start(nodes, *edges, threads=threads)
        await asyncio.to_thread(self.begun.wait, 20)
        asked = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return time.monotonic() - asked


async def promptly_cancelled(nodes: Nodes, *edges: str, threads: int = 4) -> Scene:
    """The scene of a run of this graph that ended promptly when it was cancelled."""
    needed = []
    for _ in range(TRIES):
        scene = Scene()
        needed.append(await scene.cancelled(nodes, *edges, threads=threads))
        if needed[-1] < PROMPTLY:
            return scene
    raise AssertionError(needed)


def in_threads(scene: Scene) -> Iterator[Callable[..., Any]]:
    def checking(context: NodeContext) -> int:
        while True:
            scene.begun.set()
            time.sleep(0.005)
            context.check_cancelled()

    def progressing(context: NodeContext) -> int:
        while True:
            scene.begun.set()
            time.sleep(0.005)
            context.progress(0, 1)

    def broad(context: NodeContext) -> int:
        while True:
            scene.begun.set()
            time.sleep(0.005)
            with contextlib.suppress(Exception):
                context.check_cancelled()

    def looking(context: NodeContext) -> int:
        while not context.cancelled:
            scene.begun.set()
            time.sleep(0.005)
        return 1

    yield from (checking, progressing, broad, looking)


def in_threads_to_their_own_end(scene: Scene) -> Iterator[Callable[..., Any]]:
    def stubborn() -> int:
        scene.begun.set()
        scene.let_go.wait(10)
        return 1

    def talking(context: NodeContext) -> int:
        while not context.cancelled:
            scene.begun.set()
            time.sleep(0.005)
        for _ in range(20):
            context.log("not yet")
            time.sleep(0.005)
        scene.cleaned.append(scene.witness.final()["a"])
        return 1

    yield from (stubborn, talking)


def in_the_loop(scene: Scene) -> Iterator[Callable[..., Any]]:
    async def sleeping(context: NodeContext) -> int:
        scene.begun.set()
        await context.sleep(60)
        return 1

    async def checking_itself(context: NodeContext) -> int:
        scene.begun.set()
        try:
            await context.sleep(60)
        finally:
            context.check_cancelled()
        return 1

    def many(context: NodeContext) -> Iterator[int]:
        try:
            while True:
                context.check_cancelled()
                yield 1
                scene.begun.set()
        finally:
            scene.cleaned.append("many")

    async def many_waiting() -> AsyncIterator[int]:
        try:
            while True:
                yield 1
                scene.begun.set()
                await asyncio.sleep(0)
        finally:
            scene.cleaned.append("many waiting")

    yield from (sleeping, checking_itself, many, many_waiting)


@pytest.fixture
def scene() -> Scene:
    return Scene()


@pytest.mark.parametrize(
    "kind", ["checking", "progressing", "broad", "looking", "sleeping", "checking_itself", "many", "many_waiting"]
)
async def test_a_node_that_cooperates_ends_promptly(kind: str) -> None:
    scene = await promptly_cancelled({"a": kind, "b": "each.same"}, "a.value > b.value")
    assert scene.witness.statuses["a"] == ["waiting", "running", "cancelled"]
    assert scene.witness.edges["e1"]["state"] == "drained"
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("node")]


@pytest.mark.parametrize(("kind", "mark"), [("many", "many"), ("many_waiting", "many waiting")])
async def test_a_generator_cleans_up_after_itself(scene: Scene, kind: str, mark: str) -> None:
    await scene.cancelled({"a": kind})
    assert scene.cleaned == [mark]


async def test_begun_nodes_are_cancelled_others_skipped_and_ended_ones_stay(scene: Scene) -> None:
    nodes: Nodes = {"done": "each.same", "now": "sleeping", "next": "each.same", "never": "list.collect"}
    await scene.cancelled(nodes, "now.value > next.value", "next.value > never.item")
    assert scene.witness.final() == {"done": "completed", "now": "cancelled", "next": "skipped", "never": "skipped"}
    assert scene.witness.nodes["now"]["elapsed_ms"] >= 0


async def test_a_node_that_waits_for_a_thread_never_begins() -> None:
    scene = await promptly_cancelled({"a": "looking", "b": "looking"}, threads=1)
    assert sorted(scene.witness.final().values()) == ["cancelled", "skipped"]


async def test_a_source_that_waits_for_room_is_cancelled() -> None:
    scene = await promptly_cancelled({"a": "many_waiting", "b": "each.threaded"}, "a.value > b.value")
    assert scene.witness.final()["a"] == "cancelled"


async def test_the_run_waits_for_a_node_that_does_not_cooperate(scene: Scene) -> None:
    threading.Timer(0.3, scene.let_go.set).start()
    assert await scene.cancelled({"a": "stubborn"}) > 0.2
    assert scene.witness.final() == {"a": "cancelled"}


async def test_asking_again_does_not_let_it_leave_its_nodes_behind(scene: Scene) -> None:
    task = scene.start({"a": "stubborn", "b": "sleeping"})
    await asyncio.to_thread(scene.begun.wait, 20)
    for _ in range(5):
        task.cancel()
        await asyncio.sleep(0.01)
    assert not task.done()
    scene.let_go.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert scene.witness.final() == {"a": "cancelled", "b": "cancelled"}


async def test_a_time_limit_ends_a_run_like_a_cancel(scene: Scene) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await run(draw({"a": "checking"}), scene.registry, scene.witness)
    assert scene.witness.final() == {"a": "cancelled"}


async def test_the_last_status_of_every_node_comes_last_and_nobody_is_left_to_say_more(scene: Scene) -> None:
    await scene.cancelled({"a": "talking", "b": "each.same"})
    assert scene.cleaned == ["running"]
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("node")]
    last_heard = dict(scene.witness.heard)
    assert {node: said.get("status") for node, said in last_heard.items()} == scene.witness.final()
    assert not {"waiting", "running"} & {*scene.witness.final().values()}
