"""Failures end their own branch only, and say what went wrong."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from PIL import Image

from tests.workflows.drawing import Nodes, draw
from tests.workflows.small_nodes import small, with_small
from tests.workflows.witness import Witness
from workflows.context import NodeContext
from workflows.engine import NodeError, run
from workflows.errors import Cancelled, MediaError, NodeFailed
from workflows.registry import Registry


async def failed(witness: Witness, registry: Registry, nodes: Nodes, *edges: str) -> NodeError:
    async with asyncio.timeout(20):
        outcome = await run(draw(nodes, *edges), registry, witness)
    assert outcome.state == "failed"
    assert outcome.error is not None
    assert outcome.error.node is not None
    assert witness.nodes[outcome.error.node]["error"] == (outcome.error.code, outcome.error.message)
    assert witness.final()[outcome.error.node] == "failed"
    return outcome.error


@pytest.fixture
def witness() -> Witness:
    return Witness()


async def test_siblings_finish_and_what_hangs_on_the_failed_is_skipped(witness: Witness) -> None:
    nodes: Nodes = {
        "a": "each.same",
        "f": "each.failing",
        "b": "each.same",
        "c": "each.same",
        "d": "list.collect",
        "p": "join.pair",
    }
    error = await failed(
        witness,
        small,
        nodes,
        "a.value > f.value",
        "a.value > b.value",
        "f.value > c.value",
        "f.value > d.item",
        "b.value > p.a",
        "c.value > p.b",
    )
    assert (error.code, error.message, error.node) == ("asked", "As asked.", "f")
    expected = {"a": "completed", "f": "failed", "b": "completed", "c": "skipped", "d": "skipped", "p": "skipped"}
    assert witness.final() == expected


async def test_items_before_the_failure_were_worked_on_and_none_is_collected(witness: Witness) -> None:
    nodes: Nodes = {
        "n": ("stream.count", {"to": 9}),
        "f": ("each.failing", {"at": 3}),
        "s": "each.same",
        "c": "list.collect",
    }
    await failed(witness, small, nodes, "n.item > f.value", "f.value > s.value", "s.value > c.item")
    assert witness.made("s") == [0, 1, 2]
    assert witness.final() == {"n": "completed", "f": "failed", "s": "completed", "c": "skipped"}
    assert witness.edges["e1"] == {"state": "drained", "count": 4}
    assert witness.edges["e2"] == {"state": "completed", "count": 3}


async def test_a_source_that_fails_has_still_sent_what_it_made(witness: Witness) -> None:
    registry = with_small()

    @registry.node("breaking", title="", description="", output="item")
    def breaking() -> Iterator[int]:
        yield 1
        raise ValueError("Enough.")

    error = await failed(witness, registry, {"b": "breaking", "s": "each.same"}, "b.item > s.value")
    assert (error.code, error.message) == ("error", "ValueError: Enough.")
    assert witness.made("s") == [1]


async def test_a_failed_branch_takes_the_node_with_it_that_waits_for_it(witness: Witness) -> None:
    nodes: Nodes = {
        "n": ("stream.count", {"to": 300}),
        "f": ("each.failing", {"at": 5}),
        "p": "join.pair",
        "c": "list.collect",
    }
    await failed(witness, small, nodes, "n.item > f.value", "n.item > p.a", "f.value > p.b", "p.value > c.item")
    assert witness.made("p") == [(n, n) for n in range(5)]
    assert witness.final()["c"] == "skipped"
    assert witness.edges["e2"]["state"] == "drained"


async def test_the_first_of_several_failures_is_the_outcome(witness: Witness) -> None:
    nodes: Nodes = {"w": ("stream.slow", {"to": 2}), "late": ("each.failing", {"at": 1}), "soon": "each.failing"}
    assert (await failed(witness, small, nodes, "w.item > late.value")).node == "soon"
    assert witness.final() == {"w": "completed", "late": "failed", "soon": "failed"}


class SpeechlessError(Exception):
    def __str__(self) -> str:
        raise RuntimeError("not even that")


def recurse() -> None:
    recurse()


def raising(error: BaseException) -> Callable[[], Any]:
    def function() -> Any:
        raise error

    return function


RAISED = [
    (raising(NodeFailed("mine", "In my words.")), "mine", "In my words."),
    (raising(MediaError("No picture.")), "bad_media", "No picture."),
    (raising(KeyError("k")), "error", "KeyError: 'k'"),
    (raising(ValueError()), "error", "ValueError"),
    (raising(MemoryError()), "error", "MemoryError"),
    (raising(KeyboardInterrupt()), "error", "KeyboardInterrupt"),
    (raising(SystemExit(3)), "error", "SystemExit: 3"),
    (raising(StopIteration(1)), "error", None),
    (raising(Cancelled()), "error", "Cancelled"),
    (raising(asyncio.CancelledError()), "error", "CancelledError"),
    (raising(SpeechlessError()), "error", "SpeechlessError"),
    (recurse, "error", "RecursionError: maximum recursion depth exceeded"),
]


@pytest.mark.parametrize("kind", ["thread", "inline", "async", "generator", "async generator"])
@pytest.mark.parametrize(("function", "code", "message"), RAISED)
async def test_whatever_a_node_raises_fails_that_node(
    witness: Witness, kind: str, function: Callable[[], Any], code: str, message: str | None
) -> None:
    registry = with_small()

    def plain() -> int:
        function()
        return 1

    async def waiting() -> int:
        await asyncio.sleep(0)
        function()
        return 1

    def many() -> Iterator[int]:
        yield 1
        function()

    async def many_waiting() -> AsyncIterator[int]:
        yield 1
        function()

    kinds: dict[str, Callable[[], Any]] = {"async": waiting, "generator": many, "async generator": many_waiting}
    registry.node("raise", title="", description="", output="value", inline=kind == "inline")(kinds.get(kind, plain))
    error = await failed(witness, registry, {"a": "raise", "b": "each.same"})
    assert error.code == code
    assert message is None or error.message.startswith(message)
    assert witness.final()["b"] == "completed"


async def test_admins_get_the_traceback_in_bounds(witness: Witness) -> None:
    registry = with_small()

    @registry.node("raise", title="", description="", output="value")
    def fails() -> int:
        raise ValueError("x" * 50_000 + "\x00 the end")

    error = await failed(witness, registry, {"a": "raise"})
    assert len(error.message) == 2_000
    assert len(error.traceback) <= 20_000
    assert error.traceback.endswith("\N{REPLACEMENT CHARACTER} the end\n")
    registry.node("recurse", title="", description="", output="value")(recursing)
    assert "in recursing" in (await failed(Witness(), registry, {"a": "recurse"})).traceback


def recursing() -> int:
    return recursing()


async def test_a_value_that_does_not_fit_fails_the_node_that_takes_it(witness: Witness) -> None:
    nodes: Nodes = {"a": ("each.same", {"value": "no picture"}), "i": "image.flipped"}
    error = await failed(witness, small, nodes, "a.value > i.image")
    assert (error.code, error.node) == ("type_mismatch", "i")
    assert error.message == "“image”: A value of type text came from a port of type any, but image is needed here."


@pytest.mark.parametrize("given", ["text", 5.5, True, None, [1]])
async def test_null_and_other_types_do_not_pass_for_an_integer(witness: Witness, given: object) -> None:
    nodes: Nodes = {"a": ("each.same", {"value": given}), "n": "stream.count"}
    assert (await failed(witness, small, nodes, "a.value > n.to")).code == "type_mismatch"


async def test_a_value_out_of_bounds_fails_the_node_that_takes_it(witness: Witness) -> None:
    nodes: Nodes = {"a": ("each.same", {"value": -1}), "n": "stream.quick"}
    error = await failed(witness, small, nodes, "a.value > n.to")
    assert (error.code, error.message) == ("bad_value", "“to” must be at least 0.")


async def test_a_node_that_makes_what_it_does_not_declare_fails(witness: Witness) -> None:
    registry = with_small()

    @registry.node("lie", title="", description="", output="image")
    def lie() -> Image.Image:
        return "not a picture"  # type: ignore[return-value]

    error = await failed(witness, registry, {"a": "lie"})
    assert error.code == "type_mismatch"
    assert error.message == "A value of type text was made for “image”, which is of type image."


@pytest.mark.parametrize("result", [None, {"other": 1}, {1: 1}, "value"])
async def test_a_node_that_sends_outputs_it_does_not_have_fails(witness: Witness, result: Any) -> None:
    registry = with_small()

    @registry.node("odd", title="", description="", outputs={"value": "any"})
    def odd() -> Any:
        return result

    assert (await failed(witness, registry, {"a": "odd"})).code == "type_mismatch"


async def test_an_output_that_does_not_stream_sends_once_a_call(witness: Witness) -> None:
    registry = with_small()

    @registry.node("twice", title="", description="", outputs={"value": "any"})
    def twice() -> Iterator[dict[str, int]]:
        yield {"value": 1}
        yield {"value": 2}

    assert (await failed(witness, registry, {"a": "twice"})).code == "type_mismatch"
    assert witness.made("a") == [1]


async def test_an_asset_that_is_gone_fails_the_node_that_names_it(witness: Witness) -> None:
    gone = {"asset": "0b2c1f6e-93a4-4f0e-8b57-2f60f1f7a9c1"}
    error = await failed(witness, small, {"a": ("input.image", {"name": "p", "value": gone})})
    assert (error.code, witness.statuses["a"]) == ("missing_asset", ["waiting", "failed"])


async def test_the_host_may_refuse_a_product(witness: Witness) -> None:
    def refuse(node: str, value: object) -> None:
        if value == 2:
            raise NodeFailed("too_much_output", "This job has made more than it may.")

    witness.on_product = refuse
    nodes: Nodes = {"n": ("stream.count", {"to": 5}), "s": "each.same"}
    error = await failed(witness, small, nodes, "n.item > s.value")
    assert (error.code, error.node) == ("too_much_output", "n")
    assert witness.made("s") == [0, 1]


async def test_an_error_of_the_hosts_own_ends_the_run(witness: Witness) -> None:
    closed = asyncio.Event()

    def break_down(node: str, value: object) -> None:
        raise ConnectionError("The database is away.")

    registry = with_small()

    @registry.node("wait", title="", description="", output="value")
    async def wait(context: NodeContext) -> int:
        try:
            await context.sleep(60)
        finally:
            closed.set()
        return 1

    witness.on_product = break_down
    with pytest.raises(ConnectionError):
        await run(draw({"a": "each.same", "b": "each.same", "w": "wait"}, "a.value > b.value"), registry, witness)
    assert witness.final() == {"a": "cancelled", "b": "skipped", "w": "cancelled"}
    assert closed.is_set()


async def test_a_generator_is_closed_when_what_it_made_cannot_be_sent(witness: Witness) -> None:
    closed = []
    registry = with_small()

    @registry.node("lie", title="", description="", output="value")
    def lie() -> Iterator[int]:
        try:
            yield "text"  # type: ignore[misc]
        finally:
            closed.append("sync")

    @registry.node("lie.async", title="", description="", output="value")
    async def lie_async() -> AsyncIterator[int]:
        try:
            yield "text"  # type: ignore[misc]
        finally:
            closed.append("async")

    await failed(witness, registry, {"a": "lie", "b": "lie.async"})
    assert sorted(closed) == ["async", "sync"]
